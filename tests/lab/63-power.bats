#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# BAR=, Reset= and Power= on a real kernel, with a function that has a function-level reset and several ways to reset it:
# QEMU's igb, given to the guest beside the card. QEMU emulates no device with the Resizable BAR capability, so that a BAR
# is resized and put back is shown on the fake kernel alone (tests/helpers/tuning.bats).

load stage
load refusal

NIC=0000:02:00.0
PORT=0000:00:04.0

setup_file() {
	stage_up sriov
	monitor_up
	install_demo
	# Its power/control stays "on", as it is by default: an igb without a link suspends itself on "auto", and answers then
	# neither a fingerprint nor sriov_numvfs as it does awake. That "auto" is put back, 20-restore shows with the card.
	methods >"$BATS_FILE_TMPDIR/methods"
	# The same ones the other way round: a list that is not there by itself.
	configure_more demo 90-nic <<-END
		[Guest]
		Shutdown=5

		[PCI nic]
		Device=$NIC
		Identity=8086:10c9
		Reset=$(tr ' ' '\n' <"$BATS_FILE_TMPDIR/methods" | tac | tr '\n' ' ')
		Power=on
	END
	fingerprint before
}

teardown_file() {
	stage_down
}

setup() {
	begin_journal
}

teardown() {
	stage_keep
}

methods() {
	l1 cat "/sys/bus/pci/devices/$NIC/reset_method"
}

# power FUNCTION: its power/control and d3cold_allowed.
power() {
	l1sh 'cd "/sys/bus/pci/devices/$1"; echo $(cat power/control d3cold_allowed)' "$1"
}

@test "the function has a function-level reset, more ways than that, and no BAR that can be resized" {
	cat "$BATS_FILE_TMPDIR/methods"
	grep -wq flr "$BATS_FILE_TMPDIR/methods"
	[ "$(wc -w <"$BATS_FILE_TMPDIR/methods")" -ge 2 ]
	[ -z "$(l1sh 'shopt -s nullglob; echo /sys/bus/pci/devices/*/resource*_resize')" ]
}

@test "ways to reset and power are the configured ones while the guest has the function" {
	start_demo
	[ "$(l1sh 'basename "$(readlink "/sys/bus/pci/devices/$1/driver")"' "$NIC")" = vfio-pci ]
	[ "$(methods)" = "$(tr ' ' '\n' <"$BATS_FILE_TMPDIR/methods" | tac | xargs)" ]
	[ "$(power "$NIC")" = "on 0" ]
	[ "$(power "$PORT")" = "on 0" ]
}

@test "afterwards they are as before" {
	kill_demo
	l1 systemctl reset-failed
	fingerprint after
	same before after
	[ "$(methods)" = "$(cat "$BATS_FILE_TMPDIR/methods")" ]
	[ -z "$(errors demo)" ]
}

@test "a card with Release=keep stays on vfio-pci, is started again from there, and goes back when told to" {
	configure_more demo 95-keep <<-END
		[GPU]
		Release=keep
	END
	for _ in 1 2; do
		start_demo
		kill_demo
		l1 systemctl reset-failed
		[ "$(l1sh 'basename "$(readlink "/sys/bus/pci/devices/$1/driver")"' "$GPU")" = vfio-pci ]
		l1sh 'shopt -s nullglob; cards=("/sys/bus/pci/devices/$1/drm/card"*); [ "${#cards[@]}" -eq 0 ]' "$GPU"
		[ "$(l1sh 'stat -c %U /dev/vfio/[0-9]*')" = root ]
	done
	l1 vxm-isolate stop demo --release
	unconfigure_more demo 95-keep
	fingerprint after
	same before after
}

@test "a way to reset that it does not offer, by name" {
	# The card has moved since the boot, and has new nodes.
	remember "$GPU"
	refused_with demo "Reset=: $NIC offers no acpi: its reset_method is \"flr" <<-END
		[PCI nic]
		Reset=flr acpi
	END
}

@test "a size of a BAR that cannot be resized, by name" {
	remember "$GPU"
	refused_with demo "BAR=: BAR 0 of $NIC cannot be resized: there is no resource0_resize" <<-END
		[PCI nic]
		BAR=0:16M
	END
}

@test "a physical function that has virtual ones, by name" {
	remember "$GPU"
	l1sh 'echo 2 >"/sys/bus/pci/devices/$1/sriov_numvfs"' "$NIC"
	settle 60
	refused demo "$NIC has 2 virtual functions \(SR-IOV\), .*sriov_numvfs"
	# Who reads sriov_numvfs waits for the device's lock, and here it is held (see 66-stuck).
	l1sh 'insmod /payload/vxm_stuck.ko "device=$1"
		status=0
		timeout --signal=KILL 120 vxm list-gpus >/run/lab-gpus || status=$?
		timeout --signal=KILL 120 vxm record /run/lab-record >&2 || status=$?
		rmmod vxm_stuck
		ls /run/lab-record/sys/bus/pci/devices/$1/
		rm -r /run/lab-gpus /run/lab-record
		exit $status' "$NIC"
	l1sh 'echo 0 >"/sys/bus/pci/devices/$1/sriov_numvfs"' "$NIC"
	fingerprint after
	same before after
}
