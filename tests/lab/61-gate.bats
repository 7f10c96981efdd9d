#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# The gate: whoever has a node of the card open is named by process, unit and node, in the sandbox of the real units, and
# the card is not touched.

load stage
load refusal

setup_file() {
	stage_up dual
	monitor_up
	install_demo
	remember "$GPU"
}

teardown_file() {
	stage_down
}

setup() {
	begin_journal
}

teardown() {
	stage_keep
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		l1sh 'systemctl stop "lab-*.service" vxm-guest@demo.service
			systemctl reset-failed' || :
	fi
}

# node PLACE: the name of the first node at that place below a PCI function.
node() {
	l1sh 'ls -d /sys/bus/pci/devices/$1 | sed -n "1s|.*/||p"' "$1"
}

# held BDF NODE: a service that has the node open is named, and the guest's start is refused by the check.
held() {
	l1 systemd-run -q --unit=lab-holder -p "StandardInput=file:$2" sleep infinity
	refused demo "^vxm-isolate demo: $1 is held by sleep \(pid [0-9]+, lab-holder\.service\) through $2: systemctl stop lab-holder\.service.*Nothing was changed\.$"
	l1 systemctl stop lab-holder.service
}

@test "a process that has the card's DRM node is named, and nothing moves" {
	held 0000:01:00.0 "/dev/dri/$(node "$GPU/drm/card*")"
}

@test "a process that has its sound is named, and nothing moves" {
	held 0000:01:00.1 "/dev/snd/$(node "$AUDIO/sound/card*/controlC*")"
}

@test "a process that has its i2c bus is named, and nothing moves" {
	local bus
	# The simulated monitor on the second card: QEMU's has no bus of its own.
	bus=$(l1sh 'rmmod vxm_monitor
		insmod /payload/vxm_monitor.ko parent="$1" \
			edid="$(cat /sys/bus/pci/devices/0000:00:01.0/drm/card*/card*-*/edid | od -An -v -tx1 | tr -d " \n")"
		modprobe i2c-dev; udevadm settle
		ls -d "/sys/bus/pci/devices/$1/"i2c-*/i2c-dev/i2c-* | sed "s|.*/||"' "$GPU")
	held 0000:01:00.0 "/dev/$bus"
	l1 rmmod vxm_monitor
	monitor_up
}

@test "a poller that has the node for a moment, again and again, is seen in the window" {
	local path line
	path="/dev/dri/$(node "$GPU/drm/card*")"
	l1 systemd-run -q --unit=lab-poller bash --norc -c "while :; do sleep 0.1 <$path; sleep 0.5; done"
	run l1 systemctl start vxm-guest@demo.service
	[ "$status" -ne 0 ]
	settle 60
	line=$(errors demo)
	echo "said: $line"
	grep -E "is held by .*lab-poller\.service\) through $path|$path is opened and closed all the time" <<<"$line"
	l1 systemctl stop lab-poller.service
	l1 systemctl reset-failed
	untouched
}

@test "with nobody there the card moves, and comes back" {
	start_demo
	l1sh 'readlink "/sys/bus/pci/devices/$1/driver" | grep vfio-pci' "$GPU"
	kill_demo
	l1 systemctl reset-failed
	l1sh 'readlink "/sys/bus/pci/devices/$1/driver" | grep -v vfio-pci' "$GPU"
}
