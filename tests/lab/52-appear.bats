#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# A prepared guest's card that comes while the host's drivers are loaded: the kernel may bind it before udev is asked, and it
# is isolated all the same. And a card that is hidden from the desktop.

load stage

setup_file() {
	stage_up dual
	configure demo <<-END
		[Guest]
		Memory=128M
		Hugepages=no
		TPM=no
		[GPU]
		Device=$GPU
		Identity=1234:1111
		[PCI]
		Device=$AUDIO
		Identity=8086:2668
	END
	l1 systemctl enable --now vxm-prepare@demo.target
}

teardown_file() {
	stage_down
}

teardown() {
	stage_keep
}

driver_of() {
	l1sh 'basename "$(readlink "/sys/bus/pci/devices/$1/driver")"' "$1"
}

# pull, plug: the card goes and comes, for the kernel.
pull() {
	l1sh 'echo 1 >"/sys/bus/pci/devices/$2/remove"; echo 1 >"/sys/bus/pci/devices/$1/remove"; udevadm settle' "$GPU" "$AUDIO"
	l1sh 'test ! -e "/sys/bus/pci/devices/$1"' "$GPU"
}

plug() {
	l1sh 'echo 1 >/sys/bus/pci/rescan; udevadm settle'
	settle 300
}

# plug_before_udev: the kernel announces a function before it looks for its driver, so udev's rules can be first to it, or
# second. Here they are second.
plug_before_udev() {
	l1sh 'udevadm control --stop-exec-queue
		echo 1 >/sys/bus/pci/rescan
		basename "$(readlink "/sys/bus/pci/devices/$1/driver")"
		basename "$(readlink "/sys/bus/pci/devices/$2/driver")"
		udevadm control --start-exec-queue
		udevadm settle' "$GPU" "$AUDIO"
	settle 300
}

@test "a card that is pulled and plugged while it is held ready is isolated again" {
	[ "$(driver_of "$GPU")" = vfio-pci ]
	pull
	[ "$(plug_before_udev)" = $'bochs-drm\nsnd_hda_intel' ]
	l1sh 'journalctl -b -o cat -u vxm-appear@demo.service | grep -F "$1: bochs-drm -> vfio-pci"' "$GPU"
	l1sh 'journalctl -b -o cat -u vxm-appear@demo.service | grep -F "$1: snd_hda_intel -> vfio-pci"' "$AUDIO"
	[ "$(driver_of "$GPU")" = vfio-pci ]
	[ "$(driver_of "$AUDIO")" = vfio-pci ]
	[ "$(property vxm-prepare@demo.target ActiveState)" = active ]
	[ "$(l1 systemctl is-system-running)" = running ]
}

@test "it goes back to the host when the target is stopped" {
	l1 systemctl stop vxm-prepare@demo.target
	settle 120
	[ "$(driver_of "$GPU")" = bochs-drm ]
	[ "$(driver_of "$AUDIO")" = snd_hda_intel ]
	l1sh 'test ! -e /run/vxm/demo'
}

@test "a replay of udev's events does not take it from an admin who has stopped the target" {
	l1sh 'udevadm trigger --settle --action=add --subsystem-match=pci; udevadm trigger --settle --subsystem-match=pci'
	settle 120
	[ "$(driver_of "$GPU")" = bochs-drm ]
	[ "$(property vxm-prepare@demo.target ActiveState)" = inactive ]
}

@test "a card that was not there when the target was to be reached is isolated when it appears" {
	pull
	l1 systemctl daemon-reload
	run l1 systemctl start vxm-prepare@demo.target
	[ "$status" -ne 0 ]
	l1 systemctl reset-failed
	plug
	[ "$(driver_of "$GPU")" = vfio-pci ]
	[ "$(driver_of "$AUDIO")" = vfio-pci ]
	[ "$(property vxm-prepare@demo.target ActiveState)" = active ]
}

@test "another device at its address is not isolated" {
	l1 systemctl stop vxm-prepare@demo.target
	settle 120
	pull
	l1sh 'sed -i "s/1234:1111/1234:1112/" /etc/vxm/prepared/demo /etc/vxm/guests/demo.conf; systemctl daemon-reload
		touch /etc/vxm/prepared/demo'
	plug
	[ "$(driver_of "$GPU")" = bochs-drm ]
	[ "$(property vxm-prepare@demo.target ActiveState)" = inactive ]
	# Nor would it be if udev's rules were first to it.
	l1sh 'echo "$1" >"/sys/bus/pci/devices/$1/driver/unbind"
		udevadm trigger --settle --action=add "/sys/bus/pci/devices/$1"' "$GPU"
	[ "$(l1 cat "/sys/bus/pci/devices/$GPU/driver_override")" = "(null)" ]
	l1sh 'echo "$1" >/sys/bus/pci/drivers_probe' "$GPU"
	[ "$(driver_of "$GPU")" = bochs-drm ]
	# Its audio is the one on record and was asked for, and the guest refused.
	l1sh 'vxm-isolate stop demo; systemctl reset-failed
		sed -i "s/1234:1112/1234:1111/" /etc/vxm/prepared/demo /etc/vxm/guests/demo.conf; systemctl daemon-reload'
}

# tags ADDRESS: the tags that udev has for the card's node now.
tags() {
	l1sh 'udevadm info -q property /sys/bus/pci/devices/"$1"/drm/card* | sed -n "s/^CURRENT_TAGS=//p"' "$1"
}

@test "a card with Session=hide is of no seat when it comes back to the host, and no other card is concerned" {
	[[ $(tags "$GPU") == *:seat:* && $(tags "$GPU") == *:master-of-seat:* ]]
	configure_more demo hide <<<$'[GPU]\nSession=hide'
	pull
	plug
	l1 systemctl stop vxm-prepare@demo.target
	settle 120
	[ "$(driver_of "$GPU")" = bochs-drm ]
	[[ $(tags "$GPU") != *:seat:* && $(tags "$GPU") != *master-of-seat* && $(tags "$GPU") != *uaccess* ]]
	# What an X server that asks no logind looks at.
	l1sh 'udevadm info -q property /sys/bus/pci/devices/"$1"/drm/card* | grep -qx ID_SEAT=seat-vxm' "$GPU"
	[[ $(tags 0000:00:01.0) == *:seat:* && $(tags 0000:00:01.0) == *:uaccess:* ]]
	# What logind says: the card is on no seat, and there is one seat.
	l1 loginctl seat-status seat0 >"$BATS_TEST_TMPDIR/seat"
	grep -q 'drm:card' "$BATS_TEST_TMPDIR/seat"
	run l1sh 'grep -F "$(basename /sys/bus/pci/devices/"$1"/drm/card*)"' "$GPU" <"$BATS_TEST_TMPDIR/seat"
	[ "$status" -eq 1 ]
	[ "$(l1 loginctl --no-legend list-seats | wc -l)" -eq 1 ]
	unconfigure_more demo hide
}
