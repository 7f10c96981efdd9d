#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vxm-access on a recorded machine: which nodes, what is refused, records and marks. Real udev is the lab's.

# shellcheck disable=SC2154 # run --separate-stderr sets stderr and stderr_lines
bats_require_minimum_version 1.5.0

BOTH_CTRL='200000000 fffffffffffffffe'
LEFT_CTRL='40 fffffffffffffffe' # and Scroll Lock
BUTTONS='70000 0 0 0 0'

setup() {
	root=$BATS_TEST_TMPDIR/root
	mkdir -p "$root/etc/vxm/guests" "$root/run" "$root/dev/input"
	node 1 'Test Keyboard' usb-1/input0 "$BOTH_CTRL" 0
	node 2 'Test Mouse' usb-2/input0 "$BUTTONS" 103
	node 3 'Power Button' PNP0C0C/button/input0 '10000000000000 0' 0
	guest demo 'Keyboard=auto\nMouse=auto\n'
}

# node NUMBER NAME PHYS KEYS REL: eventNUMBER, whose parent is input(100+NUMBER).
node() {
	local device="$root/sys/devices/input$((100 + $1))"
	mkdir -p "$device/id" "$device/capabilities" "$device/device" "$root/sys/class/input/event$1"
	echo "$2" >"$device/name"
	echo "$3" >"$device/phys"
	echo >"$device/uniq"
	echo 0 >"$device/properties"
	echo 0003 >"$device/id/bustype"
	echo 1234 >"$device/id/vendor"
	printf '%04x\n' "$1" >"$device/id/product"
	echo 0111 >"$device/id/version"
	echo 120013 >"$device/capabilities/ev"
	echo "$4" >"$device/capabilities/key"
	echo "$5" >"$device/capabilities/rel"
	echo 0 | tee "$device/capabilities/abs" >"$device/capabilities/led"
	ln -sfn "../../../devices/input$((100 + $1))" "$root/sys/class/input/event$1/device"
	: >"$root/dev/input/event$1"
}

# guest NAME INPUT
guest() {
	printf '[Guest]\nMemory=4G\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n[Input]\n%b' "$2" \
		>"$root/etc/vxm/guests/$1.conf"
}

access() {
	run --separate-stderr "$VXM_BUILD/vxm-access" --root="$root" "$@"
}

# What is below run, one file a line.
runtime() {
	(cd "$root/run" && find . -type f | sort)
}

@test "start records each node's owner and marks it, stop takes all of it away" {
	access start demo
	[ "$status" -eq 0 ]
	[ "$(runtime)" = "$(printf '%s\n' ./vxm/.access/event1-input101 ./vxm/.access/event2-input102 ./vxm/demo/access)" ]
	grep -qx "event1-input101 owner $(id -u)" "$root/run/vxm/demo/access"
	grep -qx 'event1-input101 mode 0644' "$root/run/vxm/demo/access"
	access stop demo
	[ "$status" -eq 0 ]
	[ -z "$(runtime)" ]
	[ ! -e "$root/run/vxm/demo" ]
}

@test "starting and stopping twice is harmless" {
	access start demo
	cp "$root/run/vxm/demo/access" "$BATS_TEST_TMPDIR/first"
	access start demo
	[ "$status" -eq 0 ]
	cmp "$root/run/vxm/demo/access" "$BATS_TEST_TMPDIR/first"
	access stop demo
	access stop demo
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
}

@test "stop needs no configuration" {
	access start demo
	rm "$root/etc/vxm/guests/demo.conf"
	access stop demo
	[ "$status" -eq 0 ]
	[ -z "$(runtime)" ]
}

@test "stop puts right what a start killed after the record left" {
	mkdir -p "$root/run/vxm/demo"
	printf 'event1-input101 node event1\nevent1-input101 mode 0644\nevent1-input101 owner 0\n' >"$root/run/vxm/demo/access"
	access stop demo
	[ "$status" -eq 0 ]
	[ -z "$(runtime)" ]
}

@test "a node unplugged meanwhile is fine" {
	access start demo
	rm -r "$root/sys/class/input/event1" "$root/dev/input/event1"
	access stop demo
	[ "$status" -eq 0 ]
	[[ $stderr == *"/dev/input/event1: not there any more"* ]]
	[ -z "$(runtime)" ]
}

@test "a dry run prints the plan and writes nothing" {
	access start demo --dry-run
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "give /dev/input/event1 (Test Keyboard, keyboard) to the user vxm" ]
	[ "${lines[1]}" = "give /dev/input/event2 (Test Mouse, mouse) to the user vxm" ]
	[ -z "$(runtime)" ]
	access start demo
	access stop demo --dry-run
	[ "${lines[0]}" = "give event1 back to uid $(id -u)" ]
	[ -e "$root/run/vxm/demo/access" ]
}

@test "check changes nothing" {
	access check demo
	[ "$status" -eq 0 ]
	[ -z "$output$stderr" ]
	[ -z "$(runtime)" ]
}

@test "a guest without input sections has nothing to do" {
	printf '[Guest]\nMemory=4G\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n' >"$root/etc/vxm/guests/demo.conf"
	access start demo
	[ "$status" -eq 0 ]
	[ -z "$(runtime)" ]
}

@test "refuses a keyboard that could never let go of its grab" {
	node 1 'Test Keyboard' usb-1/input0 "$LEFT_CTRL" 0
	access check demo
	[ "$status" -eq 1 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"/etc/vxm/guests/demo.conf:7: Keyboard=: /dev/input/event1 (Test Keyboard) lacks a key of Toggle=ctrl-ctrl"* ]]
	access start demo
	[ "$status" -eq 1 ]
	[ -z "$(runtime)" ]
	guest demo 'Keyboard=auto\nToggle=scrolllock\n'
	access check demo
	[ "$status" -eq 0 ]
}

@test "refuses a match that fits two devices, and names both" {
	node 4 'Other Keyboard' usb-4/input0 "$BOTH_CTRL" 0
	access check demo
	[ "$status" -eq 1 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"demo.conf:7: Keyboard=: \"auto\" fits 2 of them"*event1*event4* ]]
	# The words of the error can be pasted.
	guest demo 'Keyboard=vendor=1234 product=0004 name="Other Keyboard" phys="usb-4/input0"\n'
	access show demo
	[ "$status" -eq 0 ]
	[[ $output == *event4* ]]
}

@test "refuses a device that is not there, and lists those that are" {
	guest demo 'Keyboard=vendor=dead product=beef\n'
	access start demo
	[ "$status" -eq 1 ]
	[[ $stderr == *"no keyboard fits \"vendor=dead product=beef\"; there is event1"* ]]
	[ -z "$(runtime)" ]
}

@test "refuses a node that another guest has, with its name, until that one stops" {
	guest other 'Mouse=auto\n'
	access start other
	access start demo
	[ "$status" -eq 1 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *"/dev/input/event2 (Test Mouse) is held by the guest other"*"Nothing was changed." ]]
	[ ! -e "$root/run/vxm/demo" ]
	access stop other
	access start demo
	[ "$status" -eq 0 ]
}

@test "show tells which nodes the guest has, for people and as JSON" {
	access show demo
	[[ ${lines[0]} == "/dev/input/event1"*keyboard*host*"Test Keyboard" ]]
	access start demo
	access show demo --json
	[ "$(jq -c 'map([.node, .kind, .given, .name])' <<<"$output")" = \
		'[["/dev/input/event1","keyboard",true,"Test Keyboard"],["/dev/input/event2","mouse",true,"Test Mouse"]]' ]
}

@test "what a start that was killed while it saved its record left goes with the stop" {
	mkdir -p "$root/run/vxm/demo"
	printf 'event1-inp' >"$root/run/vxm/demo/access.new"
	access stop demo
	[ "$status" -eq 0 ]
	[ ! -e "$root/run/vxm/demo" ]
}

@test "a record that cannot be read is told, and not taken for none" {
	mkdir -p "$root/run/vxm/demo"
	printf 'rubbish\n' >"$root/run/vxm/demo/access"
	access stop demo
	[ "$status" -eq 1 ]
	[[ $stderr == *"/run/vxm/demo/access cannot be read"* ]]
	access start demo
	[ "$status" -eq 1 ]
}

@test "a bad guest name is refused" {
	access start ../x
	[ "$status" -eq 1 ]
	[[ $stderr == *"is not a guest's name"* ]]
	[ -z "$(runtime)" ]
}
