#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The same hand-over again and again: the machine is the same after each, and nothing grows. See programs/cycles for what is
# compared, how often, and with which bounds.

load stage

setup_file() {
	stage_up dual
	monitor_up
	install_demo
	# Stopping a guest that has no system yet to hear the power button takes as long as this allows.
	configure_more demo 90-quick <<-END
		[Guest]
		Shutdown=5
	END
	# As the unit of isolate wants it.
	l1 systemctl start modprobe@vfio_pci.service
}

teardown_file() {
	stage_down
}

teardown() {
	stage_keep
}

# measured SECONDS ARGUMENT...: see programs/cycles; what it measured is shown.
measured() {
	L1_TIMEOUT=$1 l1 /payload/bin/cycles "${@:2}" >"$BATS_TEST_TMPDIR/measured"
	sed "s/^/# /" "$BATS_TEST_TMPDIR/measured" >&3
}

@test "what is left behind, or said, or grows, is seen" {
	run l1 /payload/bin/cycles 1 1 'vxm-hugepages start demo'
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"hugepages node0 hugepages-2048kB nr_hugepages: was 0, is 256"* ]]
	l1 vxm-hugepages stop demo
	l1sh 'echo "<4>lab: a warning" >/run/lab-warning'
	run l1 /payload/bin/cycles 1 1 'cp /run/lab-warning /dev/kmsg'
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"the kernel warned: lab: a warning"* ]]
	# 19 MiB of semaphores, which no field of the fingerprint has.
	l1sh 'printf "%s\n" "#!/bin/bash" "for i in {1..150}; do ipcmk -S 2000; done" >/run/lab-grow; chmod +x /run/lab-grow'
	run l1 /payload/bin/cycles 2 1 /run/lab-grow
	l1 ipcrm --all=sem
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"2 cycles in "*"slabs: "*"something grew"* ]]
}

@test "200 starts and stops of isolate and hugepages" {
	measured 3000 "${VXM_CYCLES:-200}" 20 'vxm-hugepages start demo' 'vxm-isolate start demo' \
		'vxm-isolate stop demo' 'vxm-hugepages stop demo'
}

@test "5 starts and stops of a whole guest" {
	# vxm-check@ wants both of KVM's modules, and one is not this processor's.
	measured 1500 --but '^kvm_intel: VMX not supported by CPU' 5 1 'systemctl start vxm-guest@demo.service' \
		'systemctl stop vxm-guest@demo.service' '/payload/bin/settle 120 vxm-guest@demo.service gone'
}
