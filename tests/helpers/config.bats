#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# The configuration as people meet it: every helper reads the same files and complains in the same words, the examples and
# the vendor's file are right, and no value becomes more than a value.

setup() {
	ROOT="$BATS_TEST_TMPDIR/root"
	OUT="$BATS_TEST_TMPDIR/out"
	"$VXM_SOURCE/tests/fixtures/mkroot" "$VXM_SOURCE/tests/fixtures/machines/dual.json" "$ROOT"
	mkdir -p "$ROOT/etc/vxm/guests" "$OUT"
}

# guest [LINE...]: the guest win11; the lines come after its [GPU] section, from line 6 on.
guest() {
	{
		printf '[Guest]\nMemory=8G\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n'
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$ROOT/etc/vxm/guests/win11.conf"
}

generate() {
	rm -rf "${OUT:?}/"*
	"$VXM_BUILD/vxm-generator" --root="$ROOT" "$OUT" "$OUT" "$OUT"
}

dropin() {
	cat "$OUT/vxm-guest@win11.service.d/50-vxm.conf"
}

# complains TEXT: the generator's only line is /etc/vxm/guests/win11.conf followed by the text.
complains() {
	run generate
	echo "$output"
	[ "$status" -eq 0 ]
	[ "$output" = "vxm-generator: win11: /etc/vxm/guests/win11.conf$1" ]
}

@test "every helper refuses a wrong file in the same words, and changes nothing" {
	local before helper words=":7: Memroy=: no such key in [Guest]; did you mean Memory=?"
	guest '[Guest]' 'Memroy=16G'
	mkdir -p "$ROOT/etc/systemd/system/x.wants"
	ln -s /x "$ROOT/etc/systemd/system/x.wants/vxm-prepare@win11.target"
	before=$(find "$ROOT" | sort)
	for helper in 'isolate check' 'isolate start' 'isolate show' 'hugepages check' 'hugepages start' 'access check' \
		'access start' 'tpm check' 'display start' 'prepare start' 'guest check'; do
		# shellcheck disable=SC2086 # a helper and its verb
		run "$VXM_BUILD"/vxm-$helper win11 --root="$ROOT"
		echo "$helper: $status: $output"
		[ "$status" -ne 0 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *" win11: /etc/vxm/guests/win11.conf$words"* ]]
	done
	run "$VXM_BUILD/vxm-guest" win11 --print --root="$ROOT"
	[ "$status" -ne 0 ]
	[[ $output == *"/etc/vxm/guests/win11.conf$words"* ]]
	[ "$(find "$ROOT" | sort)" = "$before" ]
}

@test "a guest that is not there is told with those that are" {
	local helper
	guest
	for helper in 'isolate check' 'hugepages check' 'access check' 'guest check'; do
		# shellcheck disable=SC2086
		run "$VXM_BUILD"/vxm-$helper win1 --root="$ROOT"
		echo "$output"
		[ "$status" -ne 0 ]
		[[ $output == *"/etc/vxm/guests/win1.conf: there is no such file, so there is no guest win1; the guests here: win11"* ]]
	done
}

@test "a name that is none is refused by every helper before a path is made of it" {
	local name helper
	for name in ../win11 .. auto '' 'a b' 'a/b' A 'a%i' -x 01234567890123456789012345678901; do
		for helper in 'isolate start' 'hugepages start' 'access start' 'tpm' 'display start' 'prepare start' 'guest'; do
			# shellcheck disable=SC2086
			run "$VXM_BUILD"/vxm-$helper --root="$ROOT" -- "$name"
			[ "$status" -ne 0 ] || {
				echo "$helper took \"$name\""
				return 1
			}
			[ "${#lines[@]}" -eq 1 ]
		done
	done
}

@test "the examples and the vendor's file are right" {
	mkdir -p "$ROOT/usr/lib/vxm"
	cp "$VXM_SOURCE/helpers/guest.conf" "$ROOT/usr/lib/vxm/"
	cp "$VXM_SOURCE"/helpers/examples/*.conf "$ROOT/etc/vxm/guests/"
	run generate
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "$(find "$VXM_SOURCE/helpers/examples" -name "*.conf" | wc -l)" -ge 2 ]
	dropin | grep -q 'RequiresMountsFor="/var/lib/vxm/win11/Win11.iso"'
}

@test "the vendor's file shows the defaults: with every comment taken off that has one, nothing changes" {
	guest
	generate
	sed /^#/d <"$OUT/vxm-guest@win11.service.d/50-vxm.conf" >"$BATS_TEST_TMPDIR/before"
	mkdir -p "$ROOT/usr/lib/vxm"
	# Sections that may repeat would each add one.
	sed -nE '/^\[(Guest|Network|LookingGlass)\]/,/^$/s/^# ([A-Za-z]+=[^ (]*)$/\1/p; s/^(\[(Guest|Network|LookingGlass)\])$/\1/p' \
		"$VXM_SOURCE/helpers/guest.conf" >"$ROOT/usr/lib/vxm/guest.conf"
	grep -c = "$ROOT/usr/lib/vxm/guest.conf"
	[ "$(grep -c = "$ROOT/usr/lib/vxm/guest.conf")" -ge 8 ]
	generate
	sed /^#/d <"$OUT/vxm-guest@win11.service.d/50-vxm.conf" | diff "$BATS_TEST_TMPDIR/before" -
}

@test "a drop-in removes a disk by its label, and another changes one" {
	mkdir -p "$ROOT/etc/vxm/guests/win11.conf.d"
	printf '[Disk games]\nPath=/srv/games.img\n[Disk all]\nPath=/srv/all.img\n' >"$ROOT/etc/vxm/guest.conf"
	guest '[Disk system]' 'Path=/srv/system.img'
	printf '[Disk games]\nRemove=yes\n[Disk all]\nPath=/srv/other.img\n' >"$ROOT/etc/vxm/guests/win11.conf.d/50-evening.conf"
	generate
	[ "$(dropin | grep -c ReadWritePaths)" -eq 2 ]
	dropin | grep -q 'ReadWritePaths=-"/srv/system.img"'
	dropin | grep -q 'ReadWritePaths=-"/srv/other.img"'
}

@test "commas, quotes, blanks and % in a value are that in systemd's files" {
	local path='/srv/a,readonly=on,"b" c%n;#{"x":1}'
	guest '[Disk]' "Path=$path" 'Format=raw'
	generate
	dropin | grep -qxF 'ReadWritePaths=-"/srv/a,readonly=on,\"b\" c%%n;#{\"x\":1}"'
	[ "$(dropin | grep -c 'Requires=')" -eq 1 ]
}

@test "a newline cannot be written, and a control character is refused with its line" {
	guest $'Description=a\rExecStart=/bin/sh'
	complains ':6: a control character (byte 0x0d); allowed is text in UTF-8'
	guest $'Description=a\e[2Jb'
	complains ':6: a control character (byte 0x1b); allowed is text in UTF-8'
	guest $'[Guest]\nDescription=caf\xe9'
	complains ':7: byte 0xe9 is not UTF-8; allowed is text in UTF-8'
}

@test "NUL bytes are refused with their line" {
	guest
	printf '[Disk]\nPath=/srv/a\0b\n' >>"$ROOT/etc/vxm/guests/win11.conf"
	complains ':7: a control character (byte 0x00); allowed is text in UTF-8'
}

@test "64 KiB in one line, and files of more than 256 KiB, are refused" {
	guest
	head -c 65536 /dev/zero | tr '\0' x >>"$ROOT/etc/vxm/guests/win11.conf"
	complains ':6: the line has 65536 bytes, at most 4095 are allowed'
	guest
	head -c 262144 /dev/zero | tr '\0' '\n' >>"$ROOT/etc/vxm/guests/win11.conf"
	complains ': the file has more than 256 KiB'
}

@test "a file that waits for a writer does not hang anybody" {
	rm -f "$ROOT/etc/vxm/guests/win11.conf"
	mkfifo "$ROOT/etc/vxm/guests/win11.conf"
	run timeout 20 "$VXM_BUILD/vxm-generator" --root="$ROOT" "$OUT" "$OUT" "$OUT"
	[ "$status" -eq 0 ]
	[[ $output == *"/etc/vxm/guests/win11.conf: it is not a regular file" ]]
}

@test "files from Windows are read: byte order mark, carriage returns, no newline at the end" {
	printf '\xef\xbb\xbf[Guest]\r\nMemory=8G\r\n[GPU]\r\nDevice=0000:01:00.0\r\nIdentity=10de:2684' \
		>"$ROOT/etc/vxm/guests/win11.conf"
	run generate
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	dropin | grep -q TimeoutStopSec=180
}

@test "whatever 300 broken copies of a guest say, there is one line and never a key of their own" {
	local seed=20 source="$VXM_SOURCE/helpers/examples/win11.conf" i at size byte
	size=$(stat -c %s "$source")
	RANDOM=$seed
	for ((i = 0; i < 300; i++)); do
		cp "$source" "$ROOT/etc/vxm/guests/win11.conf"
		at=$(((RANDOM * 32768 + RANDOM) % size))
		printf -v byte '\\x%02x' $((RANDOM % 256))
		# shellcheck disable=SC2059 # the byte is the format
		printf "$byte" | dd of="$ROOT/etc/vxm/guests/win11.conf" bs=1 seek="$at" conv=notrunc status=none
		run generate
		[ "$status" -eq 0 ] && [ "${#lines[@]}" -le 1 ] && ! dropin |
			grep -vE '^(#.*||\[Unit\]|\[Service\]|(SourcePath|Requires|After|BindsTo|Wants|RequiresMountsFor|TimeoutStartSec|TimeoutStopSec|DeviceAllow|ReadWritePaths|BindPaths|BindReadOnlyPaths|ProtectHome)=.*)$' || {
			echo "copy $i: $byte at $at: $status: $output"
			dropin
			return 1
		}
	done
}
