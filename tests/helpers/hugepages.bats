#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vxm-hugepages on a kernel made of files: pages are counted, given back to the page, and stay counted whatever kills it.

bats_require_minimum_version 1.5.0

setup() {
	root=$BATS_TEST_TMPDIR/root
	fake=$VXM_BUILD/fake/vxm-hugepages
	machine 0
	guest demo 3G 2M
}

# machine NODE...: a workstation whose nodes have 8 GiB available each, and whose administrator keeps 40 pages of 2 MiB on
# the first, 10 of these in use.
machine() {
	local node size
	rm -rf "$root"
	mkdir -p "$root/etc/vxm/guests" "$root/proc" "$root/run/vxm"
	printf '%s\n' 'MemTotal:       33554432 kB' 'MemFree:         8388608 kB' 'MemAvailable:    8388608 kB' >"$root/proc/meminfo"
	: >"$root/proc/buddyinfo"
	for size in 2048 1048576; do
		pool "$root/sys/kernel/mm/hugepages/hugepages-${size}kB" 0 0
	done
	for node; do
		mkdir -p "$root/sys/devices/system/node/node$node"
		printf '%s\n' "Node $node MemFree:         4194304 kB" "Node $node Active(file):    2097152 kB" \
			"Node $node Inactive(file):  2097152 kB" >"$root/sys/devices/system/node/node$node/meminfo"
		: >"$root/sys/devices/system/node/node$node/compact"
		printf 'Node %s, zone   Normal      1      1      1      1      1      1      1      1      1      3      5\n' "$node" >>"$root/proc/buddyinfo"
		for size in 2048 1048576; do
			pool "$(pool_of "$node" $size)" 0 0
		done
	done
	pool "$(pool_of "$1")" 40 30
	pool "$root/sys/kernel/mm/hugepages/hugepages-2048kB" 40 30
}

pool_of() {
	printf '%s/sys/devices/system/node/node%s/hugepages/hugepages-%skB' "$root" "$1" "${2:-2048}"
}

# pool DIRECTORY TOTAL FREE
pool() {
	mkdir -p "$1"
	echo "$2" >"$1/nr_hugepages"
	echo "$3" >"$1/free_hugepages"
	echo 0 >"$1/surplus_hugepages"
	echo 0 >"$1/resv_hugepages"
}

guest() {
	printf '%s\n' '[Guest]' "Memory=$2" "Hugepages=$3" '[GPU]' 'Device=0000:01:00.0' 'Identity=10de:2684' >"$root/etc/vxm/guests/$1.conf"
}

hugepages() {
	"$fake" --root="$root" "$@"
}

pages() {
	cat "$(pool_of "${1:-0}" "${2:-2048}")/nr_hugepages"
}

# What a comparison has to see: each number of the pools, and that no record is left.
picture() {
	(cd "$root" && find sys -name '*_hugepages' -exec grep -H . {} + | sort && find run/vxm -mindepth 1 -not -path 'run/vxm/.lock*')
}

# obtainable NODE PAGES: the pool cannot grow beyond that.
obtainable() {
	echo "$2" >"$(pool_of "$1")/.obtainable"
}

# --- the way it goes ---------------------------------------------------------------------------------------------------

@test "start adds what the guest needs to what is there, stop takes exactly that away" {
	before=$(picture)
	run hugepages start demo
	[ "$status" -eq 0 ]
	[ "$output" = "vxm-hugepages demo: node0/hugepages-2048kB: 1536 pages added, 1576 in the pool" ]
	[ "$(pages)" -eq 1576 ]
	run hugepages stop demo
	[ "$status" -eq 0 ]
	[ "$output" = "vxm-hugepages demo: node0/hugepages-2048kB: 1536 pages taken away, 40 in the pool" ]
	[ "$(picture)" = "$before" ]
}

@test "a second start and a second stop change nothing and are silent" {
	before=$(picture)
	hugepages start demo
	started=$(picture)
	run hugepages start demo
	[ "$status" -eq 0 ]
	[ "$output" = "" ]
	[ "$(picture)" = "$started" ]
	hugepages stop demo
	run hugepages stop demo
	[ "$status" -eq 0 ]
	[ "$output" = "" ]
	[ "$(picture)" = "$before" ]
}

@test "a changed size of page replaces the pages of the old size" {
	hugepages start demo
	guest demo 3G 1G
	hugepages start demo
	[ "$(pages)" -eq 40 ]
	[ "$(pages 0 1048576)" -eq 3 ]
	hugepages stop demo
	[ "$(pages 0 1048576)" -eq 0 ]
}

@test "a guest that has grown gets what it lacks, and a stop takes all of it" {
	before=$(picture)
	hugepages start demo
	guest demo 4G 2M
	run hugepages start demo
	[ "$(pages)" -eq $((40 + 2048)) ]
	hugepages stop demo
	[ "$(picture)" = "$before" ]
}

@test "Hugepages=no wants nothing of the pool" {
	guest demo 3G no
	before=$(picture)
	for verb in check start stop; do
		run hugepages $verb demo
		[ "$status" -eq 0 ]
		[ "$output" = "" ]
	done
	[ "$(picture)" = "$before" ]
}

@test "stop works from the record alone: the guest's file may be gone" {
	before=$(picture)
	hugepages start demo
	rm "$root/etc/vxm/guests/demo.conf"
	hugepages stop demo
	[ "$(picture)" = "$before" ]
}

@test "--dry-run prints the plan and writes nothing" {
	before=$(picture)
	run hugepages --dry-run start demo
	[ "$output" = "node0/hugepages-2048kB: add 1536 pages, nr_hugepages 40 -> 1576" ]
	[ "$(picture)" = "$before" ]
	[ ! -e "$root/run/vxm/.lock" ]
	hugepages start demo
	started=$(picture)
	run hugepages --dry-run stop demo
	[ "$output" = "node0/hugepages-2048kB: take 1536 pages away" ]
	[ "$(picture)" = "$started" ]
}

@test "show says what is needed and what is there, also as JSON" {
	hugepages start demo
	run hugepages show demo
	[ "${lines[0]}" = "1536 pages of 2048 KiB needed, 1536 there for this guest, 0 reserved by running programs" ]
	[ "${lines[1]}" = "node0/hugepages-2048kB: 1576 pages, 0 surplus, 1566 free, 1536 added for this guest" ]
	run hugepages --json show demo
	jq -e '.needed == 1536 and .usable == 1536 and .pools[0].pages == 1576 and .pools[0].added == 1536' <<<"$output"
}

# --- others ------------------------------------------------------------------------------------------------------------

@test "two guests count each their own" {
	guest other 1G 2M
	before=$(picture)
	hugepages start demo
	hugepages start other
	[ "$(pages)" -eq $((40 + 1536 + 512)) ]
	hugepages stop demo
	[ "$(pages)" -eq $((40 + 512)) ]
	hugepages stop other
	[ "$(picture)" = "$before" ]
}

@test "what an administrator adds and takes meanwhile stays added and taken" {
	hugepages start demo
	pool "$(pool_of 0)" $((1576 + 7)) $((1566 + 7))
	hugepages stop demo
	[ "$(pages)" -eq 47 ]
	hugepages start demo
	pool "$(pool_of 0)" $((1583 - 20)) $((1573 - 20))
	hugepages stop demo
	[ "$(pages)" -eq 27 ]
}

@test "a number below all claims was written without a thought of guests: what others had before is left to them" {
	guest other 1G 2M
	before=$(picture)
	hugepages start demo
	hugepages start other
	pool "$(pool_of 0)" 600 590
	hugepages stop demo
	[ "$(pages)" -eq $((40 + 512)) ]
	hugepages stop other
	[ "$(picture)" = "$before" ]
}

@test "systemd-sysctl's vm.nr_hugepages, written once more while a guest runs, is what stays" {
	hugepages start demo
	pool "$(pool_of 0)" 1576 0
	echo 1536 >"$(pool_of 0)/surplus_hugepages" # 40 wanted, and the guest uses the rest
	hugepages stop demo
	[ "$(($(pages) - $(cat "$(pool_of 0)/surplus_hugepages")))" -eq 40 ]
	[ ! -e "$root/run/vxm/demo" ]
}

@test "a pool that was emptied under us is left empty" {
	hugepages start demo
	pool "$(pool_of 0)" 0 0
	run hugepages stop demo
	[ "$status" -eq 0 ]
	[ "$(pages)" -eq 0 ]
	[ ! -e "$root/run/vxm/demo" ]
}

@test "pages in use become surplus and are not torn out" {
	hugepages start demo
	echo 0 >"$(pool_of 0)/free_hugepages"
	hugepages stop demo
	[ "$(pages)" -eq 1576 ]
	[ "$(cat "$(pool_of 0)/surplus_hugepages")" -eq 1536 ]
	[ ! -e "$root/run/vxm/demo" ]
}

@test "surplus pages of others do not count as ours, neither coming nor going" {
	pool "$(pool_of 0)" 50 0
	echo 10 >"$(pool_of 0)/surplus_hugepages"
	hugepages start demo
	[ "$(cat "$(pool_of 0)/free_hugepages")" -eq 1536 ]
	hugepages stop demo
	[ "$(pages)" -eq 50 ]
	[ "$(cat "$(pool_of 0)/surplus_hugepages")" -eq 10 ]
}

# --- when there are too few --------------------------------------------------------------------------------------------

@test "too few: says how many, where and what to do, and gives back what it got" {
	obtainable 0 140
	before=$(picture)
	run hugepages start demo
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"1536 huge pages of 2 MiB wanted on node 0, 100 obtained, also after memory was compacted"* ]]
	[[ $output == *"(8.0 GiB are available, free blocks hold 13 such pages)"* ]]
	[[ $output == *"set a smaller Memory= or Hugepages=no in /etc/vxm/guests/demo.conf:2"* ]]
	[[ $output == *"systemctl enable vxm-prepare@demo.target"* ]]
	[[ $output == *"The pools are as they were" ]]
	[ "$(picture)" = "$before" ]
	[ "$(cat "$root/sys/devices/system/node/node0/compact")" = 1 ]
}

@test "too few of 1 GiB: says what lies in the largest blocks, on all nodes, and what other guests have" {
	machine 0 1
	guest demo 3G 1G
	guest other 1G 1G
	hugepages start other
	for node in 0 1; do
		echo 1 >"$(pool_of $node 1048576)/.obtainable"
	done
	before=$(picture)
	run hugepages start demo
	[ "$status" -eq 1 ]
	[[ $output == *"3 huge pages of 1 GiB wanted on node 0 and the others, 1 obtained, also after memory was compacted"* ]]
	[[ $output == *"0.0 GiB of it in free blocks of 4 MiB, the largest there are, and a page takes 256 that adjoin, other guests have 1)"* ]]
	[[ $output == *"systemctl enable vxm-prepare@demo.target, and boot"* ]]
	[ "$(picture)" = "$before" ]
}

# statuses VERB: what systemd would be told, a line each.
statuses() {
	python3 - "$root/notify" "$fake" --root="$root" "$@" <<-'END'
		import os, socket, subprocess, sys
		peer = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		peer.bind(sys.argv[1])
		subprocess.run(sys.argv[2:], env=os.environ | {"NOTIFY_SOCKET": sys.argv[1]}, stderr=subprocess.DEVNULL)
		peer.setblocking(False)
		try:
		    while True:
		        print(peer.recv(4096).decode())
		except BlockingIOError:
		    os.unlink(sys.argv[1])
	END
}

@test "how far a start has come is the unit's status text" {
	run statuses start demo
	[ "$output" = "STATUS=waiting for other guests' huge pages
STATUS=0 of 1536 huge pages
STATUS=512 of 1536 huge pages
STATUS=1024 of 1536 huge pages
STATUS=1536 of 1536 huge pages" ]
	run statuses stop demo
	[ "${lines[1]}" = "STATUS=giving huge pages back" ]
	obtainable 0 640
	run statuses start demo
	[[ $output == *"STATUS=600 of 1536 huge pages, compacting memory for the others"* ]]
}

@test "memory is compacted only after the first attempt fell short" {
	hugepages start demo
	[ ! -s "$root/sys/devices/system/node/node0/compact" ]
}

@test "a guest that cannot grow keeps what it had" {
	hugepages start demo
	started=$(picture)
	obtainable 0 1600
	guest demo 4G 2M
	run hugepages start demo
	[ "$status" -eq 1 ]
	[ "$(picture)" = "$started" ]
}

@test "check refuses what cannot be had, before anything moves, and takes a claim that is there" {
	guest demo 64G 2M
	before=$(picture)
	run hugepages check demo
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"32768 huge pages of 2 MiB are needed for Memory= in /etc/vxm/guests/demo.conf:2, and at most 4096 can be had"* ]]
	[ "$(picture)" = "$before" ]
	[ ! -e "$root/run/vxm/.lock" ]
	guest demo 3G 2M
	run hugepages check demo
	[ "$status" -eq 0 ]
	[ "$output" = "" ]
	hugepages start demo
	sed -i 's/^MemAvailable: .*/MemAvailable:    1000 kB/' "$root/proc/meminfo"
	run hugepages check demo
	[ "$status" -eq 0 ]
}

@test "a size of page that the machine has not is named beside those it has" {
	rm -r "$root"/sys/kernel/mm/hugepages/hugepages-1048576kB "$root"/sys/devices/system/node/node0/hugepages/hugepages-1048576kB
	guest demo 3G 1G
	for verb in check start; do
		run hugepages $verb demo
		[ "$status" -eq 1 ]
		[[ $output == *"this machine has no huge pages of 1 GiB, but hugepages-2048kB: change Hugepages= in /etc/vxm/guests/demo.conf:3" ]]
	done
	run hugepages --dry-run start demo
	[ "$status" -eq 1 ]
}

# --- several nodes -----------------------------------------------------------------------------------------------------

gpu_node() {
	mkdir -p "$root/sys/bus/pci/devices/0000:01:00.0"
	echo "$1" >"$root/sys/bus/pci/devices/0000:01:00.0/numa_node"
}

@test "pages come from the GPU's node" {
	machine 0 1
	guest demo 3G 2M
	gpu_node 1
	hugepages start demo
	[ "$(pages 0)" -eq 40 ]
	[ "$(pages 1)" -eq 1536 ]
}

@test "what the GPU's node does not have comes from the others, and all goes back" {
	machine 0 1
	guest demo 3G 2M
	gpu_node 1
	obtainable 1 1000
	before=$(picture)
	hugepages start demo
	[ "$(pages 0)" -eq $((40 + 536)) ]
	[ "$(pages 1)" -eq 1000 ]
	hugepages stop demo
	[ "$(picture)" = "$before" ]
}

@test "a guest larger than a node is spread by what the nodes have, without driving one to its end" {
	machine 0 1
	guest demo 12G 2M
	gpu_node 0
	hugepages start demo
	[ "$(pages 0)" -eq $((40 + 4096)) ]
	[ "$(pages 1)" -eq 2048 ]
}

@test "a kernel without NUMA has one pool" {
	machine 0
	guest demo 3G 2M
	rm -r "$root/sys/devices/system/node"
	before=$(picture)
	run hugepages start demo
	[ "$output" = "vxm-hugepages demo: machine/hugepages-2048kB: 1536 pages added, 1576 in the pool" ]
	hugepages stop demo
	[ "$(picture)" = "$before" ]
}

# --- at boot -----------------------------------------------------------------------------------------------------------

# card ID: the function at the guests' Device=.
card() {
	mkdir -p "$root/sys/bus/pci/devices/0000:01:00.0"
	printf '0x%s\n' "${1%:*}" >"$root/sys/bus/pci/devices/0000:01:00.0/vendor"
	printf '0x%s\n' "${1#*:}" >"$root/sys/bus/pci/devices/0000:01:00.0/device"
	echo 0x030000 >"$root/sys/bus/pci/devices/0000:01:00.0/class"
}

@test "boot makes the claims of the prepared guests, and a later start finds them" {
	card 10de:2684
	guest other 1G 2M
	guest broken nonsense 2M
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	for name in demo broken; do
		ln -s /usr/lib/systemd/system/vxm-prepare@.target "$root/etc/systemd/system/multi-user.target.wants/vxm-prepare@$name.target"
	done
	run hugepages boot
	[ "$status" -eq 1 ]
	[[ $output == *"vxm-hugepages demo: node0/hugepages-2048kB: 1536 pages added"* ]]
	[[ $output == *"vxm-hugepages broken: /etc/vxm/guests/broken.conf:2: "* ]]
	[ "$(pages)" -eq 1576 ]
	run hugepages start demo
	[ "$status" -eq 0 ]
	[ "$output" = "" ]
	rm "$root/etc/systemd/system/multi-user.target.wants/vxm-prepare@broken.target"
	run hugepages boot
	[ "$status" -eq 0 ]
	[ "$output" = "" ]
}

@test "boot makes pages of 1 GiB, and a boot that is killed keeps no other guest from its own" {
	card 10de:2684
	guest demo 3G 1G
	guest other 2G 1G
	echo 4 >"$(pool_of 0 1048576)/.obtainable"
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -s /usr/lib/systemd/system/vxm-prepare@.target "$root/etc/systemd/system/multi-user.target.wants/vxm-prepare@demo.target"
	run env VXM_FAKE_KILL_AFTER=2 "$fake" --root="$root" boot
	[ "$status" -eq 137 ]
	[ "$(pages 0 1048576)" -eq 2 ]
	hugepages boot
	[ "$(pages 0 1048576)" -eq 3 ]
	run hugepages start demo
	[ "$output" = "" ]
	run hugepages start other
	[ "$status" -eq 1 ]
	[[ $output == *"other guests have 3)"* ]]
	hugepages stop demo
	hugepages start other
	[ "$(pages 0 1048576)" -eq 2 ]
}

@test "boot takes no pages for a guest whose card is not where it was" {
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -s /usr/lib/systemd/system/vxm-prepare@.target "$root/etc/systemd/system/multi-user.target.wants/vxm-prepare@demo.target"
	card 8086:10d3
	run hugepages boot
	[ "$status" -eq 0 ]
	[ "$output" = "" ]
	[ "$(pages)" -eq 40 ]
	card 10de:2684
	hugepages boot
	[ "$(pages)" -eq 1576 ]
}

@test "the boot unit is wanted early, and only when a prepared guest has huge pages" {
	local out=$root/generated link=sysinit.target.wants/vxm-hugepages.service
	mkdir -p "$out" "$root/etc/systemd/system/multi-user.target.wants"
	"$VXM_BUILD/vxm-generator" --root="$root" "$out" "$out" "$out" 2>/dev/null
	[ ! -e "$out/$link" ] && [ ! -L "$out/$link" ]
	ln -s /usr/lib/systemd/system/vxm-prepare@.target "$root/etc/systemd/system/multi-user.target.wants/vxm-prepare@demo.target"
	guest demo 3G no
	"$VXM_BUILD/vxm-generator" --root="$root" "$out" "$out" "$out" 2>/dev/null
	[ ! -L "$out/$link" ]
	guest demo 3G 2M
	"$VXM_BUILD/vxm-generator" --root="$root" "$out" "$out" "$out" 2>/dev/null
	[[ $(readlink "$out/$link") == */lib/systemd/system/vxm-hugepages.service ]]
}

# --- killed anywhere ---------------------------------------------------------------------------------------------------

# For N = 1, 2, ...: WHAT at write N of VERB, then AFTERWARDS, then the machine is as before. Ends with the first N that VERB
# survives, and fails when that was the first of all.
matrix() {
	local verb=$1 variable=$2 suffix=$3 n status
	shift 3
	for ((n = 1; n < 50; n++)); do
		machine 0
		guest demo 3G 2M
		guest other 1G 2M
		before=$(picture)
		[ "$verb" = start ] || hugepages start demo 2>/dev/null
		status=0
		env "$variable=$n$suffix" "$fake" --root="$root" "$verb" demo 2>/dev/null || status=$?
		"$@"
		if [ "$(picture)" != "$before" ]; then
			echo "$verb $variable=$n$suffix: $(diff <(echo "$before") <(picture))"
			return 1
		fi
		[ "$status" -ne 0 ] || break
	done
	echo "$verb $variable: $((n - 1)) moments"
	[ "$n" -gt 1 ] && [ "$n" -lt 50 ]
}

stop_alone() {
	hugepages stop demo 2>/dev/null
}

other_in_between() {
	hugepages start other 2>/dev/null
	[ "$(jq .usable <<<"$(hugepages --json show other)")" -eq 512 ]
	hugepages stop demo 2>/dev/null
	[ "$(pages)" -eq $((40 + 512)) ]
	hugepages stop other 2>/dev/null
}

start_again() {
	hugepages start demo 2>/dev/null
	[ "$(pages)" -eq 1576 ]
	hugepages stop demo 2>/dev/null
}

@test "killed before or after any write of a start, a stop puts it right" {
	matrix start VXM_FAKE_KILL_BEFORE '' stop_alone
	matrix start VXM_FAKE_KILL_AFTER '' stop_alone
}

@test "killed before or after any write of a stop, a second stop puts it right" {
	matrix stop VXM_FAKE_KILL_BEFORE '' stop_alone
	matrix stop VXM_FAKE_KILL_AFTER '' stop_alone
}

@test "killed anywhere, another guest's start and stop in between keep both counts right" {
	for verb in start stop; do
		matrix $verb VXM_FAKE_KILL_BEFORE '' other_in_between
		matrix $verb VXM_FAKE_KILL_AFTER '' other_in_between
	done
}

@test "killed anywhere, a new start takes up what is there" {
	for verb in start stop; do
		matrix $verb VXM_FAKE_KILL_BEFORE '' start_again
		matrix $verb VXM_FAKE_KILL_AFTER '' start_again
	done
}

@test "a write that fails is told, and a stop puts it right" {
	for error in EIO EBUSY ENOSPC EINTR; do
		matrix start VXM_FAKE_FAIL ":$error" stop_alone
		matrix stop VXM_FAKE_FAIL ":$error" stop_alone
	done
}

@test "a start that fails gives back by itself" {
	before=$(picture)
	run env VXM_FAKE_FAIL=2:EIO "$fake" --root="$root" start demo
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"adding 1536 huge pages of 2048 KiB failed: Input/output error"* ]]
	[ "$(picture)" = "$before" ]
}

@test "a start that could not give back what it got does not say that it has" {
	local n left=0
	for ((n = 1; n < 50; n++)); do
		machine 0 1
		guest demo 3G 2M
		obtainable 0 700
		obtainable 1 600
		before=$(picture)
		run env "VXM_FAKE_FAIL=$n:EIO" "$fake" --root="$root" start demo
		echo "$n: $output"
		[ "$status" -eq 1 ]
		if [ "$(picture)" = "$before" ]; then
			[[ $output == *"The pools are as they were"* ]]
		else
			left=$((left + 1))
			[[ $output != *"as they were"* ]]
			[[ $output == *"systemctl stop vxm-hugepages@demo.service"* ]]
		fi
		hugepages stop demo 2>/dev/null
		[ "$(picture)" = "$before" ]
	done
	[ "$left" -gt 0 ]
}

@test "interrupted anywhere in falling short on two nodes, a stop puts it right" {
	local n status how
	for how in KILL_BEFORE: KILL_AFTER: FAIL::EIO FAIL::EBUSY FAIL::ENOSPC FAIL::EINTR; do
		for ((n = 1; n < 50; n++)); do
			machine 0 1
			guest demo 3G 2M
			obtainable 0 700
			obtainable 1 600
			before=$(picture)
			status=0
			run env "VXM_FAKE_${how%%:*}=$n${how#*:}" "$fake" --root="$root" start demo
			[ "$status" -eq 137 ] || [ "$status" -eq 1 ]
			[ "$status" -eq 137 ] || [ "${#lines[@]}" -eq 1 ]
			hugepages stop demo 2>/dev/null
			[ "$(picture)" = "$before" ]
			[[ $how != KILL* ]] || [ "$status" -eq 137 ] || break
			[[ $how == KILL* ]] || [ "$n" -lt 12 ] || break
		done
		echo "$how $((n - 1)) moments"
		[ "$n" -gt 6 ]
	done
}

@test "a broken record is an error that names it, and nothing is written" {
	hugepages start demo
	echo 'node0/hugepages-2048kB added many' >"$root/run/vxm/demo/hugepages"
	for verb in start stop; do
		run hugepages $verb demo
		[ "$status" -eq 1 ]
		[[ $output == *"/run/vxm/*/hugepages"*"nothing was changed"* ]]
	done
	[ "$(pages)" -eq 1576 ]
}

# --- two guests race for pages -----------------------------------------------------------------------------------------

# script NAME: what stdin says, as a program that the fake kernel can run, which itself is on a kernel without surprises.
script() {
	cat - >"$BATS_TEST_TMPDIR/$1" <<-END
		#!/bin/bash
		set -e
		unset "\${!VXM_FAKE_@}"
		exec 3>&-
		# Until who was just started waits for the lock: at this very moment, and not some time after it.
		await() {
			local lock n
			lock=\$(stat -c %i "$root/run/vxm/.lock/hugepages")
			for ((n = 0; n < 1000; n++)); do
				! grep -q -- "-> FLOCK .*:\$lock " /proc/locks || return 0
				sleep 0.01
			done
			return 1
		}
		$(cat)
	END
	chmod +x "$BATS_TEST_TMPDIR/$1"
}

# race ROOM: two guests of 3 GiB where the pool can grow to ROOM pages.
race() {
	machine 0
	guest demo 3G 2M
	guest other 3G 2M
	obtainable 0 "$1"
	before=$(picture)
	rm -f "$BATS_TEST_TMPDIR"/*.ended "$BATS_TEST_TMPDIR"/met
	# Open here as well, so that who writes to one does not wait for us.
	mkfifo "$BATS_TEST_TMPDIR/other.ended" "$BATS_TEST_TMPDIR/demo.ended"
	exec 4<>"$BATS_TEST_TMPDIR/other.ended" 5<>"$BATS_TEST_TMPDIR/demo.ended"
}

# ended GUEST: what its start or stop had for a status, once that is over.
ended() {
	local result
	read -r -t 100 result <"$BATS_TEST_TMPDIR/$1.ended"
	echo "$result"
}

usable() {
	jq .usable <<<"$(hugepages --json show "$1")"
}

both_stop() {
	hugepages stop demo 2>/dev/null
	hugepages stop other 2>/dev/null
	[ "$(picture)" = "$before" ]
}

@test "where only one fits: the other is started at each moment of a start, and one has the pages" {
	local n when fate status theirs
	script rival <<-END
		touch "$BATS_TEST_TMPDIR/met"
		{ "$fake" --root="$root" start other >/dev/null 2>&1 && echo 0 || echo 1; } >"$BATS_TEST_TMPDIR/other.ended" &
		await
	END
	for when in BEFORE AFTER; do
		for fate in lives dies; do
			for ((n = 1; n < 50; n++)); do
				race 2000
				status=0
				env VXM_FAKE_RUN_$when=$n:"$BATS_TEST_TMPDIR/rival" VXM_FAKE_KILL_$when="$([ $fate = lives ] || echo $n)" \
					"$fake" --root="$root" start demo 2>/dev/null || status=$?
				[ -e "$BATS_TEST_TMPDIR/met" ] || break
				theirs=$(ended other)
				if [ $fate = lives ]; then
					[ "$status $theirs $(usable demo) $(usable other)" = "0 1 1536 0" ]
				else
					[ "$status $theirs $(usable demo) $(usable other)" = "137 0 0 1536" ]
				fi
				[ "$(pages)" -eq $((40 + 1536)) ]
				both_stop
			done
			echo "$when, $fate: $((n - 1)) moments"
			[ "$n" -eq 4 ]
			[ "$status" -eq 0 ]
		done
	done
}

@test "where both fit: one is started at each moment of the other, which is stopped at each moment of the one" {
	local n m when
	script stopper <<-END
		touch "$BATS_TEST_TMPDIR/met"
		{ "$fake" --root="$root" stop demo >/dev/null 2>&1 && echo 0 || echo 1; } >"$BATS_TEST_TMPDIR/demo.ended" &
		await
	END
	for when in BEFORE AFTER; do
		for ((n = 1; n < 4; n++)); do
			for ((m = 1; m < 50; m++)); do
				race 5000
				script rival <<-END
					{ VXM_FAKE_RUN_$when=$m:"$BATS_TEST_TMPDIR/stopper" "$fake" --root="$root" start other >/dev/null 2>&1 &&
						echo 0 || echo 1; } >"$BATS_TEST_TMPDIR/other.ended" &
					await
				END
				env VXM_FAKE_RUN_$when=$n:"$BATS_TEST_TMPDIR/rival" "$fake" --root="$root" start demo 2>/dev/null
				[ "$(ended other)" = 0 ]
				[ -e "$BATS_TEST_TMPDIR/met" ] || break
				[ "$(ended demo)" = 0 ]
				[ "$(usable demo) $(usable other) $(pages)" = "0 1536 $((40 + 1536))" ]
				both_stop
			done
			echo "$when $n: $((m - 1)) moments of the other"
			[ "$m" -eq 4 ]
		done
	done
}

@test "a start killed anywhere does not keep the next guest from its memory, and the taking back is said" {
	race 2000
	run env VXM_FAKE_KILL_AFTER=2 "$fake" --root="$root" start demo
	[ "$status" -eq 137 ]
	run hugepages start other
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "vxm-hugepages other: node0/hugepages-2048kB: 1024 pages taken away, which a killed start or stop of demo had left" ]
	[ "$(usable other)" -eq 1536 ]
	both_stop
}

@test "a start killed while it enlarges a claim is taken back to the claim, also by another guest" {
	local n
	for ((n = 1; n < 4; n++)); do
		race 5000
		hugepages start demo
		guest demo 6G 2M
		run env VXM_FAKE_KILL_AFTER=$n "$fake" --root="$root" start demo
		[ "$status" -eq 137 ]
		hugepages start other
		[ "$(usable demo) $(usable other) $(pages)" = "1536 1536 $((40 + 2 * 1536))" ]
		both_stop
	done
}

@test "pages that somebody adds right after any write, or after a kill there, are his" {
	local n kill
	script seven <<-END
		for name in nr free; do
			file=$(pool_of 0)/\${name}_hugepages
			echo \$((\$(cat \$file) + 7)) >\$file
		done
	END
	for kill in '' VXM_FAKE_KILL_AFTER; do
		for ((n = 1; n < 4; n++)); do
			race 5000
			env VXM_FAKE_RUN_AFTER=$n:"$BATS_TEST_TMPDIR/seven" ${kill:+$kill=$n} "$fake" --root="$root" start demo 2>/dev/null ||
				[ $? -eq 137 ]
			hugepages stop demo 2>/dev/null
			[ "$(pages)" -eq 47 ]
		done
	done
}
