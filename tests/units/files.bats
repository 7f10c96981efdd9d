#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# sysusers.d, tmpfiles.d, udev rules, polkit rule, install and uninstall: read by the programs that will read them.

setup() {
	ROOT="$BATS_TEST_TMPDIR/root"
	mkdir -p "$ROOT/etc" "$ROOT/var" "$ROOT/run"
}

# A machine's root with the files of a Debian just installed, as far as sysusers needs them.
with_accounts() {
	printf 'root:x:0:0:root:/root:/bin/bash\n' >"$ROOT/etc/passwd"
	printf 'root:x:0:\nkvm:x:104:\ninput:x:105:\n' >"$ROOT/etc/group"
	printf 'root:*:19000:0:99999:7:::\n' >"$ROOT/etc/shadow"
	printf 'root:*::\n' >"$ROOT/etc/gshadow"
}

@test "sysusers makes the user vxm with a primary group that is not the people's group" {
	with_accounts
	systemd-sysusers --root="$ROOT" "$VXM_SOURCE/sysusers/vxm.conf"
	local gid
	gid=$(awk -F: '$1 == "vxm" { print $4 }' "$ROOT/etc/passwd")
	[ "$(awk -F: -v g="$gid" '$3 == g { print $1 }' "$ROOT/etc/group")" = vxm-qemu ]
	grep -q '^vxm:' "$ROOT/etc/group"
	[ "$(awk -F: '$1 == "vxm" { print $6 ":" $7 }' "$ROOT/etc/passwd")" = /var/lib/vxm:/usr/sbin/nologin ]
	# In no other group: not kvm, not input.
	run grep -E '^(kvm|input|vxm):.*vxm' "$ROOT/etc/group"
	[ "$status" -eq 1 ] || [[ $output =~ ^vxm:[^:]*:[0-9]+:$ ]]
}

@test "sysusers run twice is harmless" {
	with_accounts
	systemd-sysusers --root="$ROOT" "$VXM_SOURCE/sysusers/vxm.conf"
	cp "$ROOT/etc/passwd" "$BATS_TEST_TMPDIR/before"
	systemd-sysusers --root="$ROOT" "$VXM_SOURCE/sysusers/vxm.conf"
	cmp "$ROOT/etc/passwd" "$BATS_TEST_TMPDIR/before"
}

@test "tmpfiles makes the runtime directories root's, and closed where they should be" {
	systemd-tmpfiles --root="$ROOT" --create "$VXM_SOURCE/tmpfiles/vxm.conf"
	[ "$(stat -c %a "$ROOT/run/vxm")" = 755 ]
	[ "$(stat -c %a "$ROOT/run/vxm/.access")" = 755 ]
	[ "$(stat -c %a "$ROOT/run/vxm/.lock")" = 700 ]
	[ "$(stat -c %a "$ROOT/var/lib/vxm")" = 711 ]
	[ "$(stat -c %u "$ROOT/run/vxm")" = 0 ]
}

# polkit's rule is ECMAScript; jq and awk do not speak it, so a tiny interpreter-free check reads what may pass.
@test "the polkit rule names the guest units, three verbs and one action" {
	local rule="$VXM_SOURCE/units/polkit/49-vxm.rules"
	grep -qF '"org.freedesktop.systemd1.manage-units"' "$rule"
	grep -qF '["start", "stop", "restart"]' "$rule"
	grep -qF '/^vxm-guest@[a-z0-9][a-z0-9._-]{0,30}\.service$/' "$rule"
}

@test "install puts every file below DESTDIR, and uninstall takes each of them away" {
	make -s -C "$VXM_SOURCE" install DESTDIR="$ROOT" PREFIX=/usr
	[ -x "$ROOT/usr/bin/vxm-isolate" ]
	[ -x "$ROOT/usr/bin/vxm" ]
	[ -f "$ROOT/usr/share/man/man1/vxm.1" ]
	[ -x "$ROOT/usr/lib/systemd/system-generators/vxm-generator" ]
	[ -f "$ROOT/usr/lib/systemd/system/vxm-guest@.service" ]
	[ -f "$ROOT/usr/lib/udev/rules.d/71-vxm.rules" ]
	[ -x "$ROOT/usr/share/initramfs-tools/hooks/vxm" ]
	[ -x "$ROOT/usr/lib/dracut/modules.d/90vxm/module-setup.sh" ]
	[ -f "$ROOT/usr/share/man/man5/vxm-guest.conf.5" ]
	[ -f "$ROOT/usr/share/bash-completion/completions/vxm-guest" ]
	make -s -C "$VXM_SOURCE" uninstall DESTDIR="$ROOT" PREFIX=/usr
	run find "$ROOT/usr" -type f
	[ -z "$output" ]
}

@test "another PREFIX is written into the units and the initramfs hooks" {
	make -s -C "$VXM_SOURCE" install DESTDIR="$ROOT" PREFIX=/opt/vxm BUILD="$BATS_TEST_TMPDIR/build"
	run grep -rn '/usr/bin/vxm' "$ROOT/opt/vxm/lib/systemd"
	[ "$status" -eq 1 ]
	grep -q '^/opt/vxm/bin/vxm-prepare rules' "$ROOT/opt/vxm/share/initramfs-tools/hooks/vxm"
	grep -q '/opt/vxm/bin/vxm-prepare rules' "$ROOT/opt/vxm/lib/dracut/modules.d/90vxm/module-setup.sh"
	grep -q '^ExecStart=/opt/vxm/bin/vxm-isolate' "$ROOT/opt/vxm/lib/systemd/system/vxm-isolate@.service"
}

@test "each helper has a man page, and each man page renders" {
	local helper
	for helper in "$VXM_SOURCE"/helpers/vxm-*.c; do
		helper=$(basename "$helper" .c)
		[ -s "$VXM_BUILD/man/$helper.8" ]
	done
	[ -s "$VXM_BUILD/man/vxm.1" ]
}

@test "--help and --version of each helper succeed, and name the helper" {
	local helper
	for helper in "$VXM_SOURCE"/helpers/vxm.c "$VXM_SOURCE"/helpers/vxm-*.c; do
		helper=$(basename "$helper" .c)
		[ "$helper" != vxm-generator ] || continue
		"$VXM_BUILD/$helper" --help | grep -q "$helper"
		"$VXM_BUILD/$helper" --version | grep -q "^$helper [0-9]"
	done
}

@test "the guest file that README.md shows is one that the helpers accept" {
	mkdir -p "$ROOT/etc/vxm/guests" "$ROOT/sys/bus/pci/devices"
	sed -n '/^    \[Guest\]$/,/^    GuestInput=/s/^    //p' "$VXM_SOURCE/README.md" >"$ROOT/etc/vxm/guests/win11.conf"
	grep -q '^Monitor=' "$ROOT/etc/vxm/guests/win11.conf"
	run "$VXM_BUILD/vxm-isolate" check win11 --root="$ROOT"
	echo "$output"
	# It is read to its end: what is missed is the card, not a key.
	[ "$status" -eq 1 ]
	[[ $output == *"0000:01:00.0"* ]]
	[[ $output != *"no such key"* && $output != *"allowed"* ]]
}

@test "another PREFIX after a build is written into the units as well" {
	local unit="$BATS_TEST_TMPDIR/build/units/vxm-check@.service"
	make -s -C "$VXM_SOURCE" BUILD="$BATS_TEST_TMPDIR/build" PREFIX=/usr "$unit"
	grep -q '^ExecStart=/usr/bin/vxm' "$unit"
	make -s -C "$VXM_SOURCE" BUILD="$BATS_TEST_TMPDIR/build" PREFIX=/opt/vxm "$unit"
	grep -q '^ExecStart=/opt/vxm/bin/vxm' "$unit"
}

@test "a build without a library's headers says how to get them" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	PKG_CONFIG_LIBDIR="$BATS_TEST_TMPDIR/empty" run make -s -C "$VXM_SOURCE" \
		BUILD="$BATS_TEST_TMPDIR/build" "$BATS_TEST_TMPDIR/build/helpers/lib/strlist.o"
	[ "$status" -ne 0 ]
	[[ $output == *'headers are missing: run "sudo make deps-build"'* ]]
	[ ! -e "$BATS_TEST_TMPDIR/build/helpers/lib/strlist.o" ]
}

@test "off the release that lint is pinned to, lint alone is left out" {
	run make -n -s -C "$VXM_SOURCE" RELEASE=trixie deps check-fast
	[ "$status" -eq 0 ]
	[[ $output != *clang-format* ]]
	[[ $output == *libcmocka-dev* ]]
	[[ $output == *"lint is left out"* ]]
	[[ $output == *check-unit* ]]
}
