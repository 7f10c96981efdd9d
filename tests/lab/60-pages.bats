#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# vxm-hugepages on a real kernel's pools: in memory that was fragmented first, and beside others who use and change the
# same pool. 65-cycles.bats does it over and over.

load stage

POOL=/sys/devices/system/node/node0/hugepages/hugepages-2048kB

setup_file() {
	stage_up dual
	monitor_up
	install_demo
	fingerprint before
}

teardown_file() {
	stage_down
}

teardown() {
	stage_keep
}

# pages_guest MEMORY [SIZE]: a guest that is never started; its pages are.
pages_guest() {
	configure pages <<-END
		[Guest]
		Memory=$1
		Hugepages=${2:-2M}
		Firmware=uefi

		[GPU]
		Device=$GPU
		Identity=1234:1111
	END
}

pages() {
	l1 cat "$POOL/nr_hugepages"
}

# fragmented COMMAND...: in memory that has just been taken to pieces, whatever it was before. A GiB is, most of it free; every
# fourth piece of 2 MiB has a page in it that cannot be moved. Of the four GiB there are, two are in use.
fragmented() {
	l1 systemd-run --quiet --unit=lab-fragment --service-type=notify -p LimitNOFILE=8192 /payload/bin/fragment 1024 4 2000 &&
		"$@" && l1 systemctl stop lab-fragment.service
}

# What one write of more than there is brings.
by_write() {
	l1sh 'echo "$2" >"$1/nr_hugepages"; cat "$1/nr_hugepages"; echo 0 >"$1/nr_hugepages"' "$POOL" "$1"
}

# What a start that is short of pages has obtained before it gave all back, by its own words.
by_start() {
	l1sh 'out=$(! vxm-hugepages start pages 2>&1); echo "$out" >&2
		sed -nE "s/.* wanted on node 0, ([0-9]+) obtained, also after memory was compacted .*/\1/p" <<<"$out"'
}

@test "in fragmented memory a start obtains no fewer pages than a plain write, and gives all back when they are short" {
	local ours=0 plain=0 got round
	pages_guest 1600M
	for round in 1 2 3; do
		got=$(fragmented by_write 800)
		echo "round $round, by one write: $got of 800"
		plain=$((plain + got))
		got=$(fragmented by_start 2>"$BATS_FILE_TMPDIR/words")
		cat "$BATS_FILE_TMPDIR/words"
		echo "round $round, by a start: $got of 800"
		ours=$((ours + got))
		[ "$(pages)" -eq 0 ]
	done
	echo "# fragmented memory, 3 rounds: $ours pages by starts, $plain by plain writes" >&3
	# Something was in the way, and something was to be had.
	[ "$plain" -gt 0 ]
	[ "$plain" -lt $((3 * 800)) ]
	# What else the machine does comes to some pages, this way and that.
	[ "$((ours * 100))" -ge "$((plain * 99))" ]
	l1sh 'test ! -e /run/vxm/pages'
}

@test "the error says what fragmentation allows and what would help at boot" {
	local output
	output=$(cat "$BATS_FILE_TMPDIR/words")
	echo "$output"
	[[ $output == *"800 huge pages of 2 MiB wanted on node 0, "*" obtained, also after memory was compacted ("*" GiB are available, free blocks hold "*" such pages)"* ]]
	[[ $output == *"systemctl enable vxm-prepare@pages.target, and boot. The pools are as they were" ]]
}

@test "in fragmented memory a start that finds its pages takes exactly these back" {
	pages_guest 512M
	fragmented l1sh 'vxm-hugepages start pages; cat "$1/nr_hugepages"; vxm-hugepages stop pages' "$POOL" | grep -Fx 256
	[ "$(pages)" -eq 0 ]
}

@test "pages that another program has, or has reserved, beyond the pool stay its and count for nobody" {
	pages_guest 128M
	l1sh 'echo 64 >/proc/sys/vm/nr_overcommit_hugepages'
	l1 systemd-run --quiet --unit=lab-surplus --service-type=notify -p NotifyAccess=all python3 -c '
import mmap, signal, subprocess
memory = mmap.mmap(-1, 10 << 21, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)
for at in range(0, 5 << 21, 1 << 21):
    memory[at] = 1
subprocess.run(["systemd-notify", "--ready"], check=True)
signal.pause()
'
	[ "$(l1sh 'cat "$1"/{nr,surplus,free}_hugepages | xargs' "$POOL")" = "10 10 5" ]
	l1 vxm-hugepages start pages
	[ "$(l1sh 'cat "$1"/{nr,surplus,free}_hugepages | xargs' "$POOL")" = "74 0 69" ]
	[ "$(l1 cat /sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages)" -eq 5 ]
	l1 vxm-hugepages stop pages
	[ "$(l1sh 'cat "$1"/{nr,surplus,free}_hugepages | xargs' "$POOL")" = "10 10 5" ]
	l1 systemctl stop lab-surplus.service
	l1sh 'echo 0 >/proc/sys/vm/nr_overcommit_hugepages'
	[ "$(pages)" -eq 0 ]
}

@test "ten starts and stops while somebody else changes the pool: each to the page" {
	pages_guest 256M
	l1sh '
		pool=$1/nr_hugepages base=40
		echo $base >$pool
		for ((i = 1; i <= 10; i++)); do
			vxm-hugepages start pages 2>/dev/null
			test $(cat $pool) -eq $((base + 128))
			base=$((base + (i * 7 % 11) - 5))
			echo $((base + 128)) >$pool
			vxm-hugepages stop pages 2>/dev/null
			test $(cat $pool) -eq $base
		done
		echo 0 >$pool' "$POOL"
	l1sh 'test ! -e /run/vxm/pages'
}

@test "systemd-sysctl's number, written again while the guest has its pages, stays" {
	pages_guest 128M
	l1sh 'mkdir -p /run/sysctl.d; echo vm.nr_hugepages=20 >/run/sysctl.d/pages.conf
		systemctl restart systemd-sysctl.service; vxm-hugepages start pages'
	[ "$(pages)" -eq 84 ]
	l1 systemctl restart systemd-sysctl.service
	[ "$(pages)" -eq 20 ]
	l1 vxm-hugepages stop pages
	[ "$(pages)" -eq 20 ]
	l1sh 'rm /run/sysctl.d/pages.conf; echo 0 >"$1/nr_hugepages"' "$POOL"
}

@test "the unit's status text says how far it has come" {
	l1 systemd-run --quiet --unit=lab-holder -p Requires=vxm-hugepages@demo.service -p After=vxm-hugepages@demo.service \
		--service-type=exec sleep infinity
	[ "$(property vxm-hugepages@demo.service ActiveState)" = active ]
	[ "$(property vxm-hugepages@demo.service StatusText)" = "256 of 256 huge pages" ]
	[ "$(pages)" -eq 256 ]
	l1 systemctl stop lab-holder.service
	settle 60 vxm-hugepages@demo.service inactive
	[ "$(pages)" -eq 0 ]
}

@test "after all of that the workstation is what it was" {
	l1sh 'rm /etc/vxm/guests/pages.conf; systemctl daemon-reload'
	fingerprint after
	same before after
}
