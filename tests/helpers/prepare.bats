#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What vxm-prepare puts on record for a guest made ready at boot, and what it refuses to change there.

setup() {
	ROOT="$BATS_TEST_TMPDIR/root"
	machine .
	printf '[Guest]\nMemory=8G\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n' >"$ROOT/etc/vxm/guests/win11.conf"
	WANTS="$ROOT/etc/systemd/system/multi-user.target.wants"
	mkdir -p "$WANTS"
	enable
}

# machine FILTER: $ROOT is tests/fixtures/machines/dual.json after the jq filter, with the files of /etc it had.
machine() {
	local kept="$BATS_TEST_TMPDIR/etc"
	[ ! -d "$ROOT/etc" ] || cp -a "$ROOT/etc" "$kept"
	rm -rf "$ROOT"
	jq "$1" "$VXM_SOURCE/tests/fixtures/machines/dual.json" >"$BATS_TEST_TMPDIR/machine.json"
	"$VXM_SOURCE/tests/fixtures/mkroot" "$BATS_TEST_TMPDIR/machine.json" "$ROOT"
	[ ! -d "$kept" ] || mv "$kept" "$ROOT/etc"
	mkdir -p "$ROOT/etc/vxm/guests"
}

enable() {
	ln -sfn /usr/lib/systemd/system/vxm-prepare@.target "$WANTS/vxm-prepare@win11.target"
}

prepare() {
	"$VXM_BUILD/vxm-prepare" "$@" --root="$ROOT"
}

# card FILTER: the machine with its second card changed.
card() {
	machine ".devices |= map(if .bdf == \"0000:01:00.0\" then ($1) else . end)"
}

record() {
	cat "$ROOT/etc/vxm/prepared/win11"
}

@test "the first start records each function that moves, with its driver" {
	run prepare start win11
	[ "$status" -eq 0 ]
	[[ $output == "vxm-prepare win11: "*" PCI functions on record: from the next boot on they are kept from the host's drivers; from those in an initramfs, once it is made anew (update-initramfs -u, or dracut --force)" ]]
	run prepare show win11
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "0000:01:00.0 10de:2684:1043:88e2 nouveau" ]
	[ "${lines[1]}" = "0000:01:00.1 $(jq -r '.devices[] | select(.bdf == "0000:01:00.1") |
		.vendor + ":" + .device + ":" + (.subsystem // "0000:0000") + " " + .driver' "$BATS_TEST_TMPDIR/machine.json")" ]
	[ "$(stat -c %a "$ROOT/etc/vxm/prepared/win11")" = 644 ]
	[ "$(ls -A "$ROOT/etc/vxm/prepared")" = win11 ]
}

@test "a second start is silent and writes nothing" {
	prepare start win11
	before=$(stat -c %i "$ROOT/etc/vxm/prepared/win11")
	run prepare start win11
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "$(stat -c %i "$ROOT/etc/vxm/prepared/win11")" = "$before" ]
}

@test "the driver seen once is kept while the function is on vfio-pci" {
	prepare start win11
	card '.driver = "vfio-pci"'
	run prepare start win11
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	record | grep -q '^0000:01:00.0 .* nouveau$'
	rm "$ROOT/etc/vxm/prepared/win11"
	prepare start win11
	record | grep -q '^0000:01:00.0 .* -$'
}

@test "another card at the recorded address is refused, and the record stands" {
	prepare start win11
	before=$(record)
	card '.subsystem = "1458:40bf"'
	run prepare start win11
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "vxm-prepare win11: 0000:01:00.0 is 10de:2684:1458:40bf, and was 10de:2684:1043:88e2 when vxm-prepare@win11.target was enabled. "*"systemctl reenable"*"Nothing was changed." ]]
	[ "$(record)" = "$before" ]
}

@test "enabling anew lets go of the record" {
	prepare start win11
	card '.subsystem = "1458:40bf"'
	touch -d '-1 hour' "$ROOT/etc/vxm/prepared/win11"
	run prepare start win11
	[ "$status" -eq 0 ]
	record | grep -q '^0000:01:00.0 10de:2684:1458:40bf '
}

@test "a configuration that means another device lets go of the record" {
	prepare start win11
	card '.device = "2704"'
	sed -i s/10de:2684/10de:2704/ "$ROOT/etc/vxm/guests/win11.conf"
	prepare start win11
	record | grep -q '^0000:01:00.0 10de:2704:'
}

@test "a function beside the card that went is no reason to refuse" {
	prepare start win11
	count=$(record | grep -c '^0')
	machine '.devices |= map(select(.bdf != "0000:01:00.1"))'
	run prepare start win11
	[ "$status" -eq 0 ]
	[ "$(record | grep -c '^0')" -eq $((count - 1)) ]
}

@test "a device that is not the configured one is refused with its place, and nothing is recorded" {
	machine '.devices |= (map(.bdf |= sub("^0000:01:"; "0000:41:")) +
		[{bdf: "0000:01:00.0", class: "0200", vendor: "8086", device: "10d3", group: 90}])'
	run prepare start win11
	[ "$status" -eq 1 ]
	[ "$output" = "vxm-prepare win11: 0000:01:00.0 is 8086:10d3:0000:0000, and /etc/vxm/guests/win11.conf:5 wants 10de:2684 there, which is now at 0000:41:00.0. Nothing was recorded." ]
	[ ! -e "$ROOT/etc/vxm/prepared" ]
	machine '.devices |= map(select(.bdf | startswith("0000:41:") or startswith("0000:01:") | not))'
	run prepare start win11
	[[ $output == *"0000:01:00.0 is absent, and /etc/vxm/guests/win11.conf:5 wants 10de:2684 there. Nothing was recorded." ]]
}

@test "a guest whose target is not enabled is left alone" {
	rm "$WANTS/vxm-prepare@win11.target"
	run prepare start win11
	[ "$status" -eq 0 ]
	[ "$output" = "vxm-prepare win11: vxm-prepare@win11.target is not enabled: there is nothing to record" ]
	[ ! -e "$ROOT/etc/vxm/prepared" ]
}

@test "a record that cannot be written is a warning, one that cannot be read is not" {
	: >"$ROOT/etc/vxm/prepared"
	run prepare start win11
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"/etc/vxm/prepared/win11 cannot be read: Not a directory"* ]]
	rm "$ROOT/etc/vxm/prepared"
	mkdir -p "$ROOT/etc/vxm/prepared/.win11.new"
	run prepare start win11
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"/etc/vxm/prepared/win11 cannot be written: Is a directory. The guest can run;"* ]]
}

@test "a damaged record is refused until the target is enabled anew" {
	mkdir -p "$ROOT/etc/vxm/prepared"
	printf '0000:01:00.0 10de' >"$ROOT/etc/vxm/prepared/win11"
	run prepare start win11
	[ "$status" -eq 1 ]
	[[ $output == *"/etc/vxm/prepared/win11 cannot be read: it is not of its form."*"systemctl reenable"* ]]
	touch -d '-1 hour' "$ROOT/etc/vxm/prepared/win11"
	run prepare start win11
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "dry-run prints the record and writes nothing; show without one says how to get it" {
	run prepare start win11 --dry-run
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "0000:01:00.0 10de:2684:1043:88e2 nouveau" ]
	[ ! -e "$ROOT/etc/vxm/prepared" ]
	run prepare show win11
	[ "$status" -eq 1 ]
	[[ $output == *"nothing is on record; systemctl enable --now vxm-prepare@win11.target makes the record" ]]
	run prepare start ../x
	[ "$status" -eq 1 ]
}

@test "the rules for an initramfs are the record's, each with the conditions of all functions" {
	prepare start win11
	run prepare rules
	echo "$output"
	[ "$status" -eq 0 ]
	count=$(record | grep -c '^0')
	[ "$(grep -c '^ACTION=="add", SUBSYSTEM=="pci", KERNEL=="0000:01:00\.[0-9]", DRIVER=="", ' <<<"$output")" -eq "$count" ]
	[ "$(grep -c 'ATTR{\[pci/0000:01:00.0\]device}=="0x2684".*, ATTR{driver_override}="vfio-pci", ENV{VXM_INITRAMFS}="win11", ' <<<"$output")" -eq "$count" ]
	[ "$(grep -c 'ATTR{\[pci/0000:01:00.1\]device}==' <<<"$output")" -eq "$count" ]
	# The machine that it is made on does not count: where the card went, the initramfs will see.
	machine '.devices |= map(select(.bdf | startswith("0000:01:") | not))'
	[ "$(prepare rules)" = "$output" ]
}

@test "the rules for an initramfs are of enabled guests only, and without a record of the card that is there" {
	run prepare rules
	[ "$status" -eq 0 ]
	grep -q '^ACTION.*KERNEL=="0000:01:00.0"' <<<"$output"
	rm "$WANTS/vxm-prepare@win11.target"
	run prepare rules
	[ "$status" -eq 0 ]
	[ "$output" = "# By vxm-prepare(8), for the udev of an initramfs." ]
}

@test "a guest that is wrong keeps no initramfs from being made, and an unwritable one is told" {
	printf '[Guest]\nMemroy=4G\n' >"$ROOT/etc/vxm/guests/bad.conf"
	ln -s /usr/lib/systemd/system/vxm-prepare@.target "$WANTS/vxm-prepare@bad.target"
	output=$(prepare rules 2>"$BATS_TEST_TMPDIR/stderr")
	[[ $(cat "$BATS_TEST_TMPDIR/stderr") == "vxm-prepare: bad is left out: /etc/vxm/guests/bad.conf:2: Memroy=: no such key"* ]]
	grep -q '^ACTION.*KERNEL=="0000:01:00.0"' <<<"$output"
	run bash -c '"$VXM_BUILD/vxm-prepare" rules --root="$1" >/dev/full' _ "$ROOT"
	[ "$status" -eq 1 ]
	[[ $output == *"the rules cannot be written: No space left on device" ]]
}

@test "an initramfs that is out of date is told with the way out" {
	run prepare stale win11
	[ "$status" -eq 0 ]
	[[ $output == "vxm-prepare win11: the initramfs still keeps PCI functions for guest win11, "*"update-initramfs -u, or dracut --force" ]]
}
