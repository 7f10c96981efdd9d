#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell to shellcheck, and nothing is meant to leave it; since is begin_journal's
# Who holds the card is asked to let go of it (Session=release, Services=), by the real udev and the real systemd, from
# the helper's real sandbox: a session that follows udev's events, one that does not, and a service that holds the
# card, also over a helper that is killed in between.

load stage
load refusal

setup_file() {
	local card
	stage_up dual
	monitor_up
	install_demo
	card=$(l1sh 'ls "/sys/bus/pci/devices/$1/drm" | grep card' "$GPU")
	# The service that the admin lists holds the card, and knows nothing of udev's events.
	l1sh 'printf "[Service]\nType=notify\nNotifyAccess=all\nExecStart=/payload/bin/drmhold /dev/dri/%s ignore\n" "$1" \
			>/run/systemd/system/lab-persistence.service
		for way in follows ignores; do
			printf "[Service]\nType=notify\nNotifyAccess=all\nExecStart=/payload/bin/drmhold /dev/dri/%s %s\n" "$1" \
				"${way%s}" >"/run/systemd/system/lab-$way.service"
		done' "$card"
	configure_more demo 62-release <<-END
		[GPU]
		Session=release
		Services=lab-persistence.service lab-absent.service
	END
	l1 systemctl start lab-persistence.service
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
		l1sh 'systemctl stop vxm-prepare@demo.target lab-follows lab-ignores; systemctl reset-failed' || :
	fi
}

driver_of() {
	l1sh 'basename "$(readlink "/sys/bus/pci/devices/$1/driver")"' "$1"
}

# events UNIT: what the program in that unit has seen since the test's begin, on one line.
events() {
	l1sh 'journalctl --sync
		journalctl --since="$1" -q -o cat "_SYSTEMD_UNIT=$2" | grep -oE "^(add|remove) /dev/dri/" | cut -d" " -f1 | tr "\n" " "' \
		"$since" "$1"
}

# The inodes of the card's driver link and of its DRM node in sysfs: another driver, or the same one bound again, has others.
bound() {
	l1sh 'stat -c "%N %i" "/sys/bus/pci/devices/$1/driver" "/sys/bus/pci/devices/$1/drm/"card*' "$GPU"
}

@test "the session lets go of the card, the service is stopped; both have it again afterwards" {
	local pid
	l1 systemctl start lab-follows.service
	fingerprint before
	pid=$(property lab-follows.service MainPID)
	l1 systemctl start vxm-prepare@demo.target
	[ "$(driver_of "$GPU")" = vfio-pci ]
	[ "$(property lab-persistence.service ActiveState)" = inactive ]
	l1sh 'cat /run/vxm/demo/release; journalctl -q -o cat -u vxm-isolate@demo.service -u vxm-check@demo.service' |
		tee /dev/stderr | grep 'asks it to let go (Session=release)'
	l1 systemctl stop vxm-prepare@demo.target
	settle 60 lab-persistence.service active
	[ "$(driver_of "$GPU")" = bochs-drm ]
	# It has lived through all of this: ours, then the kernel's when the node really went, and then it came.
	[ "$(property lab-follows.service MainPID)" = "$pid" ]
	[ "$(events lab-follows.service)" = "remove remove add " ]
	fingerprint after
	same before after
	l1 systemctl stop lab-follows.service
}

@test "a session that ignores it is named, hears that the card is back, and nothing has moved" {
	local before line
	l1 systemctl start lab-ignores.service
	before=$(bound)
	run l1 systemctl start vxm-guest@demo.service
	[ "$status" -ne 0 ]
	settle 60 lab-persistence.service active
	line=$(errors demo)
	echo "said: $line"
	[ "$(wc -l <<<"$line")" -eq 1 ]
	grep -E "$GPU is held by drmhold \(pid [0-9]+, lab-ignores\.service\) through /dev/dri/card[0-9]+:.*Nothing was changed\.$" <<<"$line"
	[ "$(events lab-ignores.service)" = "remove add " ]
	[ "$(bound)" = "$before" ]
	l1 test ! -e /run/vxm/demo/release
	# udev knows the node again: its link by path is there.
	l1 test -e "/dev/dri/by-path/pci-$GPU-card"
	l1 systemctl reset-failed
	l1 systemctl stop lab-ignores.service
}

@test "killed while it waits for the session: the service runs again, the session hears that the card is back" {
	local before
	l1 systemctl start lab-ignores.service
	before=$(bound)
	l1sh 'coproc follow { journalctl -f -n 0 -o cat -u vxm-isolate@demo.service; }
		systemctl start --no-block vxm-prepare@demo.target
		grep -m 1 "is asked to let go of it" <&"${follow[0]}"
		systemctl kill --kill-whom=main -s KILL vxm-isolate@demo.service
		kill "$follow_PID"'
	settle 60 lab-persistence.service active vxm-isolate@demo.service gone
	[ "$(property vxm-isolate@demo.service Result)" = signal ]
	[ "$(events lab-ignores.service)" = "remove add " ]
	[ "$(bound)" = "$before" ]
	l1 test ! -e /run/vxm/demo/release
	l1 systemctl reset-failed
	l1 systemctl stop lab-ignores.service
}
