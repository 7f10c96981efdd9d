#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The two hooks that bring prepared guests' udev rules into an initramfs, as `make install` writes them: initramfs-tools' is run the way
# that tool runs it (tests/lab/51-initramfs.bats boots with the result), dracut's by dracut itself.

setup() {
	ROOT="$BATS_TEST_TMPDIR/root"
	PREFIX="$BATS_TEST_TMPDIR/prefix"
	"$VXM_SOURCE/tests/fixtures/mkroot" "$VXM_SOURCE/tests/fixtures/machines/dual.json" "$ROOT"
	mkdir -p "$ROOT/etc/vxm/guests" "$ROOT/etc/systemd/system/multi-user.target.wants"
	printf '[Guest]\nMemory=8G\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n' >"$ROOT/etc/vxm/guests/win11.conf"
	ln -s /usr/lib/systemd/system/vxm-prepare@.target \
		"$ROOT/etc/systemd/system/multi-user.target.wants/vxm-prepare@win11.target"
	BUILT="$BATS_TEST_TMPDIR/build/helpers/initramfs"
	make -s -C "$VXM_SOURCE" BUILD="$BATS_TEST_TMPDIR/build" PREFIX="$PREFIX" "$BUILT/initramfs-tools" "$BUILT/dracut" >/dev/null
	# The hooks give no option, so the recorded machine is named here.
	mkdir -p "$PREFIX/bin"
	printf '#!/bin/sh\nexec "%s" "$@" --root="%s"\n' "$VXM_BUILD/vxm-prepare" "$ROOT" >"$PREFIX/bin/vxm-prepare"
	chmod 0755 "$PREFIX/bin/vxm-prepare" "$BUILT"/*
	RULES=$("$VXM_BUILD/vxm-prepare" rules --root="$ROOT")
	[[ $RULES == *'KERNEL=="0000:01:00.0"'* ]]
}

@test "initramfs-tools: the hook needs no other one first, and writes the rules" {
	hook="$BUILT/initramfs-tools"
	[ "$("$hook" prereqs)" = "" ]
	mkdir "$BATS_TEST_TMPDIR/image"
	DESTDIR="$BATS_TEST_TMPDIR/image" "$hook"
	[ "$(cd "$BATS_TEST_TMPDIR/image" && find . -type f)" = ./etc/udev/rules.d/71-vxm-prepare.rules ]
	[ "$(cat "$BATS_TEST_TMPDIR/image/etc/udev/rules.d/71-vxm-prepare.rules")" = "$RULES" ]
}

@test "initramfs-tools: rules that cannot be written are an error, not an initramfs without them" {
	mkdir -p "$BATS_TEST_TMPDIR/image/etc/udev/rules.d/71-vxm-prepare.rules"
	DESTDIR="$BATS_TEST_TMPDIR/image" run "$BUILT/initramfs-tools"
	[ "$status" -ne 0 ]
}

@test "dracut takes the module in unasked, after udev's, and the rules are in the image" {
	base="$BATS_TEST_TMPDIR/dracut"
	mkdir -p "$base/modules.d" "$BATS_TEST_TMPDIR/conf" "$BATS_TEST_TMPDIR/tmp"
	cp -a /usr/lib/dracut/. "$base/"
	# Of all modules only those that udev's needs, so that the image is small; ours as it is installed.
	find "$base/modules.d" -mindepth 1 -maxdepth 1 ! -name '*base' ! -name '*udev-rules' ! -name '*fs-lib' \
		! -name '*shutdown' -exec rm -r {} +
	install -D "$BUILT/dracut" "$base/modules.d/90vxm/module-setup.sh"
	: >"$BATS_TEST_TMPDIR/conf/empty.conf"
	dracutbasedir="$base" dracut --no-kernel --no-hostonly --force --no-compress --tmpdir "$BATS_TEST_TMPDIR/tmp" \
		--conf "$BATS_TEST_TMPDIR/conf/empty.conf" --confdir "$BATS_TEST_TMPDIR/conf" --kver none \
		"$BATS_TEST_TMPDIR/image.img" >"$BATS_TEST_TMPDIR/log" 2>&1 || {
		cat "$BATS_TEST_TMPDIR/log"
		false
	}
	mkdir "$BATS_TEST_TMPDIR/image"
	(cd "$BATS_TEST_TMPDIR/image" && cpio -id --quiet <"$BATS_TEST_TMPDIR/image.img")
	[ "$(cat "$BATS_TEST_TMPDIR/image/etc/udev/rules.d/71-vxm-prepare.rules")" = "$RULES" ]
	[ -x "$BATS_TEST_TMPDIR/image/usr/bin/udevadm" ] || [ -x "$BATS_TEST_TMPDIR/image/bin/udevadm" ]
}
