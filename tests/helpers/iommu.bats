#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The verdict on every GPU of the recorded machines equals the expected one, in all programs that say one.

MACHINES="$VXM_SOURCE/tests/fixtures/iommu"

setup_file() {
	export ROOTS="$BATS_FILE_TMPDIR/roots"
	"$VXM_SOURCE/tests/fixtures/mkroot" "$MACHINES"/[mn]*.json "$ROOTS"
}

# One line for each candidate GPU: the machine, and what is expected.
expected() {
	jq -cS 'to_entries[] | .key as $machine | .value.candidates[] | . + {machine: $machine}' "$MACHINES/expect.json" | sort
}

# A filter: what a program says about GPUs, in the form of expect.json.
FORM='{machine: $machine, gpu: .bdf, id, class, group, verdict, own, bridges, foreign, own_other_groups}'

@test "list-gpus: verdict, own, bridges, foreign members and other groups are the expected ones on every machine" {
	local root said="$BATS_TEST_TMPDIR/said"
	for root in "$ROOTS"/*; do
		printf '{"machine": "%s", "gpus": ' "${root##*/}"
		"$VXM_BUILD/vxm" list-gpus --json --root="$root" || return 1
		echo '}'
	done >"$said"
	# All display functions are listed; Intel's own GPU is no candidate, so nothing is expected of it.
	diff <(jq -cS 'to_entries[] | {machine: .key, gpus: .value.gpus}' "$MACHINES/expect.json" | sort) \
		<(jq -cS '{machine, gpus: [.gpus[].bdf]}' "$said" | sort)
	diff <(expected) <(jq -cS --slurpfile expect "$MACHINES/expect.json" '.machine as $machine
		| ($expect[0][$machine].candidates | map(.gpu)) as $wanted
		| .gpus[] | select(.bdf | IN($wanted[])) | '"$FORM" "$said" | sort)
	[ "$(jq -s 'length' "$said")" -ge 86 ]
	[ "$(expected | wc -l)" -ge 72 ]
}

@test "check: on every machine there is one verdict, in words, in JSON and in the exit status" {
	local root said="$BATS_TEST_TMPDIR/said" good
	for root in "$ROOTS"/*; do
		run "$VXM_BUILD/vxm" check --root="$root"
		[ "$(grep -c '^verdict: ' <<<"$output")" -eq 1 ] || { echo "$root: $output"; return 1; }
		good=$(grep -c '^verdict: yes: ' <<<"$output") || [ "$good" -eq 0 ]
		[ "$status" -eq $((1 - good)) ] || { echo "$root: $status"; return 1; }
		printf '{"machine": "%s", "good": %d, "gpus": ' "${root##*/}" "$good"
		"$VXM_BUILD/vxm" check --root="$root" --json
		printf ', "listed": '
		"$VXM_BUILD/vxm" list-gpus --root="$root" --json
		echo '}'
	done >"$said"
	# The same devices in the same words as list-gpus; each reason is whole; good is: some GPU has nothing that blocks.
	jq -e -s 'length >= 86 and all(.[];
		(.gpus | map(del(.reasons))) == .listed
		and all(.gpus[].reasons[]; (.code | test("^[a-z0-9-]+$")) and (.text | length > 0) and (.fix | length > 0))
		and (.good == 1) == any(.gpus[]; all(.reasons[]; .level != "blocks"))
		and all(.gpus[]; (.verdict == "clean") or any(.reasons[]; .code == "no-iommu" or .code == "foreign-member")))' "$said"
	[ "$(jq -s 'map(.good) | unique | length' "$said")" -eq 2 ]
}

@test "vxm-isolate show: they are the same there" {
	local machine gpu id said="$BATS_TEST_TMPDIR/said"
	while read -r machine gpu id; do
		mkdir -p "$ROOTS/$machine/etc/vxm/guests"
		printf '[Guest]\nMemory=1G\n[Disk]\nPath=/d\n[GPU]\nDevice=%s\nIdentity=%s\n' "$gpu" "$id" \
			>"$ROOTS/$machine/etc/vxm/guests/g.conf"
		printf '{"machine": "%s", "shown": ' "$machine"
		"$VXM_BUILD/vxm-isolate" show g --root="$ROOTS/$machine" --json || return 1
		echo '}'
	done < <(expected | jq -r '"\(.machine) \(.gpu) \(.id)"') >"$said"
	diff <(expected) <(jq -cS '.machine as $machine | .shown.devices[0] | '"$FORM" "$said" | sort)
}

@test "the collection has every verdict, groups beside the GPU's own, and five-digit domains" {
	[ "$(jq -r '[.[].candidates[].verdict] | unique | join(" ")' "$MACHINES/expect.json")" = "clean no-iommu shared" ]
	[ "$(jq '[.[].candidates[].own_other_groups[]] | length' "$MACHINES/expect.json")" -ge 5 ]
	grep -q '"bdf": "1[0-9a-f]\{4\}:' "$MACHINES"/*.json
}
