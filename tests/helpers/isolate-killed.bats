#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The kill matrix: whatever kills vxm-isolate between any two writes to the kernel, or fails any one of them, a stop
# afterwards makes the tree what it was. The card has everything set that a section can set: BAR=, Reset=, Power=.

load isolate-machine

setup() {
	make_tuned_machine
	BEFORE=$(fingerprint)
}

make_tuned_machine() {
	make_machine "$(on 0000:01:00.0 '.reset_method = "flr bus" | .port = "0000:00:01.0" | .bars = {"1": [256, [256, 8192]]}') |
		$(on 0000:01:00.1 '.reset_method = "flr"') | $(on 0000:00:01.0 '.power = "auto"')"
	make_guest win11 0000:01:00.0 10de:2684 BAR=1:8G Reset=bus Power=on
}

# Every write of VERB in turn: 137 is SIGKILL; the first run that is not killed says that there are no more.
kill_each() {
	local variable=$1 verb=$2 n status
	for ((n = 1; n < 200; n++)); do
		[ "$verb" = start ] || isolate start win11 2>/dev/null
		status=0
		env "$variable=$n" "$VXM_BUILD/fake/vxm-isolate" "$verb" win11 --root="$ROOT" 2>/dev/null || status=$?
		[ "$status" -eq 137 ] || [ "$status" -eq 0 ]
		isolate stop win11 2>/dev/null
		diff <(echo "$BEFORE") <(fingerprint)
		[ "$status" -ne 0 ] || break
	done
	echo "$variable, $verb: killed at $((n - 1)) writes"
	[ "$status" -eq 0 ]
	# Three writes for each of three functions with a driver, two for the one without; and what the section sets: BAR,
	# reset_method, power/control and d3cold_allowed of card and port.
	[ "$n" -gt 17 ]
}

@test "start killed before each write, then stop" {
	kill_each VXM_FAKE_KILL_BEFORE start
}

@test "start killed after each write, then stop" {
	kill_each VXM_FAKE_KILL_AFTER start
}

@test "stop killed before each write, then stop" {
	kill_each VXM_FAKE_KILL_BEFORE stop
}

@test "stop killed after each write, then stop" {
	kill_each VXM_FAKE_KILL_AFTER stop
}

@test "start killed at each write, then start and stop" {
	local n status=137
	for ((n = 1; status != 0; n++)); do
		status=0
		env "VXM_FAKE_KILL_AFTER=$n" "$VXM_BUILD/fake/vxm-isolate" start win11 --root="$ROOT" 2>/dev/null || status=$?
		isolate start win11 2>/dev/null
		[ "$(driver 0000:01:00.0)" = vfio-pci ]
		isolate stop win11 2>/dev/null
		diff <(echo "$BEFORE") <(fingerprint)
	done
	[ "$n" -gt 17 ]
}

# Half a card goes back by a plain stop, a whole one by --release: so both.
@test "with Release=keep: start and stop --release killed after each write, then stop" {
	local n status before bdf taken
	make_guest win11 0000:01:00.0 10de:2684 Release=keep
	before=$(fingerprint)
	for verb in start "stop --release"; do
		status=137
		for ((n = 1; status != 0; n++)); do
			[ "$verb" = start ] || isolate start win11 2>/dev/null
			status=0
			# shellcheck disable=SC2086
			env "VXM_FAKE_KILL_AFTER=$n" "$VXM_BUILD/fake/vxm-isolate" $verb win11 --root="$ROOT" 2>/dev/null ||
				status=$?
			[ "$status" -eq 137 ] || [ "$status" -eq 0 ]
			isolate stop win11 2>/dev/null
			taken=0
			for bdf in 0000:01:00.{0,1,2,3}; do
				[ "$(driver "$bdf")" != vfio-pci ] || taken=$((taken + 1))
			done
			[ "$taken" -eq 0 ] || [ "$taken" -eq 4 ]
			isolate stop win11 --release 2>/dev/null
			diff <(echo "$before") <(fingerprint)
		done
		[ "$n" -gt 11 ]
	done
}

# Each write of VERB fails once with each error: the failure is told in the exit status, or was harmless.
fail_each() {
	local verb=$1 error n status told quiet
	for error in EIO EBUSY ENODEV ENOSPC EINTR EPERM; do
		told=0
		quiet=0
		# Three in a row may be harmless: ENODEV says of an unbind that there is nothing left to do.
		for ((n = 1; quiet < 4; n++)); do
			[ "$verb" = start ] || isolate start win11 2>/dev/null
			status=0
			env "VXM_FAKE_FAIL=$n:$error" "$VXM_BUILD/fake/vxm-isolate" "$verb" win11 --root="$ROOT" 2>/dev/null || status=$?
			[ "$status" -le 1 ]
			told=$((told + status))
			quiet=$((status ? 0 : quiet + 1))
			isolate stop win11 2>/dev/null
			diff <(echo "$BEFORE") <(fingerprint)
		done
		echo "$verb, $error: $told failures told"
		[ "$told" -ge 17 ]
	done
}

@test "start with each write failing, then stop" {
	fail_each start
}

@test "stop with each write failing, then stop" {
	fail_each stop
}

@test "the fingerprint sees each thing that could be left behind" {
	local change
	for change in "echo x > sys/bus/pci/devices/0000:01:00.1/driver_override" \
		"echo on > sys/bus/pci/devices/0000:01:00.0/power/control" \
		"echo 0 > sys/bus/pci/devices/0000:01:00.0/d3cold_allowed" \
		"rm sys/bus/pci/devices/0000:01:00.0/driver" \
		"echo bus >sys/bus/pci/devices/0000:01:00.0/reset_method" "echo on >sys/bus/pci/devices/0000:00:01.0/power/control" \
		"sed -i 2s/1/3/ sys/bus/pci/devices/0000:01:00.0/resource" \
		"mkdir run/vxm/win11" "touch run/vxm/.access/vfio-14"; do
		make_tuned_machine
		(cd "$ROOT" && eval "$change")
		run diff <(echo "$BEFORE") <(fingerprint)
		[ "$status" -eq 1 ]
	done
}
