#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# The main job, from a person's `systemctl start` to the card back on its driver: what the guest has, what it has not,
# and whose the keys are. One workstation and one guest for all tests here, in this order.

load stage

setup_file() {
	stage_up dual
	monitor_up
	install_demo
	fingerprint before
}

teardown_file() {
	stage_down
}

teardown() {
	stage_keep
}

# --- starting ----------------------------------------------------------------------------------------------------------

@test "the card shows nothing of the guest's before the start" {
	[ "$(l1 readlink "/sys/bus/pci/devices/$GPU/driver")" = ../../../../bus/pci/drivers/bochs-drm ]
}

@test "a member of the group vxm starts the guest" {
	# From the start on, so that no line of the guest's is missed.
	alice systemctl start vxm-guest@demo.service
	[ "$(property vxm-guest@demo.service ActiveState)" = active ]
	await_guest
}

# --- what the guest has ------------------------------------------------------------------------------------------------

@test "the guest sees the card and its audio function by vendor and device" {
	l1sh 'guestline log | grep -E "^pci .* 1234:1111 class 0300 "'
	l1sh 'guestline log | grep -E "^pci .* 8086:2668 class 0403 "'
}

@test "card and audio are functions of one slot in the guest, with the numbers they have on the host" {
	local card
	card=$(l1sh 'guestline log | sed -n "s/^pci \(.*\)\.0 1234:1111 .*/\1/p"')
	[ -n "$card" ]
	l1sh 'guestline log | grep -F "pci $1.1 8086:2668 "' "$card"
}

@test "the guest's own drivers run the card and its audio, which answers by DMA" {
	l1sh 'guestline log | grep -E "^pci .* 1234:1111 class 0300 driver bochs-drm$"'
	l1sh 'guestline log | grep -E "^sound codec 0x"'
}

@test "a colour of this run, told to the guest, is on the second card and not on the boot GPU" {
	local colour
	colour=$(printf '#%06x' $((RANDOM % 256 * 65536 + RANDOM % 256 * 256 + RANDOM % 256)))
	echo "colour $colour"
	[ "$(pixel dgpu)" != "$colour" ]
	[[ $(ask "colour $colour") == "ok colour $colour "* ]]
	[ "$(pixel dgpu)" = "$colour" ]
	[ "$(pixel hgpu)" != "$colour" ]
}

@test "the guest's shared memory is the host's file, both ways" {
	local word="from-the-guest-$RANDOM$RANDOM" back="from-the-host-$RANDOM$RANDOM"
	[ "$(ask "shm-write $word")" = "ok shm-write $word" ]
	[ "$(l1sh 'head -c "$1" /dev/shm/looking-glass-demo' ${#word})" = "$word" ]
	l1sh 'printf "%s\0" "$1" | dd of=/dev/shm/looking-glass-demo conv=notrunc,nocreat status=none' "$back"
	[ "$(ask shm-read)" = "ok shm-read $back" ]
	[ "$(l1 stat -c '%U %s' /dev/shm/looking-glass-demo)" = "vxm 33554432" ]
}

@test "the monitor shows the guest's input" {
	settle 60 vxm-display@demo.service active
	[ "$(monitor_input)" = 17 ]
}

# --- what QEMU is ------------------------------------------------------------------------------------------------------

qemu_pid() {
	property vxm-guest@demo.service MainPID
}

@test "QEMU holds the vfio group of the card" {
	l1sh 'group=$(basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")")
		find "/proc/$2/fd" -lname "/dev/vfio/$group" | grep .' "$GPU" "$(qemu_pid)"
}

@test "QEMU runs as the user vxm, in vxm.slice" {
	local uid
	uid=$(l1 id -u vxm)
	[ "$(l1sh 'sed -n "s/^Uid:\s*//p" "/proc/$1/status"' "$(qemu_pid)")" = "$uid	$uid	$uid	$uid" ]
	l1sh 'readlink "/proc/$1/exe" | grep qemu-system' "$(qemu_pid)"
	l1sh 'grep -q "^0::/vxm.slice/" "/proc/$1/cgroup"' "$(qemu_pid)"
}

@test "QEMU has no capability, and cannot gain one" {
	local set
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		l1sh 'grep -E "^$2:\s0000000000000000$" "/proc/$1/status"' "$(qemu_pid)" "$set"
	done
	l1sh 'grep -E "^NoNewPrivs:\s1$" "/proc/$1/status"' "$(qemu_pid)"
	l1sh 'grep -E "^Seccomp:\s2$" "/proc/$1/status"' "$(qemu_pid)"
}

@test "the guest's memory is in huge pages, all of it" {
	l1sh 'awk "/^Private_Hugetlb:|^Shared_Hugetlb:/ { sum += \$2 } END { exit sum != 512 * 1024 }" "/proc/$1/smaps"' \
		"$(qemu_pid)"
}

# --- who may open what -------------------------------------------------------------------------------------------------

# The nodes of the guest's configuration, as the kernel numbers them today.
configured_nodes() {
	l1sh 'echo "/dev/vfio/$(basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")")"
		for name in /sys/class/input/event*/device/name; do
			case $(cat "$name") in
			"QEMU Virtio Keyboard" | "QEMU Virtio Mouse")
				node=${name#/sys/class/input/}
				echo "/dev/input/${node%%/*}" ;;
			esac
		done' "$GPU" | sort
}

# may_open USER GROUP: what a process of that user alone can open, beyond what nobody can.
may_open() {
	l1sh 'setpriv --reuid "$1" --regid "$2" --clear-groups openable >/run/lab-opened
		setpriv --reuid nobody --regid nogroup --clear-groups openable >/run/lab-everybody
		comm -23 /run/lab-opened /run/lab-everybody' "$1" "$2" | sort
}

@test "the user vxm can open the configured nodes and no other" {
	local nodes
	nodes=$(configured_nodes)
	echo "configured: $nodes"
	[ "$(wc -l <<<"$nodes")" -eq 3 ]
	diff <(echo "$nodes") <(may_open vxm vxm-qemu)
}

@test "a process in QEMU's place can open the configured nodes, KVM, and what everybody can" {
	local opened
	# With QEMU's groups, in QEMU's control group: its device rules hold as well as the modes of files.
	opened=$(l1sh 'groups=$(sed -n "s/^Groups:\s*//p" "/proc/$1/status" | sed "s/ *$//; s/ /,/g")
		echo $$ >"/sys/fs/cgroup$(sed -n "s/^0:://p" "/proc/$1/cgroup")/cgroup.procs"
		setpriv --reuid vxm --regid vxm-qemu --groups "$groups" openable' "$(qemu_pid)")
	echo "$opened"
	diff <(configured_nodes) <(grep -vxE '/dev/(kvm|vfio/vfio|null|zero|full|random|urandom|tty|ptmx|pts/ptmx)' \
		<<<"$opened" | sort)
	grep -x /dev/kvm <<<"$opened"
}

@test "a member of the group vxm can open no vfio, input or disk node of the guest's" {
	local node
	for node in $(configured_nodes) /var/lib/vxm/demo/system.img /dev/shm/looking-glass-demo; do
		l1 test -e "$node"
		run alice sh -c 'exec 3<"$1"' sh "$node"
		echo "$output"
		[ "$status" -ne 0 ]
		[[ $output == *"Permission denied"* ]]
	done
}

@test "a member of the group vxm cannot talk to the guest's QMP" {
	local socket
	for socket in qmp-control qmp-events serial; do
		l1 test -S "/run/vxm/demo/qemu/$socket.sock"
		run alice python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "/run/vxm/demo/qemu/$socket.sock"
		[ "$status" -ne 0 ]
		[[ $output == *"PermissionError"* ]]
	done
}

@test "a member of the group vxm can start no other unit, and not kill or change the guest's" {
	run alice systemctl --no-ask-password start vxm-isolate@demo.service
	[ "$status" -ne 0 ]
	run alice systemctl --no-ask-password stop ssh.service
	[ "$status" -ne 0 ]
	run alice systemctl --no-ask-password kill vxm-guest@demo.service
	[ "$status" -ne 0 ]
	run alice systemctl --no-ask-password set-property --runtime vxm-guest@demo.service CPUWeight=10
	[ "$status" -ne 0 ]
	[ "$(property vxm-guest@demo.service ActiveState)" = active ]
}

@test "somebody who is not in the group vxm cannot stop the guest" {
	run l1 setpriv --reuid nobody --regid nogroup --clear-groups systemctl --no-ask-password stop \
		vxm-guest@demo.service
	[ "$status" -ne 0 ]
	[ "$(property vxm-guest@demo.service ActiveState)" = active ]
}

# --- keys --------------------------------------------------------------------------------------------------------------

# key NAME: pressed and let go on the workstation's keyboard.
key() {
	"$LAB" key "$RUN" "$1"
}

# What came before has arrived where it arrives once the guest has answered.
guest_has() {
	ask ping >/dev/null
	l1sh 'guestline log | grep -xF "$1"' "$1"
}

@test "a key goes to the host first" {
	l1 /payload/bin/hostkeys listen
	key a
	l1 /payload/bin/hostkeys wait 20 30 0
	run guest_has "key KEY_A 1"
	[ "$status" -eq 1 ]
}

@test "after both Ctrl keys a key goes to the guest, and not to the host" {
	key ctrl-ctrl_r
	l1 /payload/bin/hostkeys wait 20 97 0
	key b
	l1 /payload/bin/guestline wait 20 'key KEY_B 0'
	guest_has "key KEY_B 1"
	[ "$(l1 /payload/bin/hostkeys count 48 1)" -eq 0 ]
}

@test "after both Ctrl keys again a key goes to the host, and not to the guest" {
	key ctrl-ctrl_r
	key c
	l1 /payload/bin/hostkeys wait 20 46 0
	run guest_has "key KEY_C 1"
	[ "$status" -eq 1 ]
}

@test "no key is left pressed in the guest" {
	[ "$(ask keys-state)" = "ok keys-state none" ]
}

# --- restart -----------------------------------------------------------------------------------------------------------

@test "a restart keeps card, pages and nodes, and what the TPM was told" {
	local secret="sealed-$RANDOM$RANDOM" kept unit
	[ "$(ask "nv-write $secret")" = "ok nv-write $secret" ]
	kept=$(for unit in isolate hugepages access; do property "vxm-$unit@demo.service" InvocationID; done)
	alice systemctl restart vxm-guest@demo.service
	await_guest
	[ "$(for unit in isolate hugepages access; do property "vxm-$unit@demo.service" InvocationID; done)" = "$kept" ]
	[ "$(ask nv-read)" = "ok nv-read $secret" ]
}

@test "after the restart the monitor shows the guest's input" {
	settle 60 vxm-display@demo.service active
	[ "$(monitor_input)" = 17 ]
}

# The guest's card may have its first picture only when the monitor has already given up on it.
@test "a monitor that falls back to the host's input, for the guest's has no signal yet, is set again until it stays" {
	local before
	before=$(monitor_writes)
	l1 systemctl stop vxm-display@demo.service
	[ "$(monitor_input)" = 15 ]
	l1sh 'echo 2 >/sys/kernel/debug/vxm_monitor/falls_back
		systemctl start vxm-display@demo.service'
	[ "$(monitor_input)" = 17 ]
	[ "$(monitor_writes)" -eq $((before + 4)) ]
	l1sh 'journalctl -b -o cat -u vxm-display@demo.service | grep -E "input 0x0f -> 0x11 \(set 3 times: "'
}

@test "a monitor that says no the first times is set again" {
	l1sh 'systemctl stop vxm-display@demo.service
		echo 2 >/sys/kernel/debug/vxm_monitor/ignore_first
		systemctl start vxm-display@demo.service'
	[ "$(monitor_input)" = 17 ]
}

# --- stopping ----------------------------------------------------------------------------------------------------------

@test "a member of the group vxm stops the guest, which shuts down in order" {
	alice systemctl stop vxm-guest@demo.service
	l1sh 'guestline log | grep -x "button power"'
	l1sh 'guestline log | grep -x "VXM-GUEST POWEROFF"'
	[ "$(property vxm-guest@demo.service Result)" = success ]
}

@test "after the stop everything is as it was before the start" {
	fingerprint after
	same before after
}

@test "after the stop the user vxm can open nothing" {
	[ -z "$(may_open vxm vxm-qemu)" ]
}

@test "after the stop the TPM's state and the UEFI variables are still there" {
	l1 test -s /var/lib/vxm/demo/tpm/tpm2-00.permall
	l1 test -s /var/lib/vxm/demo/OVMF_VARS.fd
}

@test "the kernel saw no DMA that it did not allow" {
	run l1sh 'dmesg | grep -E "DMAR: .*(fault|DRHD: handling)|VFIO.*(fail|exceeded)"'
	[ "$status" -eq 1 ]
}

# --- a large memory ----------------------------------------------------------------------------------------------------

# How far the clearing is: "FREE TOTAL" pages of the pool.
pool() {
	l1sh 'cd /sys/kernel/mm/hugepages/hugepages-2048kB; echo "$(cat free_hugepages) $(cat nr_hugepages)"'
}

@test "no key is lost while a large memory is being cleared" {
	local pressed=0 meanwhile=0 free=0 total=0
	configure_more demo 90-large <<-END
		[Guest]
		Memory=2G
		Shutdown=5
	END
	l1 /payload/bin/hostkeys listen
	l1 systemctl start --no-block vxm-guest@demo.service
	# From before the pages are there until the last one is cleared.
	until [ "$total" -eq 1024 ] && [ "$free" -eq 0 ]; do
		"$LAB" key "$RUN" d
		pressed=$((pressed + 1))
		[ "$pressed" -lt 400 ]
		read -r free total < <(pool)
		if [ "$total" -eq 1024 ] && [ "$free" -gt 0 ] && [ "$free" -lt 1024 ]; then
			meanwhile=$((meanwhile + 1))
		fi
	done
	echo "$pressed keys, $meanwhile of them while pages were being cleared"
	[ "$meanwhile" -ge 1 ]
	l1 /payload/bin/hostkeys wait 20 32 0 "$pressed"
	[ "$(l1 /payload/bin/hostkeys count 32 1)" -eq "$pressed" ]
	settle 90 vxm-guest@demo.service active
	kill_demo
	unconfigure_more demo 90-large
	l1 systemctl reset-failed
	fingerprint after-large
	same before after-large
}
