#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# What vxm-generator tells systemd and udev of each guest, and that nothing can make it stand in the way of a boot.

setup() {
	ROOT="$BATS_TEST_TMPDIR/root"
	OUT="$BATS_TEST_TMPDIR/out"
	mkdir -p "$OUT/normal" "$OUT/early" "$OUT/late"
	machine .
}

# machine FILTER: $ROOT is tests/fixtures/machines/dual.json after the jq filter, with the guest files it had, some time
# after it has booted.
machine() {
	local kept="$BATS_TEST_TMPDIR/etc"
	[ ! -d "$ROOT/etc" ] || cp -a "$ROOT/etc" "$kept"
	rm -rf "$ROOT"
	jq "$1" "$VXM_SOURCE/tests/fixtures/machines/dual.json" >"$BATS_TEST_TMPDIR/machine.json"
	"$VXM_SOURCE/tests/fixtures/mkroot" "$BATS_TEST_TMPDIR/machine.json" "$ROOT"
	[ ! -d "$kept" ] || mv "$kept" "$ROOT/etc"
	mkdir -p "$ROOT/etc/vxm/guests" "$ROOT/run/vxm/.lock"
}

# guest NAME [LINE...]: a guest with the second card; further lines come after those of [GPU].
guest() {
	{
		printf '[Guest]\nMemory=8G\n[GPU]\nDevice=0000:01:00.0\nIdentity=%s\n' "${IDENTITY:-10de:2684}"
		[ $# -lt 2 ] || printf '%s\n' "${@:2}"
	} >"$ROOT/etc/vxm/guests/$1.conf"
}

enable() {
	mkdir -p "$ROOT/etc/systemd/system/multi-user.target.wants"
	ln -sf "/usr/lib/systemd/system/vxm-prepare@.target" \
		"$ROOT/etc/systemd/system/multi-user.target.wants/vxm-prepare@$1.target"
}

generate() {
	rm -rf "$OUT/normal"
	mkdir "$OUT/normal"
	"$VXM_BUILD/vxm-generator" --root="$ROOT" "$OUT/normal" "$OUT/early" "$OUT/late"
}

dropin() {
	cat "$OUT/normal/vxm-$1@$2.service.d/50-vxm.conf"
}

rules() {
	cat "$ROOT/run/udev/rules.d/71-vxm-prepare-$1.rules"
}

has() {
	grep -qxF -- "$1" || {
		echo "no line: $1"
		return 1
	}
}

# lacks PATTERN: no line of stdin matches.
lacks() {
	local found
	found=$(grep -E -- "$1") || return 0
	echo "found: $found"
	return 1
}

prepare() {
	"$VXM_BUILD/vxm-prepare" "$@" --root="$ROOT"
}

# moved: the machine with one more device in front, which lies where the card was.
moved() {
	machine '.devices |= (map(.bdf |= sub("^0000:01:"; "0000:41:")) +
		[{bdf: "0000:01:00.0", class: "0200", vendor: "8086", device: "10d3", group: 90, driver: "e1000e"}])'
}

@test "a guest with everything gets its helpers, its mounts and its times" {
	guest win11 '[Disk]' 'Path=/srv/win.img' '[Disk]' 'Path=/var/lib/vxm/win11/b.img' '[CDROM]' 'Path=/srv/win.iso' \
		'[Input]' 'Keyboard=auto' '[Display]' 'Monitor=DEL:a0c4' 'GuestInput=dp-1'
	run generate
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	dropin guest win11 >"$BATS_TEST_TMPDIR/guest"
	cat "$BATS_TEST_TMPDIR/guest"
	for line in SourcePath=/etc/vxm/guests/win11.conf \
		Requires=vxm-hugepages@win11.service After=vxm-hugepages@win11.service \
		BindsTo=vxm-tpm@win11.service After=vxm-tpm@win11.service \
		RequiresMountsFor=/var/lib/vxm/win11 'RequiresMountsFor="/srv/win.img"' 'RequiresMountsFor="/srv/win.iso"' \
		'ReadWritePaths=-"/srv/win.img"' 'DeviceAllow=char-input rw' \
		TimeoutStartSec=212 TimeoutStopSec=180; do
		has "$line" <"$BATS_TEST_TMPDIR/guest"
	done
	lacks 'ReadWritePaths.*(b.img|iso)|After=vxm-display' <"$BATS_TEST_TMPDIR/guest"
	dropin check win11 | has 'RequiresMountsFor="/srv/win.img"'
	dropin check win11 | has 'ReadWritePaths=-"/srv/win.img"'
	dropin hugepages win11 | has TimeoutStartSec=332
	dropin tpm win11 | has SourcePath=/etc/vxm/guests/win11.conf
	dropin display win11 | has Wants=modprobe@i2c_dev.service
	[ ! -e "$OUT/normal/vxm-isolate@win11.service.d" ]
	[ ! -e "$OUT/normal/sysinit.target.wants" ]
	[ ! -e "$ROOT/run/udev" ]
}

@test "a guest without them gets none" {
	printf '[Guest]\nMemory=8G\nHugepages=no\nTPM=no\nShutdown=30\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n' \
		>"$ROOT/etc/vxm/guests/plain.conf"
	run generate
	[ "$status" -eq 0 ]
	dropin guest plain | lacks 'hugepages|tpm|display|DeviceAllow|ReadWrite|Bind|ProtectHome'
	dropin guest plain | has TimeoutStopSec=90
	[ ! -e "$OUT/normal/vxm-hugepages@plain.service.d" ]
	[ ! -e "$OUT/normal/vxm-tpm@plain.service.d" ]
	[ ! -e "$OUT/normal/vxm-display@plain.service.d" ]
}

@test "a guest that runs without a TPM is not bound to the one it is to have next time" {
	guest win11
	mkdir -p "$ROOT/run/vxm/win11/qemu"
	generate
	dropin guest win11 | lacks 'vxm-tpm'
	dropin guest win11 | has Requires=vxm-hugepages@win11.service
	dropin tpm win11 | has SourcePath=/etc/vxm/guests/win11.conf
	mkdir "$ROOT/run/vxm/win11/tpm"
	generate
	dropin guest win11 | has BindsTo=vxm-tpm@win11.service
	rm -r "$ROOT/run/vxm"
	generate
	dropin guest win11 | has BindsTo=vxm-tpm@win11.service
}

@test "files in places that the sandbox hides are let through one by one, nodes by number" {
	guest win11 '[Disk]' 'Path=/home/u/a.img' '[CDROM]' 'Path=/tmp/b.iso' '[Disk]' 'Path=/dev/disk/by-id/c d'
	generate
	dropin guest win11 | has ProtectHome=tmpfs
	dropin guest win11 | has 'BindPaths=-"/home/u/a.img"'
	dropin guest win11 | has 'BindReadOnlyPaths=-"/tmp/b.iso"'
	dropin guest win11 | has 'DeviceAllow="/dev/disk/by-id/c d" rw'
	dropin guest win11 | lacks 'MountsFor.*/dev/'
}

@test "systemd reads each path as it was written" {
	guest win11 '[Disk]' 'Path=/srv/100% of "x" \y,z;#' '[Disk]' "Path=/home/u/a:b's \"q.img" '[Disk]' "Path=/home/u/it's"
	generate
	mkdir -p "$OUT/units"
	cp -r "$OUT/normal/." "$OUT/units"
	for unit in guest check isolate hugepages tpm; do
		printf '[Service]\nType=oneshot\nExecStart=/bin/true\n' >"$OUT/units/vxm-$unit@.service"
	done
	run env SYSTEMD_UNIT_PATH="$OUT/units:" SYSTEMD_LOG_LEVEL=debug systemd-analyze verify --man=no \
		"$OUT/units/vxm-guest@win11.service"
	printf '%s\n' "$output" >"$OUT/dump"
	sed -n '/-> Unit vxm-guest@win11.service/,/-> Unit/p' "$OUT/dump" >"$OUT/guest"
	grep -E 'Paths' "$OUT/guest"
	grep -qF 'ReadWritePaths: -/srv/100% of "x" \y,z;#' "$OUT/guest"
	grep -qF "BindPaths: -/home/u/it's:/home/u/it's:rbind" "$OUT/guest"
	# Mounts are units; the escaping says which characters arrived.
	systemd-escape --path --suffix=mount '/srv/100% of "x" \y,z;#' >"$OUT/mount"
	grep -qF "$(cat "$OUT/mount")" "$OUT/dump"
}

@test "a guest file that is wrong is told in one line, and leaves the others their drop-ins" {
	guest win11
	printf '[Guest]\nMemroy=4G\n' >"$ROOT/etc/vxm/guests/bad.conf"
	mkdir "$ROOT/etc/vxm/guests/directory.conf"
	ln -s nowhere "$ROOT/etc/vxm/guests/dangling.conf"
	enable bad
	run generate
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[ "${lines[0]}" = "vxm-generator: bad: /etc/vxm/guests/bad.conf:2: Memroy=: no such key in [Guest]; did you mean Memory=?" ]
	[[ ${lines[1]} == "vxm-generator: dangling: "*"No such file or directory" ]]
	[ "${lines[2]}" = "vxm-generator: directory: /etc/vxm/guests/directory.conf: it is not a regular file" ]
	dropin guest win11 | has Requires=vxm-hugepages@win11.service
	dropin guest bad | grep -q '^# Refused by vxm-check@bad.service: .*Memroy'
	[ "$(dropin guest bad | grep -cE '^[^#]')" -eq 2 ] # [Unit] and SourcePath=
	[ ! -e "$ROOT/run/udev/rules.d/71-vxm-prepare-bad.rules" ]
}

@test "without a guest, and without /etc/vxm, there is nothing to do" {
	rm -rf "${ROOT:?}/etc"
	run generate
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ -z "$(ls "$OUT/normal")" ]
}

@test "a drop-in that cannot be written is told, and the exit status says so" {
	guest win11
	run "$VXM_BUILD/vxm-generator" --root="$ROOT" "$OUT/absent" "$OUT/early" "$OUT/late"
	[ "$status" -eq 1 ]
	[[ $output == "vxm-generator: win11: what it needs of systemd cannot be written: No such file or directory" ]]
	run "$VXM_BUILD/vxm-generator" "$OUT/normal"
	[ "$status" -eq 1 ]
	[[ $output == *"three directories are wanted, not 1 words: NORMAL EARLY LATE" ]]
}

@test "an enabled guest is kept from the host's drivers from the next boot on" {
	guest win11
	enable win11
	run generate
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	dropin isolate win11 | has Requires=vxm-prepare@win11.service
	dropin isolate win11 | has After=vxm-prepare@win11.service
	[ "$(readlink "$OUT/normal/sysinit.target.wants/vxm-hugepages.service")" = /usr/lib/systemd/system/vxm-hugepages.service ]
	rules win11
	rules win11 | has 'KERNEL=="0000:01:00.0", ATTR{vendor}=="0x10de", ATTR{device}=="0x2684", ATTR{subsystem_vendor}=="0x1043", ATTR{subsystem_device}=="0x88e2", ENV{VXM_PREPARE}="win11"'
	rules win11 | has 'DRIVER=="", ATTR{driver_override}="vfio-pci", RUN{builtin}+="kmod load vfio-pci"'
	rules win11 | has 'ENV{SYNTH_UUID}=="", TAG+="systemd", ENV{SYSTEMD_WANTS}+="vxm-appear@win11.service"'
	[ "$(rules win11 | grep -c '^KERNEL')" -eq "$(prepare start win11 --dry-run | wc -l)" ]
	[ "$(rules win11 | grep -c '^KERNEL')" -ge 2 ]
}

@test "at boot, a card that has its driver from the initramfs is told, with the way out" {
	guest win11
	enable win11
	prepare start win11
	rm -r "$ROOT/run/vxm"
	run generate
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "vxm-generator: win11: 0000:01:00.0 has its driver nouveau already, "*"update-initramfs -u, or dracut --force" ]]
	rules win11 | grep -q '^KERNEL=="0000:01:00.0"'
}

@test "a card that is not in the machine is kept for when it appears, and no pages are" {
	guest win11
	enable win11
	prepare start win11
	machine '.devices |= map(select(.bdf | startswith("0000:01:") | not))'
	run generate
	[ "$status" -eq 0 ]
	[[ $output == "vxm-generator: win11: 0000:01:00.0, 10de:2684:1043:88e2, is not in the machine. It is taken when it appears" ]]
	rules win11 | grep -q '^KERNEL=="0000:01:00.0"'
}

@test "the rules go when the target is disabled or masked, and others' rules stay" {
	guest win11
	enable win11
	mkdir -p "$ROOT/run/udev/rules.d"
	touch "$ROOT/run/udev/rules.d/71-vxm-prepare-gone.rules" "$ROOT/run/udev/rules.d/90-other.rules"
	generate
	[ ! -e "$ROOT/run/udev/rules.d/71-vxm-prepare-gone.rules" ]
	[ -e "$ROOT/run/udev/rules.d/90-other.rules" ]
	rules win11 >/dev/null
	ln -s /dev/null "$ROOT/etc/systemd/system/vxm-prepare@win11.target"
	generate
	[ "$(ls "$ROOT/run/udev/rules.d")" = 90-other.rules ]
	[ ! -e "$OUT/normal/vxm-isolate@win11.service.d" ]
}

@test "a card that is to be hidden from the desktop gets a rule of its own, as long as the file says so" {
	IDENTITY=10de:2684:1043:88e2 guest win11 Session=hide
	guest other Session=keep
	run generate
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "$(ls "$ROOT/run/udev/rules.d")" = 72-vxm-hide-win11.rules ]
	has 'ACTION!="remove", SUBSYSTEM=="drm", KERNEL=="card[0-9]*", KERNELS=="0000:01:00.0", ATTRS{vendor}=="0x10de", ATTRS{device}=="0x2684", ATTRS{subsystem_vendor}=="0x1043", ATTRS{subsystem_device}=="0x88e2", ENV{ID_SEAT}="seat-vxm", TAG-="seat", TAG-="master-of-seat", TAG-="uaccess"' \
		<"$ROOT/run/udev/rules.d/72-vxm-hide-win11.rules"
	guest win11
	generate
	[ -z "$(ls "$ROOT/run/udev/rules.d")" ]
}

@test "after a slot shift nothing is taken, with a record and without, and it is said where the card is" {
	guest win11
	enable win11
	moved
	run generate
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"0000:01:00.0 is 8086:10d3:0000:0000, and 10de:2684 was meant, which is now at 0000:41:00.0. Nothing is taken"* ]]
	[ ! -e "$ROOT/run/udev/rules.d/71-vxm-prepare-win11.rules" ]
	machine .
	prepare start win11
	moved
	run generate
	[[ $output == *"0000:01:00.0 is 8086:10d3:0000:0000, and 10de:2684:1043:88e2 was meant, which is now at 0000:41:00.0."* ]]
	[ ! -e "$ROOT/run/udev/rules.d/71-vxm-prepare-win11.rules" ]
}

@test "one function that moved is enough: what else the guest has is not taken either" {
	guest win11 '[PCI]' 'Device=0000:00:1f.4' 'Identity=8086:7aa3'
	enable win11
	prepare start win11
	generate
	rules win11 | grep -q 'KERNEL=="0000:00:1f.4"'
	moved
	run generate
	[ "${#lines[@]}" -eq 1 ]
	[ ! -e "$ROOT/run/udev/rules.d/71-vxm-prepare-win11.rules" ]
}

# A card of the same chip by another maker, beside the first.
twin='.devices += [{bdf: "0000:42:00.0", class: "0300", vendor: "10de", device: "2684", group: 91, subsystem: "1458:40bf"}]'

@test "two cards of one chip leave no doubt when the identity has the subsystem, or a record is there" {
	guest win11
	machine "$twin"
	enable win11
	run generate
	[[ $output == *"0000:01:00.0 and 0000:42:00.0 are both 10de:2684: "*"Identity=10de:2684:1043:88e2 in /etc/vxm/guests/win11.conf says so" ]]
	[ ! -e "$ROOT/run/udev/rules.d/71-vxm-prepare-win11.rules" ]
	IDENTITY=10de:2684:1043:88e2 guest win11
	run generate
	[ -z "$output" ]
	rules win11 | grep -q 'KERNEL=="0000:01:00.0".*"0x88e2"'
	guest win11
	prepare start win11
	run generate
	[ -z "$output" ]
	rules win11 | grep -q 'KERNEL=="0000:01:00.0".*"0x88e2"'
}

@test "the twin of another maker in the place of the recorded card is not taken" {
	guest win11
	enable win11
	prepare start win11
	machine '.devices |= map(if .bdf == "0000:01:00.0" then .subsystem = "1458:40bf" else . end)'
	run generate
	[[ $output == *"0000:01:00.0 is 10de:2684:1458:40bf, and 10de:2684:1043:88e2 was meant. Nothing is taken"* ]]
	[ ! -e "$ROOT/run/udev/rules.d/71-vxm-prepare-win11.rules" ]
}

@test "a damaged record is told, and nothing is taken" {
	guest win11
	enable win11
	mkdir -p "$ROOT/etc/vxm/prepared"
	printf '0000:01:00.0 10de' >"$ROOT/etc/vxm/prepared/win11"
	run generate
	[ "$status" -eq 0 ]
	[[ $output == *"/etc/vxm/prepared/win11 cannot be read (it is not of its form), so nothing is taken at boot"* ]]
	[ ! -e "$ROOT/run/udev/rules.d/71-vxm-prepare-win11.rules" ]
}

@test "messages keep below the kernel log's limit, whatever the file says" {
	head -c 4000 /dev/zero | tr '\0' 'x' >"$ROOT/etc/vxm/guests/long.conf"
	run generate
	[ "$status" -eq 0 ]
	[ "${#output}" -lt 900 ]
}
