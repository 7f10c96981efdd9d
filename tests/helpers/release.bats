#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vxm-isolate on the fake kernel and a fake systemd: who holds the card is asked to let go of it, where the guest's file says
# so, and is told when nothing came of it.

load isolate-machine

CARD=bus/pci/devices/0000:01:00.0/drm/card1/uevent

setup() {
	release_machine Session=release Services=nvidia-persistenced.service
	export VXM_FAKE_UEVENTS="$BATS_TEST_TMPDIR/uevents"
	: >"$VXM_FAKE_UEVENTS"
}

# release_machine [LINE...]: kwin_wayland (900) and nvidia-persistenced (901) hold the card; the guest's [GPU] has these
# lines. The first follows udev's events.
release_machine() {
	make_machine '.processes += [
		{pid: 900, comm: "kwin_wayland", cgroup: "/user.slice/user-1000.slice/session-2.scope",
			fds: ["/dev/dri/card1", "/dev/dri/renderD129"]},
		{pid: 901, comm: "nvidia-persiste", cgroup: "/system.slice/nvidia-persistenced.service",
			fds: ["/dev/dri/renderD129"]}]'
	make_guest win11 0000:01:00.0 10de:2684 "$@"
	touch "$ROOT/proc/900/.lets-go"
	unit nvidia-persistenced.service active
}

# unit NAME [STATE]: how systemd has it, or is to have it.
unit() {
	mkdir -p "$ROOT/run/fake-units"
	[ $# -eq 1 ] || echo "$2" >"$ROOT/run/fake-units/$1"
	cat "$ROOT/run/fake-units/$1"
}

events() {
	cat "$VXM_FAKE_UEVENTS"
}

@test "the session is asked, the unit stopped, the card moves; stop starts the unit, and the kernel announces the card" {
	local before
	before=$(fingerprint)
	run isolate start win11
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$(driver 0000:01:00.0)" = vfio-pci ]
	[[ ${lines[0]} == *"nvidia-persistenced.service: stopped until win11 is back (Services=)"* ]]
	[[ ${lines[1]} == *"0000:01:00.0: who has card1 is asked to let go of it (Session=release)"* ]]
	[ "$(unit nvidia-persistenced.service)" = inactive ]
	[ "$(events)" = "remove $CARD" ]
	run isolate stop win11
	[ "$status" -eq 0 ]
	[[ $output == *"nvidia-persistenced.service: started again"* ]]
	[[ $output != *announced* ]]
	[ "$(unit nvidia-persistenced.service)" = active ]
	[ "$(events)" = "remove $CARD" ]
	diff <(echo "$before") <(fingerprint)
}

@test "who does not let go is named, the card is announced again, the unit runs again, and nothing has moved" {
	local before
	rm "$ROOT/proc/900/.lets-go"
	before=$(fingerprint)
	run isolate start win11
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"0000:01:00.0 is held by kwin_wayland (pid 900, session-2.scope) through /dev/dri/card1"* ]]
	[[ $output == *"have not helped within 5 s. Nothing was changed."* ]]
	[[ $output == *"0000:01:00.0: card1 is announced again"* ]]
	[ "$(events)" = "remove $CARD"$'\n'"add $CARD" ]
	diff <(echo "$before") <(fingerprint)
}

@test "another device at the address once who had it has let go: nothing has moved, and all is told" {
	local before
	before=$(driver 0000:01:00.0)
	echo 0x2704 >"$ROOT/sys/bus/pci/devices/0000:01:00.0/.next-device"
	run isolate start win11
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"0000:01:00.0 is no longer the 10de:2684"*"vxm list-gpus"*"Nothing was changed."* ]]
	[ "$(driver 0000:01:00.0)" = "$before" ]
	[ "$before" != vfio-pci ]
	[ "$(events)" = "remove $CARD"$'\n'"add $CARD" ]
	[ "$(unit nvidia-persistenced.service)" = active ]
	[ ! -e "$ROOT/run/vxm/win11" ]
}

@test "check asks nobody, and says who will be asked" {
	local before
	before=$(fingerprint)
	run isolate check win11
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[[ $output == *"held by kwin_wayland (pid 900, session-2.scope) through /dev/dri/card1: a start asks it to let go (Session=release)"* ]]
	[[ $output == *"held by nvidia-persiste (pid 901, nvidia-persistenced.service) through /dev/dri/renderD129: a start stops that unit (Services=)"* ]]
	[ "$(events)" = "" ]
	diff <(echo "$before") <(fingerprint)
}

@test "without Session= and Services= both are refused by check and by start, and nobody is asked" {
	release_machine
	refused "0000:01:00.0 is held by kwin_wayland"
	[ "$(events)" = "" ]
	[ "$(unit nvidia-persistenced.service)" = active ]
}

@test "Session=release asks compositors, not their clients nor other programs" {
	local verb before
	release_machine Session=release
	before=$(fingerprint)
	for verb in check start; do
		run isolate "$verb" win11
		[ "$status" -eq 1 ]
		[[ $output == *"0000:01:00.0 is held by nvidia-persiste (pid 901, nvidia-persistenced.service)"*"Nothing was changed."* ]]
		diff <(echo "$before") <(fingerprint)
	done
	release_machine Session=keep Services=nvidia-persistenced.service
	: >"$VXM_FAKE_UEVENTS"
	before=$(fingerprint)
	for verb in check start; do
		run isolate "$verb" win11
		[ "$status" -eq 1 ]
		[[ $output == *"0000:01:00.0 is held by kwin_wayland"*"Nothing was changed."* ]]
		diff <(echo "$before") <(fingerprint)
	done
	[ "$(events)" = "" ]
}

@test "what has another reason is refused before anybody is asked" {
	make_guest win11 0000:01:00.0 10de:ffff Session=release Services=nvidia-persistenced.service
	run isolate start win11
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[ "$(events)" = "" ]
	[ "$(unit nvidia-persistenced.service)" = active ]
	[ ! -e "$ROOT/run/vxm/win11" ]
}

@test "without vfio-pci nobody is asked" {
	local before
	rm -r "$ROOT/sys/bus/pci/drivers/vfio-pci"
	before=$(fingerprint)
	run isolate start win11
	echo "$output"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"the kernel has no driver vfio-pci"*"Nothing was changed."* ]]
	[ "$(events)" = "" ]
	diff <(echo "$before") <(fingerprint)
}

@test "a record that cannot be written, after somebody was asked: no device moves, what was asked is told, and undone by stop" {
	mkdir -p "$ROOT/run/vxm/win11/isolate.new"
	run isolate start win11
	echo "$output"
	[ "$status" -eq 1 ]
	[ "$(driver 0000:01:00.0)" = nouveau ]
	[ "$(unit nvidia-persistenced.service)" = inactive ]
	[[ $output == *"the record in /run/vxm/win11 cannot be written: Is a directory; no device has moved, and vxm-isolate stop win11 puts back what was asked for"* ]]
	[[ $output != *"Nothing was changed"* ]]
	rmdir "$ROOT/run/vxm/win11/isolate.new"
	isolate stop win11
	[ "$(unit nvidia-persistenced.service)" = active ]
	[ "$(events)" = "remove $CARD"$'\n'"add $CARD" ]
	[ ! -e "$ROOT/run/vxm/win11" ]
}

@test "a unit that does not run is not started by stop, and one that systemd does not know is passed over" {
	release_machine Session=release "Services=nvidia-persistenced.service nvidia-powerd.service other.socket"
	unit nvidia-powerd.service inactive
	isolate start win11
	isolate stop win11
	[ "$(unit nvidia-powerd.service)" = inactive ]
	[ "$(unit nvidia-persistenced.service)" = active ]
}

@test "a unit that does not stop is told, and nothing has moved" {
	local before
	release_machine Session=release "Services=nvidia-persistenced.service nvidia-powerd.service"
	unit nvidia-powerd.service stuck
	before=$(fingerprint)
	run isolate start win11
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"nvidia-powerd.service could not be stopped"*"Nothing was changed."* ]]
	[ "$(events)" = "" ]
	diff <(echo "$before") <(fingerprint)
}

@test "a unit that does not start again is told and stays on record; the next stop tries again" {
	local before n
	before=$(fingerprint)
	isolate start win11
	# The last write of the stop is that job.
	for ((n = 1; n < 100; n++)); do
		run env "VXM_FAKE_FAIL=$n:EIO" "$VXM_BUILD/fake/vxm-isolate" stop win11 --root="$ROOT"
		[[ $output != *"could not be started"* ]] || break
		isolate stop win11
		isolate start win11
	done
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"it was stopped for the guest win11: vxm-isolate stop win11 tries again"* ]]
	[ "$(driver 0000:01:00.0)" = nouveau ]
	[ "$(cat "$ROOT/run/vxm/win11/release")" = "nvidia-persistenced.service unit ran" ]
	isolate stop win11
	diff <(echo "$before") <(fingerprint)
}

@test "a start that is refused and cannot start a unit again does not say that nothing was changed" {
	local n
	rm "$ROOT/proc/900/.lets-go"
	for ((n = 1; n < 100; n++)); do
		run env "VXM_FAKE_FAIL=$n:EIO" "$VXM_BUILD/fake/vxm-isolate" start win11 --root="$ROOT"
		[ "$status" -eq 1 ]
		[[ $output != *"could not be started"* ]] || break
		isolate stop win11
	done
	echo "$output"
	[ "$n" -lt 100 ]
	[ "$(unit nvidia-persistenced.service)" = inactive ]
	[[ $output == *"0000:01:00.0 is held by kwin_wayland"*"vxm-isolate stop win11 puts back what was asked for"* ]]
	[[ $output != *"Nothing was changed"* ]]
	isolate stop win11
	[ "$(unit nvidia-persistenced.service)" = active ]
	[ ! -e "$ROOT/run/vxm/win11" ]
}

@test "units stay stopped while Release=keep keeps the card, and run again with --release" {
	local before
	release_machine Session=release Services=nvidia-persistenced.service Release=keep
	before=$(fingerprint)
	isolate start win11
	isolate stop win11
	[ "$(unit nvidia-persistenced.service)" = inactive ]
	isolate start win11
	isolate stop win11
	[ "$(unit nvidia-persistenced.service)" = inactive ]
	isolate stop win11 --release
	diff <(echo "$before") <(fingerprint)
}

@test "a second start asks nobody: the card is there" {
	isolate start win11
	unit nvidia-persistenced.service active
	: >"$VXM_FAKE_UEVENTS"
	isolate start win11
	[ "$(events)" = "" ]
	[ "$(unit nvidia-persistenced.service)" = active ]
}

@test "a dry run prints whom it would ask, and asks nobody" {
	local before
	before=$(fingerprint)
	run isolate start win11 --dry-run
	[ "$status" -eq 0 ]
	[[ $output == *"nvidia-persistenced.service: stop, if it runs"* ]]
	[[ $output == *"0000:01:00.0: ask who has card1 to let go of it"* ]]
	diff <(echo "$before") <(fingerprint)
	isolate start win11
	run isolate stop win11 --dry-run
	[[ $output == *"nvidia-persistenced.service: start"* ]]
	[[ $output != *announce* ]]
	[ "$(unit nvidia-persistenced.service)" = inactive ]
}

# Whether the compositor lets go or not, the tree is as before; and who was sent "remove" has heard of the card since: by
# us where the node survived, else by the kernel.
kill_each() {
	local variable=$1 verb=$2 before n status
	before=$(fingerprint)
	for ((n = 1; n < 200; n++)); do
		[ "$verb" = start ] || isolate start win11 2>/dev/null || :
		status=0
		env "$variable=$n" "$VXM_BUILD/fake/vxm-isolate" "$verb" win11 --root="$ROOT" 2>/dev/null || status=$?
		isolate stop win11 2>/dev/null
		diff <(echo "$before") <(fingerprint)
		[ "$status" -eq 137 ] || break
	done
	echo "$variable, $verb: killed at $((n - 1)) changes"
	[ "$n" -gt "$3" ]
}

@test "start killed before each write, job and event, then stop" {
	kill_each VXM_FAKE_KILL_BEFORE start 13
}

@test "start killed after each write, job and event, then stop" {
	kill_each VXM_FAKE_KILL_AFTER start 13
}

@test "stop killed before and after each write, job and event, then stop" {
	kill_each VXM_FAKE_KILL_BEFORE stop 12
	kill_each VXM_FAKE_KILL_AFTER stop 12
}

@test "a start that is refused killed before and after each job and event, then stop" {
	rm "$ROOT/proc/900/.lets-go"
	kill_each VXM_FAKE_KILL_BEFORE start 4
	kill_each VXM_FAKE_KILL_AFTER start 4
}

@test "each write, job and event fails once: what was asked is told, and a stop puts all back" {
	local before error n status
	before=$(fingerprint)
	for error in EIO EPERM; do
		for ((n = 1; n < 200; n++)); do
			: >"$VXM_FAKE_UEVENTS"
			status=0
			env "VXM_FAKE_FAIL=$n:$error" "$VXM_BUILD/fake/vxm-isolate" start win11 --root="$ROOT" 2>/dev/null || status=$?
			isolate stop win11 2>/dev/null
			diff <(echo "$before") <(fingerprint)
			[ "$status" -ne 0 ] || break
		done
		[ "$n" -gt 8 ]
	done
}
