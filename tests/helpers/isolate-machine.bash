# SPDX-License-Identifier: GPL-2.0-or-later
# Machines for the tests of vxm-isolate: a root made from a fixture, and a guest on it.
# shellcheck disable=SC2154 # status, output and lines are those of run

# make_machine [JQ-FILTER]: $ROOT is tests/fixtures/machines/dual.json after the filter, with the guest "win11".
make_machine() {
	ROOT="$BATS_TEST_TMPDIR/root"
	rm -rf "$ROOT"
	jq "${1:-.}" "$VXM_SOURCE/tests/fixtures/machines/dual.json" >"$BATS_TEST_TMPDIR/machine.json"
	"$VXM_SOURCE/tests/fixtures/mkroot" "$BATS_TEST_TMPDIR/machine.json" "$ROOT"
	make_guest win11 0000:01:00.0 10de:2684
}

# make_guest NAME BDF IDENTITY [LINE...]: further lines come after those of [GPU].
make_guest() {
	mkdir -p "$ROOT/etc/vxm/guests"
	{
		printf '[Guest]\nMemory=8G\n[Disk]\nPath=/var/lib/vxm/disk.img\n[GPU]\nDevice=%s\nIdentity=%s\n' "$2" "$3"
		[ $# -lt 4 ] || printf '%s\n' "${@:4}"
	} >"$ROOT/etc/vxm/guests/$1.conf"
}

# on FILTER: a jq filter that changes the function BDF: on 0000:01:00.0 '.boot_vga = 1'
on() {
	printf '.devices |= map(if .bdf == "%s" then (%s) else . end)' "$1" "$2"
}

isolate() {
	"$VXM_BUILD/fake/vxm-isolate" "$@" --root="$ROOT"
}

driver() {
	local link
	link=$(readlink "$ROOT/sys/bus/pci/devices/$1/driver") || return 0
	basename "$link"
}

attribute() {
	cat "$ROOT/sys/bus/pci/devices/$1/$2"
}

# Everything below the root: kind, mode, place, target, and what is in the files.
fingerprint() {
	(cd "$ROOT" && find . -printf '%y %m %p %l\n' | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

# refused PATTERN: start and check both refuse in one line that matches, and nothing has changed.
refused() {
	local verb before
	before=$(fingerprint)
	for verb in check start; do
		run isolate "$verb" win11
		echo "$verb: $output"
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"$1"* ]]
		[[ $output == *"Nothing was changed." ]]
		[ "$(fingerprint)" = "$before" ]
	done
}
