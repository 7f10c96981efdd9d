#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# A card whose driver never comes back: the kernel's lock of it is held, see modules/vxm_stuck.c. Whoever writes to it, or
# reads some of its attributes, sleeps where no signal reaches him. No helper does; what is said names the device, the one
# who sleeps and what for, within the time that the unit has; and once the lock is free all is as it was.

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

setup() {
	since=$(l1 date +@%s.%6N)
}

teardown() {
	stage_keep
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		l1 rmmod vxm_stuck || :
	fi
}

stuck() {
	l1 insmod /payload/vxm_stuck.ko "device=$1"
}

# said: what vxm-isolate said as errors since the test's begin, before and after anything moved.
said() {
	l1sh 'journalctl --sync
		journalctl --since="$1" -q -o cat -p err _SYSTEMD_UNIT=vxm-check@demo.service + _SYSTEMD_UNIT=vxm-isolate@demo.service' \
		"$since"
}

# as_before: the card is there as it was, now that nothing is in the way.
as_before() {
	settle 90 vxm-guest@demo.service gone
	l1 systemctl reset-failed
	fingerprint after
	same before after
}

@test "the premise: whoever writes its power/control sleeps, and cannot be killed" {
	stuck "$GPU"
	l1sh 'control=/sys/bus/pci/devices/$1/power/control
		cat "$control" >/run/lab-control
		cp /run/lab-control "$control" & writer=$!
		until state=$(cut -d " " -f 3 "/proc/$writer/stat"); [ "$state" = D ]; do [ "$state" != Z ]; done
		kill -KILL $writer
		[ "$(cut -d " " -f 3 /proc/$writer/stat)" = D ]
		rmmod vxm_stuck
		status=0; wait $writer || status=$?; [ $status -eq 137 ]' "$GPU"
}

@test "a card that is stuck before the start: refused, named, and nothing has moved" {
	stuck "$GPU"
	run l1 systemctl start vxm-guest@demo.service
	[ "$status" -ne 0 ]
	run said
	echo "$output"
	[ "${#lines[@]}" -eq 1 ]
	grep -E "^vxm-isolate demo: $GPU: the kernel has let nobody at it for 25 s .*Nothing was changed\.$" <<<"$output"
	l1 rmmod vxm_stuck
	as_before
}

@test "a card that is stuck at the stop: named with what sleeps and where, and given back once it can be" {
	start_demo
	stuck "$GPU"
	l1 systemctl kill --kill-whom=main -s KILL vxm-guest@demo.service
	# Half of what the unit may take to stop.
	settle 90 vxm-isolate@demo.service failed
	run said
	echo "$output"
	[ "${#lines[@]}" -eq 1 ]
	grep -E "^vxm-isolate demo: $GPU: the kernel has let nobody at it for 25 s \(pid [0-9]+, waiting in [a-z_]+\)" <<<"$output"
	l1 rmmod vxm_stuck
	l1 systemctl reset-failed
	l1 vxm-isolate stop demo
	as_before
}

@test "vxm says of a machine with a stuck card what can be said" {
	stuck "$GPU"
	run l1 vxm list-gpus
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"$GPU"* ]]
	run l1 vxm check demo
	echo "$output"
	[[ $output == *"$GPU"* ]]
	l1 rmmod vxm_stuck
	as_before
}

# Last, for there is no machine after it. The kernel's own last step, device_shutdown(), wants the same lock; all before it is
# programs' and has to be done: units stopped, and the root file system made read-only. systemd waits for a process that cannot
# be killed for three minutes.
@test "a machine with a stuck card and its guest running is brought down as far as the kernel goes, its disk in order" {
	local console
	start_demo
	stuck "$GPU"
	# ssh says 255 where the connection goes before the answer.
	l1 systemctl poweroff --no-block || [ $? -eq 255 ]
	console=$(timeout 480 tail -n +1 --pid="$(cat "$RUN/qemu.pid")" -f "$RUN/console.log" |
		sed -n '/vxm_stuck: the kernel ends the machine/{p;q};/vxm/p;/systemd-shutdown/p;/(sd-/p')
	echo "$console"
	[[ $console == *"vxm_stuck: the kernel ends the machine"* ]]
	[[ $console != *"Failed to remount"* && $console != *"Unable to finalize"* ]]
}
