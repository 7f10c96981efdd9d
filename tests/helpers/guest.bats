#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# vxm-guest: QEMU's command for recorded guests, taken by the real QEMU; wait and stop against the real QEMU; what check refuses.

bats_require_minimum_version 1.5.0

setup() {
	ROOT=$(mktemp -d /tmp/vxm-guest.XXXXXX)
	rmdir "$ROOT"
	"$VXM_SOURCE/tests/fixtures/mkroot" "$VXM_SOURCE/tests/fixtures/machines/dual.json" "$ROOT"
	chmod 0755 "$ROOT"
	mkdir -p "$ROOT/etc/vxm/guests" "$ROOT/usr/share" "$ROOT/run/vxm/g/qemu" "$ROOT/var/lib/vxm/g" "$ROOT/srv" "$ROOT/dev/shm"
	cp -r "$VXM_SOURCE/tests/fixtures/firmware/debian12/usr/share/qemu" "$ROOT/usr/share/"
	COMMANDS="$VXM_SOURCE/tests/fixtures/commands"
	RUNNER="$BATS_TEST_DIRNAME/guest-runner"
	cp "$VXM_BUILD/vxm-guest" "$ROOT/vxm-guest"
	# An ordinary user where we are root: the helper never becomes QEMU as root, and root can open everything.
	as_user=()
	[ "$EUID" -ne 0 ] || as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
}

teardown() {
	if [ -s "$ROOT/pid" ] && kill -KILL "$(cat "$ROOT/pid")" 2>/dev/null; then
		wait_end
	fi
	rm -rf "$ROOT"
}

guest() {
	"$ROOT/vxm-guest" --root="$ROOT" "$@"
}

unprivileged() {
	"${as_user[@]}" "$ROOT/vxm-guest" --root="$ROOT" "$@"
}

# conf LINE...: the guest g, with what QEMU can have on this machine; further lines come after those of [GPU].
conf() {
	{
		printf '[Guest]\nMemory=64M\nHugepages=no\nAccel=tcg\nTPM=no\nFirmware=uefi\nShutdown=5\n'
		printf '[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n'
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$ROOT/etc/vxm/guests/g.conf"
}

# start [EXTRA...]: QEMU with the guest's command, by hand.
start() {
	cp /usr/share/OVMF/OVMF_VARS_4M.fd "$ROOT/var/lib/vxm/g/OVMF_VARS.fd"
	guest --print g | "$RUNNER" "$ROOT" "$ROOT/pid" g "$@" 2>"$ROOT/qemu.log" 3>&-
}

# QEMU is no child of this shell.
wait_end() {
	timeout 20 tail --pid="$(cat "$ROOT/pid")" -f /dev/null
}

@test "each recorded guest gets the recorded command" {
	local file name count=0
	for file in "$COMMANDS"/*.conf; do
		name=$(basename "$file" .conf)
		cp "$file" "$ROOT/etc/vxm/guests/g.conf"
		guest --print g >"$ROOT/command"
		diff -u "$COMMANDS/$name.txt" "$ROOT/command"
		count=$((count + 1))
	done
	[ "$count" -ge 14 ]
}

@test "the real QEMU takes each recorded command, with every device in its place" {
	local file name count=0
	for file in "$COMMANDS"/*.conf; do
		name=$(basename "$file" .conf)
		echo "$name"
		cp "$file" "$ROOT/etc/vxm/guests/g.conf"
		rm -rf "$ROOT/run/vxm/g/qemu" && mkdir "$ROOT/run/vxm/g/qemu"
		start -S
		run guest wait g
		cat "$ROOT/qemu.log"
		echo "$output"
		# It answers, so all its devices were made; -S keeps it from running.
		[[ $output == *'its state is "prelaunch"'* ]]
		kill -KILL "$(cat "$ROOT/pid")"
		wait_end
		count=$((count + 1))
	done
	[ "$count" -ge 14 ]
}

@test "--print names no path below the root, and changes nothing" {
	cp "$COMMANDS/windows.conf" "$ROOT/etc/vxm/guests/g.conf"
	local before
	before=$(find "$ROOT" | sort)
	run guest --print g
	[ "$status" -eq 0 ]
	[[ $output != *"$ROOT"* ]]
	[ "$(find "$ROOT" | sort)" = "$before" ]
}

@test "wait returns when the guest runs, and a second client gets its turn" {
	conf
	start
	run guest wait g
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"the guest runs; no keyboard or mouse is the guest's" ]]
	run guest wait g
	[ "$status" -eq 0 ]
}

@test "wait says that QEMU ended, and where its own words are" {
	conf
	start -device no-such-device
	run guest wait g
	echo "$output"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"QEMU ended before the guest ran"*"journalctl -u vxm-guest@g.service"* ]]
	grep -q no-such-device "$ROOT/qemu.log"
}

@test "wait says that nobody listens" {
	conf
	run guest wait g
	[ "$status" -eq 1 ]
	[[ $output == *"nobody listens on /run/vxm/g/qemu/qmp-control.sock"* ]]
}

@test "wait fails with the keyboard's name when there is none" {
	conf '[Input]' 'Keyboard=auto'
	mkdir -p "$ROOT/sys/class/input"
	start
	run guest wait g
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"/etc/vxm/guests/g.conf:12: Keyboard="* ]]
}

@test "stop presses the button, and switches a deaf guest off when its time is over" {
	conf
	start
	guest wait g
	SECONDS=0
	MAINPID=$(cat "$ROOT/pid") run guest stop g
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$SECONDS" -ge 5 ]
	[ "$SECONDS" -le 20 ]
	[[ $output == *"did not shut down within its time"*"pressed 1 time" ]]
	# Gone, but perhaps not yet reaped by whose child it is.
	run readlink "/proc/$(cat "$ROOT/pid")/exe"
	[ -z "$output" ]
}

@test "stop finds a guest that went off by itself, and one that was killed" {
	conf
	start
	guest wait g
	kill -KILL "$(cat "$ROOT/pid")"
	wait_end
	run guest stop g
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "stop of a guest with a broken configuration still shuts it down" {
	conf
	start
	guest wait g
	echo 'Nonsense=1' >>"$ROOT/etc/vxm/guests/g.conf"
	# SIGTERM is what ends it here: a deaf guest would take the default two minutes.
	MAINPID=$(cat "$ROOT/pid") guest stop g &
	kill -TERM "$(cat "$ROOT/pid")"
	wait $!
	wait_end
}

@test "clean takes sockets and shared memory away, and what is not there is no error" {
	conf
	touch "$ROOT/run/vxm/g/qemu/serial.sock" "$ROOT/dev/shm/looking-glass-g" "$ROOT/dev/shm/looking-glass-h"
	guest clean g
	[ ! -e "$ROOT/run/vxm/g" ]
	[ ! -e "$ROOT/dev/shm/looking-glass-g" ]
	[ -e "$ROOT/dev/shm/looking-glass-h" ]
	guest clean g
}

@test "--dry-run prints what stop, wait, clean and run would do, and does nothing" {
	conf
	run guest clean g --dry-run
	[ "$status" -eq 0 ]
	[ "$output" = "remove /run/vxm/g/qemu" ]
	touch "$ROOT/dev/shm/looking-glass-g"
	start
	# QEMU has made its last socket once it answers.
	guest wait g
	local before
	before=$(find "$ROOT" -path "$ROOT/proc" -prune -o -print | sort)
	run guest clean g --dry-run
	[ "$output" = "remove /dev/shm/looking-glass-g"$'\n'"remove /run/vxm/g/qemu" ]
	run guest stop g --dry-run
	[ "$status" -eq 0 ]
	[ "$output" = "press the power button of g until it is off, for 5 s at most, then tell QEMU to quit" ]
	echo 90 >"$ROOT/run/vxm/g/qemu/shutdown"
	[[ $(guest stop g --dry-run) == *", for 90 s at most, "* ]]
	rm "$ROOT/run/vxm/g/qemu/shutdown"
	run guest wait g --dry-run
	[ "$output" = "wait until QEMU answers, then give g its keyboards and mice" ]
	[ "$(guest run g --dry-run)" = "$(guest run g --print)" ]
	[ "$(find "$ROOT" -path "$ROOT/proc" -prune -o -print | sort)" = "$before" ]
	kill -0 "$(cat "$ROOT/pid")"
}

@test "run refuses a limit of locked memory that the card's DMA would exceed, before anything is made" {
	conf '[LookingGlass]' 'Size=1M'
	local before
	before=$(find "$ROOT" | sort)
	ulimit -l 8192
	run unprivileged g
	echo "$output"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	# 64 MiB of memory, 1 MiB shared, 1 GiB for the rest.
	[[ $output == *"the limit of locked memory is 8 MiB and the guest needs 1089: "* ]]
	[ "$(find "$ROOT" | sort)" = "$before" ]
}

@test "run never becomes QEMU as root" {
	[ "$EUID" -eq 0 ]
	conf
	run guest g
	[ "$status" -eq 1 ]
	[[ $output == *"never as root: systemctl start vxm-guest@g.service" ]]
}

@test "a guest that is called like a verb is run by the word run, and another one without it too" {
	local name
	for name in firmware check run; do
		conf
		mv "$ROOT/etc/vxm/guests/g.conf" "$ROOT/etc/vxm/guests/$name.conf"
		run guest run "$name" --print
		echo "$output"
		[ "$status" -eq 0 ]
		[ "${lines[0]}" = /usr/bin/qemu-system-x86_64 ]
		[[ $output == *"/run/vxm/$name/qemu/"* ]]
	done
	conf
	[ "$(guest run g --print)" = "$(guest g --print)" ]
}

@test "check finds nothing where all is well" {
	ready_machine
	unprivileged check g
}

# The machine of the other tests with all that check looks for; files are another user's, and open.
ready_machine() {
	conf '[Disk]' 'Path=/srv/disk.img'
	mkdir -p "$ROOT/usr/share/OVMF" "$ROOT/usr/bin"
	cp /usr/share/OVMF/OVMF_VARS_4M.fd /usr/share/OVMF/OVMF_CODE_4M.fd "$ROOT/usr/share/OVMF/"
	ln -s /usr/bin/qemu-system-x86_64 "$ROOT/usr/bin/"
	truncate -s 1M "$ROOT/srv/disk.img"
	chmod 0666 "$ROOT/srv/disk.img"
	chmod 0711 "$ROOT/var/lib/vxm/g"
}

# refused PATTERN: check says so in one line, as the user.
refused() {
	run unprivileged check g
	echo "$output"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	# shellcheck disable=SC2053 # a pattern
	[[ $output == $1 ]]
}

@test "check refuses a disk that the user cannot write, with its line and the way out" {
	ready_machine
	chmod 0444 "$ROOT/srv/disk.img"
	refused '*/etc/vxm/guests/g.conf:12: Path=/srv/disk.img: opening it for writing as the user vxm failed: Permission denied: *chown vxm:vxm-qemu*'
	rm "$ROOT/srv/disk.img"
	refused '*No such file or directory: make it, or correct Path='
	mkdir "$ROOT/srv/disk.img"
	refused '*neither a file nor a block device'
}

@test "check refuses a closed directory on the way to a disk" {
	ready_machine
	chmod 0700 "$ROOT/srv"
	refused '*/srv/disk.img: opening it *Permission denied: *each directory above*'
}

@test "check refuses a machine without KVM, QEMU or firmware" {
	ready_machine
	sed -i /Accel/d "$ROOT/etc/vxm/guests/g.conf"
	refused '*there is no /dev/kvm: *SVM Mode*Accel=tcg in /etc/vxm/guests/g.conf:1 does without*'
	touch "$ROOT/dev/kvm"
	chmod 0600 "$ROOT/dev/kvm"
	refused '*opening /dev/kvm failed: Permission denied: *group kvm*'
	conf
	mv "$ROOT/usr/share/qemu/firmware" "$ROOT/firmware"
	refused '*no UEFI firmware without secure boot for q35 is described in /etc/qemu/firmware*'
	mv "$ROOT/firmware" "$ROOT/usr/share/qemu/firmware"
	rm "$ROOT/usr/bin/qemu-system-x86_64"
	refused '*/usr/bin/qemu-system-x86_64 cannot be run: *install qemu-system-x86'
}

@test "check refuses variables of another firmware, and does not touch them" {
	ready_machine
	echo mine >"$ROOT/var/lib/vxm/g/OVMF_VARS.fd"
	refused '*made for other firmware*BitLocker*'
	[ "$(cat "$ROOT/var/lib/vxm/g/OVMF_VARS.fd")" = mine ]
}

@test "check of a guest whose state directory is not made yet finds nothing, and makes nothing" {
	ready_machine
	rmdir "$ROOT/var/lib/vxm/g"
	local before
	before=$(find "$ROOT" | sort)
	unprivileged check g
	[ "$(find "$ROOT" | sort)" = "$before" ]
	# Nor for a name that was mistyped.
	run unprivileged check gg
	[ "$status" -eq 1 ]
	[[ $output == *"/etc/vxm/guests/gg.conf"* ]]
	[ "$(find "$ROOT" | sort)" = "$before" ]
}

@test "check refuses a state directory that is closed to the user, with the way out" {
	ready_machine
	chmod 0000 "$ROOT/var/lib/vxm/g"
	refused '*/var/lib/vxm/g/OVMF_VARS.fd failed: Permission denied: *chown -R vxm:vxm-qemu /var/lib/vxm/g'
}

@test "firmware --json answers as recorded for each set, with paths that hold without the root" {
	local expect="$VXM_SOURCE/tests/fixtures/firmware/expect.json" set count=0
	for set in $(jq -r 'keys[]' "$expect"); do
		diff <(jq -S --arg s "$set" '.[$s].expect.secure_boot_ms_keys' "$expect") \
			<("$VXM_BUILD/vxm-guest" firmware --secure --json --root="$VXM_SOURCE/tests/fixtures/firmware/$set" | jq -S .)
		diff <(jq -S --arg s "$set" '.[$s].expect.no_secure_boot' "$expect") \
			<("$VXM_BUILD/vxm-guest" firmware --plain --json --root="$VXM_SOURCE/tests/fixtures/firmware/$set" | jq -S .)
		count=$((count + 1))
	done
	[ "$count" -ge 4 ]
}

@test "firmware without --json prints three paths, and wants one kind" {
	run guest firmware --plain
	[ "$status" -eq 0 ]
	[ "${lines[1]}" = /usr/share/OVMF/OVMF_CODE_4M.fd ]
	run guest firmware
	[ "$status" -eq 1 ]
	[[ $output == *"one of --secure and --plain" ]]
	run guest firmware --plain --secure
	[ "$status" -eq 1 ]
	rm -r "$ROOT/usr/share/qemu"
	run guest firmware --plain
	[ "$status" -eq 1 ]
	[[ $output == *"no descriptor is of that kind" ]]
}
