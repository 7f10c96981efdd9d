#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vxm-display without a monitor: decoding EDIDs, plans from the configuration, and what it refuses. Real libddcutil and a
# simulated monitor are the lab's.

# shellcheck disable=SC2154 # run --separate-stderr sets stderr and stderr_lines
bats_require_minimum_version 1.5.0

setup() {
	root=$BATS_TEST_TMPDIR/root
	edids=$VXM_SOURCE/tests/fixtures/edid
	mkdir -p "$root/etc/vxm/guests" "$root/run"
	guest ''
}

# guest TEXT: demo.conf with TEXT at its end.
guest() {
	printf '[Guest]\nMemory=4G\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n%b' "$1" >"$root/etc/vxm/guests/demo.conf"
}

display() {
	"$VXM_BUILD/vxm-display" "$@"
}

@test "identify tells of each recorded EDID what it is known to say" {
	local file count=0
	for file in "$edids"/*.bin; do
		echo "$file"
		# An unusable one fails, and still prints what there is.
		if jq -e --arg f "$(basename "$file")" '.[$f].usable' "$edids/expect.json" >/dev/null; then
			display identify "$file" --json >"$BATS_TEST_TMPDIR/found"
		else
			run ! display identify "$file" --json
			display identify "$file" --json >"$BATS_TEST_TMPDIR/found" 2>/dev/null || [ $? -eq 1 ]
		fi
		jq -S . "$BATS_TEST_TMPDIR/found" >"$BATS_TEST_TMPDIR/a"
		jq -S --arg f "$(basename "$file")" '.[$f].identity' "$edids/expect.json" >"$BATS_TEST_TMPDIR/b"
		diff "$BATS_TEST_TMPDIR/b" "$BATS_TEST_TMPDIR/a"
		count=$((count + 1))
	done
	[ "$count" -ge 60 ]
}

@test "identify prints exactly the six keys, and nothing else on stdout" {
	display identify "$edids/e0004.bin" --json >"$BATS_TEST_TMPDIR/out"
	[ "$(jq -c keys_unsorted "$BATS_TEST_TMPDIR/out")" = \
		'["manufacturer","product_code","serial_number","model_name","serial_text","checksum_ok"]' ]
}

@test "identify for people names what to write into Monitor=" {
	run --separate-stderr display identify "$edids/e0004.bin"
	[ "$status" -eq 0 ]
	[[ $output == *"Monitor=DEL:4016:FK28568OG1J9"* ]]
	[ -z "$stderr" ]
}

@test "identify tells a wrong checksum and does not refuse it" {
	run --separate-stderr display identify "$edids/e0077.bin"
	[ "$status" -eq 0 ]
	[[ $output == *"checksums      wrong ok"* ]]
}

@test "a file that is no EDID is refused in one line" {
	head -c 256 /dev/zero >"$BATS_TEST_TMPDIR/zero"
	run --separate-stderr display identify "$BATS_TEST_TMPDIR/zero"
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"is no EDID: it does not begin with 00 ff ff ff ff ff ff 00" ]]
	run --separate-stderr display identify "$edids/e0169.bin"
	[ "$status" -eq 1 ]
	[[ $stderr == *"shorter than the 128 bytes"* ]]
	run --separate-stderr display identify "$BATS_TEST_TMPDIR/absent"
	[ "$status" -eq 1 ]
	[[ $stderr == *"cannot be read as an EDID: No such file or directory" ]]
	run --separate-stderr display identify /dev/zero
	[ "$status" -eq 1 ]
	[[ $stderr == *"File too large" ]]
}

@test "two monitors with one maker, product and number are told apart by their texts" {
	[ "$(display identify "$edids/e0067.bin" | tail -1)" != "$(display identify "$edids/e0068.bin" | tail -1)" ]
}

@test "the plan of a start is printed, one line a monitor" {
	guest '[Display]\nMonitor=DEL:a0c4:H1234\nGuestInput=dp-2\n[Display]\nMonitor=GSM:5b11\nGuestInput=0x11\n'
	run --separate-stderr display start demo --root="$root" --dry-run
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "record the input of monitor DEL:a0c4:H1234, then set 0x10" ]
	[ "${lines[1]}" = "record the input of monitor GSM:5b11, then set 0x11" ]
	[ -z "$(ls -A "$root/run")" ]
}

@test "the plan of a stop comes from the record alone" {
	mkdir -p "$root/run/vxm/demo"
	printf 'DEL:a0c4:H1234 input 0x0f\n' >"$root/run/vxm/demo/display"
	rm "$root/etc/vxm/guests/demo.conf"
	run --separate-stderr display stop demo --root="$root" --dry-run
	[ "$status" -eq 0 ]
	[ "$output" = "set input 0x0f on monitor DEL:a0c4:H1234" ]
	[ -e "$root/run/vxm/demo/display" ]
}

@test "a stop without a record does nothing, also twice" {
	run --separate-stderr display stop demo --root="$root" --dry-run
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
}

@test "a recorded machine's monitors are not looked for on this one" {
	guest '[Display]\nMonitor=DEL:a0c4\nGuestInput=dp-2\n'
	run --separate-stderr display start demo --root="$root"
	[ "$status" -eq 1 ]
	[[ $stderr == *"a recorded machine has no monitors to ask: add --dry-run" ]]
}

@test "a wrong configuration is told with file and line" {
	guest '[Display]\nMonitor=DELL\nGuestInput=dp-2\n'
	run --separate-stderr display start demo --root="$root" --dry-run
	[ "$status" -eq 1 ]
	[[ $stderr == *"/etc/vxm/guests/demo.conf:7: Monitor="* ]]
}

@test "a bad guest name is refused before anything is looked at" {
	run --separate-stderr display stop ../x
	[ "$status" -eq 1 ]
	[[ $stderr == *"is not a guest's name"* ]]
}

@test "the condition fails as a skip, not as a failure, when systemd cannot be asked or the guest is not active" {
	run display condition demo
	[ "$status" -eq 1 ]
}
