#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is said where somebody who had not written it stumbled: what is wrong, and the way out, in one line.

load isolate-machine

GPU=0000:01:00.0

vxm() {
	"$VXM_BUILD/vxm" "$@" --root="$ROOT"
}

# reason CODE [WHAT]: the reason of that code, as "level|text|fix".
reason() {
	vxm check "${2:-$GPU}" --json | jq -r --arg code "$1" '.[0].reasons[] | select(.code == $code) | "\(.level)|\(.text)|\(.fix)"'
}

# as_nobody COMMAND...
as_nobody() {
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	echo "$output"
}

@test "a wrong subsystem in Identity= is told by all four ids, of both cards" {
	make_machine
	make_guest win11 "$GPU" 10de:2684:1043:ffff
	run isolate check win11
	[ "$status" -eq 1 ]
	[[ $output == *"(10de:2684:1043:88e2, driver nouveau) and not the 10de:2684:1043:ffff of Identity="* ]]
	# Two ids are answered with two.
	make_guest win11 "$GPU" 10de:ffff
	run isolate check win11
	[[ $output == *"(10de:2684, driver nouveau) and not the 10de:ffff of Identity="* ]]
}

@test "check NAME says a wrong identity before all that follows from it" {
	make_machine "$(on $GPU '.removable = "removable" | .group = null')"
	make_guest win11 "$GPU" 10de:ffff
	run vxm check win11
	[ "$status" -eq 1 ]
	[ "$(grep -A1 '^to put right first:' <<<"$output" | tail -n1 | cut -d: -f1)" = '  identity' ]
	[ "$(grep -c '^  identity:' <<<"$output")" -eq 1 ]
	[[ $output == *"  no-iommu: "* ]]
	make_guest win11 0000:77:00.0 10de:2684
	run vxm check win11
	[ "$(grep -A1 '^to put right first:' <<<"$output" | tail -n1 | cut -d: -f1)" = '  absent' ]
}

@test "a verb without its guest says what is missing, and where guests are" {
	local helper
	for helper in isolate access display hugepages; do
		run "$VXM_BUILD/vxm-$helper" start
		echo "$output"
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
		[ "$output" = "vxm-$helper: a word is missing: vxm-$helper start NAME; the guests are the files NAME.conf in /etc/vxm/guests" ]
	done
	run "$VXM_BUILD/vxm-isolate" show
	[[ $output == *": a word is missing: vxm-isolate show NAME; "* ]]
	run "$VXM_BUILD/vxm" record
	[ "$output" = "vxm: a word is missing: vxm record DIR" ]
}

@test "vxm-access show without a guest lists what there is, as [Input] takes it" {
	local device line
	make_machine
	device="$ROOT/sys/devices/input101"
	mkdir -p "$device/id" "$device/capabilities" "$device/device" "$ROOT/sys/class/input/event1" "$ROOT/dev/input"
	ln -s ../../../devices/input101 "$ROOT/sys/class/input/event1/device"
	: >"$ROOT/dev/input/event1"
	echo 'Test Keyboard' >"$device/name"
	echo usb-1/input0 >"$device/phys"
	echo >"$device/uniq"
	echo 0 | tee "$device/properties" "$device/capabilities/abs" "$device/capabilities/rel" "$device/capabilities/led" >/dev/null
	echo 0003 >"$device/id/bustype"
	echo 1234 >"$device/id/vendor"
	echo 0abc >"$device/id/product"
	echo 0111 >"$device/id/version"
	echo 120013 >"$device/capabilities/ev"
	echo '200000000 fffffffffffffffe' >"$device/capabilities/key"
	run "$VXM_BUILD/vxm-access" show --root="$ROOT"
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == '/dev/input/event1 '*'keyboard'*'Keyboard=vendor=1234 product=0abc name="Test Keyboard"' ]]
	"$VXM_BUILD/vxm-access" show --json --root="$ROOT" | jq -e '.[0].node == "/dev/input/event1" and .[0].vendor == "1234" and length == 1'
	# What it says is taken by a guest's file, and means that node.
	line=${output#*keyboard}
	printf '[Input]\n%s\n' "${line# }" >>"$ROOT/etc/vxm/guests/win11.conf"
	run "$VXM_BUILD/vxm-access" show win11 --root="$ROOT"
	echo "$output"
	[[ $output == /dev/input/event1*keyboard*host*'Test Keyboard' ]]
	rm -r "$ROOT/sys/class/input/event1"
	run "$VXM_BUILD/vxm-access" show --root="$ROOT"
	[ "$status" -eq 0 ]
	[ "$output" = 'vxm-access: no keyboard and no mouse is connected' ]
}

# The machine that tests run on has no monitor on an I2C bus; a workstation of theirs would print it.
@test "vxm-display show without a monitor says so, with what makes one appear" {
	run "$VXM_BUILD/vxm-display" show
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"no monitor is connected: switch it on, and sudo modprobe i2c-dev"* ]] || [[ $output == *" i2c-"* ]]
}

@test "what takes root says so, to who is not" {
	local helper
	make_machine
	mkdir -p "$ROOT"/run/vxm/.lock/{isolate,hugepages,access,display}
	chmod 700 "$ROOT/run/vxm/.lock"
	printf '[Display]\nMonitor=DEL:a0c4\nGuestInput=hdmi-1\n' >>"$ROOT/etc/vxm/guests/win11.conf"
	for helper in isolate hugepages; do
		as_nobody "$VXM_BUILD/vxm-$helper" start win11 --root="$ROOT"
		[ "$status" -eq 1 ]
		[[ $output == *"Permission denied: run this as root"* ]]
	done
	# Who is root already is not sent there.
	mount_point="$ROOT/run/vxm/.lock/hugepages"
	rmdir "$mount_point"
	: >"$mount_point"
	run "$VXM_BUILD/vxm-hugepages" start win11 --root="$ROOT"
	[ "$status" -eq 1 ]
	[[ $output != *"as root"* ]]
}

@test "Win.conf is not skipped in silence: the generator and check say what it may be called" {
	make_machine
	mv "$ROOT/etc/vxm/guests/win11.conf" "$ROOT/etc/vxm/guests/Win.conf"
	mkdir "$BATS_TEST_TMPDIR/out"
	run "$VXM_BUILD/vxm-generator" --root="$ROOT" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/out"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == "vxm-generator: /etc/vxm/guests/Win.conf is passed over: rename it to a name of 1 to 31 of a-z 0-9 . _ -, "* ]]
	[[ $(reason guest-name) == "warns|/etc/vxm/guests/Win.conf is no guest's file by its name, and passed over|rename it to a name of 1 to 31 of a-z"* ]]
	run vxm check Win
	[ "$status" -eq 1 ]
	[[ $output == *'"Win" is not a guest'*'1 to 31 of a-z 0-9'* ]]
	rm "$ROOT/etc/vxm/guests/Win.conf"
	[ -z "$(reason guest-name)" ]
}

@test "an only GPU that is the processor's: the way out is a card, not the GPU of the processor" {
	make_machine '.devices |= (map(select((.class | startswith("03")) | not)) + [{"bdf": "0000:00:02.0", "class": "0300", "vendor": "8086", "device": "a780", "group": 20, "driver": "i915"}])'
	[[ $(reason only-gpu 0000:00:02.0) == "blocks|"*"put in a graphics card for the guest"* ]]
	[ -z "$(reason integrated 0000:00:02.0)" ]
	make_machine '.devices |= map(select((.class | startswith("03") | not) or .bdf == "0000:01:00.0"))'
	[[ $(reason only-gpu) == "blocks|"*"switch on the GPU of the processor"* ]]
}

@test "a kernel without huge pages: what to write instead" {
	make_machine
	mkdir -p "$ROOT/proc" "$ROOT/sys/devices/system/node/node0"
	printf 'MemTotal: 33554432 kB\nMemFree: 30000000 kB\nMemAvailable: 30000000 kB\n' >"$ROOT/proc/meminfo"
	[[ $(reason pages win11) == "blocks|this kernel has no huge pages at all (CONFIG_HUGETLBFS)"*"Hugepages=no in /etc/vxm/guests/win11.conf"* ]]
	run "$VXM_BUILD/fake/vxm-hugepages" start win11 --root="$ROOT"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"set Hugepages=no in /etc/vxm/guests/win11.conf"* ]]
	run "$VXM_BUILD/fake/vxm-hugepages" show win11 --root="$ROOT"
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"set Hugepages=no in /etc/vxm/guests/win11.conf"* ]]
}
