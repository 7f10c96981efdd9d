#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The verdict on every GPU of the recorded machines equals the expected one.

MACHINES="$VXM_SOURCE/tests/fixtures/iommu"

# answers MACHINE: what vxm-isolate says about each of its GPUs, in the form of expect.json.
answers() {
	local root="$BATS_TEST_TMPDIR/$1" gpu id
	"$VXM_SOURCE/tests/fixtures/mkroot" "$MACHINES/$1.json" "$root"
	mkdir -p "$root/etc/vxm/guests"
	while read -r gpu id; do
		printf '[Guest]\nMemory=1G\n[Disk]\nPath=/d\n[GPU]\nDevice=%s\nIdentity=%s\n' "$gpu" "$id" >"$root/etc/vxm/guests/g.conf"
		"$VXM_BUILD/vxm-isolate" show g --root="$root" --json
	done < <(expected "$1" '.gpu + " " + .id' -r) |
		jq -cS '.devices[0] | {gpu: .bdf, id, class, group, verdict, own, bridges, foreign, own_other_groups}'
}

expected() {
	jq -cS "${@:3}" --arg id "$1" '.[$id].candidates[] | '"$2" "$MACHINES/expect.json"
}

@test "verdict, own, bridges, foreign members and other groups are the expected ones" {
	local machine count=0
	for machine in "$MACHINES"/[mn]*.json; do
		machine=$(basename "$machine" .json)
		echo "$machine"
		diff <(expected "$machine" .) <(answers "$machine")
		count=$((count + $(expected "$machine" 1 | wc -l)))
	done
	echo "$count GPUs"
	[ "$count" -ge 36 ]
}

@test "the collection has every verdict, and groups beside the GPU's own" {
	[ "$(jq -r '[.[].candidates[].verdict] | unique | join(" ")' "$MACHINES/expect.json")" = "clean no-iommu shared" ]
	[ "$(jq '[.[].candidates[].own_other_groups[]] | length' "$MACHINES/expect.json")" -ge 5 ]
}
