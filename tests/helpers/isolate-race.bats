#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# Two guests race for one card: whatever either of them is doing, and wherever it is killed, one of them has the card, the
# other has moved nothing, and once both have been stopped the tree is what it was.
#
# A moment is right before or right after a write to the kernel. Right before one the tree is what it was right after the
# last, and the pairs of moments are hundreds. With VXM_LONG all of them are met, by one who lives and by one who is killed
# there. Without it those after a write are, each once (where somebody waits in vain, some of them), by the two in turn.

load isolate-machine

# Three writes for each of three functions with a driver, two for the one without.
MOMENTS_OF_START=11

setup() {
	make_machine
	make_guest other 0000:01:00.0 10de:2684
	BEFORE=$(fingerprint)
	whens="AFTER${VXM_LONG:+ BEFORE}"
	# As in a unit: what fails is followed by the stop of its ExecStopPost=.
	script rival <<-END
		{
			result=0
			fake start other 2>"$BATS_TEST_TMPDIR/other.said" || result=1
			[ \$result -eq 0 ] || fake stop other
			echo \$result
		} >"$BATS_TEST_TMPDIR/other.ended" &
		await
	END
}

# script NAME: what stdin says, as a program that the fake kernel can run, which itself is on a kernel without surprises.
script() {
	cat - >"$BATS_TEST_TMPDIR/$1" <<-END
		#!/bin/bash
		set -e
		unset "\${!VXM_FAKE_@}"
		exec 3>&-
		fake() {
			"$VXM_BUILD/fake/vxm-isolate" "\$@" --root="$ROOT"
		}
		# Until who was just started waits for the lock: at this very moment, and not some time after it. It is in the system
		# call flock. (/proc/locks does not do: in a PID namespace it leaves out the lock of a process that has ended, as the
		# child that waits for the lock with a deadline has.)
		await() {
			local process call n
			for ((n = 0; n < 1000; n++)); do
				for process in \$(grep -lszxF -- "--root=$ROOT" /proc/[0-9]*/cmdline); do
					! read -r call _ 2>/dev/null <"\${process%cmdline}syscall" || [ "\$call" != 73 ] || return 0
				done
				sleep 0.01
			done
			return 1
		}
		touch "$BATS_TEST_TMPDIR/$1.ran"
		$(cat)
	END
	chmod +x "$BATS_TEST_TMPDIR/$1"
}

# act VERB [VARIABLE=VALUE]...: on the guest win11, in a kernel like that; its status in $status. The pipes are open here
# as well, so that who writes to one does not wait for us.
act() {
	local verb=$1
	shift
	rm -f "$BATS_TEST_TMPDIR"/*.{ran,said,ended}
	mkfifo "$BATS_TEST_TMPDIR/other.ended" "$BATS_TEST_TMPDIR/win11.ended"
	exec 4<>"$BATS_TEST_TMPDIR/other.ended" 5<>"$BATS_TEST_TMPDIR/win11.ended"
	status=0
	env "$@" "$VXM_BUILD/fake/vxm-isolate" "$verb" win11 --root="$ROOT" 2>/dev/null || status=$?
}

ran() {
	[ -e "$BATS_TEST_TMPDIR/$1.ran" ]
}

# ended GUEST: what its start had for a status, once that is over, and the stop after one that failed.
ended() {
	local result
	read -r -t 100 result <"$BATS_TEST_TMPDIR/$1.ended"
	echo "$result"
}

# refused_for GUEST OWNER
refused_for() {
	grep "is held for the guest $2:" "$BATS_TEST_TMPDIR/$1.said"
}

# The guests that have a claim.
owners() {
	(cd "$ROOT/run/vxm" && find . -name isolate -type f -printf '%P\n' | xargs -r dirname)
}

is_taken() {
	local f
	for f in 0 1 2 3; do
		[ "$(driver 0000:01:00.$f)" = vfio-pci ]
	done
}

both_stop() {
	isolate stop win11 2>/dev/null
	isolate stop other 2>/dev/null
	diff <(echo "$BEFORE") <(fingerprint)
}

# fates N: what becomes at its N-th moment of who is interrupted there.
fates() {
	if [ -n "${VXM_LONG:-}" ]; then
		echo lives dies
	elif (($1 % 2)); then
		echo lives
	else
		echo dies
	fi
}

# interrupt VERB WHEN N FATE: there the other's start begins to wait.
interrupt() {
	act "$1" "VXM_FAKE_RUN_$2=$3:$BATS_TEST_TMPDIR/rival" "VXM_FAKE_KILL_$2=$([ "$4" = lives ] || echo "$3")"
}

@test "the other is started at each moment of a start: the first has the card, and keeps it if it is killed there" {
	local n when fate moments
	for when in $whens; do
		moments=0
		for ((n = 1; n < 50; n++)); do
			for fate in $(fates $n); do
				interrupt start "$when" $n "$fate"
				ran rival || break 2
				[ "$(ended other)" -eq 1 ]
				refused_for other win11
				[ "$(owners)" = win11 ]
				[ "$status" -eq "$([ "$fate" = lives ] && echo 0 || echo 137)" ]
				[ "$fate" = dies ] || is_taken
				both_stop
			done
			moments=$n
		done
		echo "$when: $moments moments"
		[ "$status $moments" = "0 $MOMENTS_OF_START" ]
		both_stop
	done
}

@test "the other is started at each moment of a stop: it has the card, and does not get it if the stop is killed there" {
	local n when fate moments
	for when in $whens; do
		moments=0
		for ((n = 1; n < 50; n++)); do
			for fate in $(fates $n); do
				isolate start win11 2>/dev/null
				interrupt stop "$when" $n "$fate"
				ran rival || break 2
				if [ "$fate" = lives ]; then
					[ "$status $(ended other) $(owners)" = "0 0 other" ]
					is_taken
				else
					[ "$status $(ended other) $(owners)" = "137 1 win11" ]
					refused_for other win11
				fi
				both_stop
			done
			moments=$n
		done
		echo "$when: $moments moments"
		[ "$status" -eq 0 ]
		[ "$moments" -gt "$MOMENTS_OF_START" ]
		both_stop
	done
}

# pair WHEN N M FATE: at moment N of win11's stop the other's start begins to wait; at moment M of that one win11's next
# start does, and the other lives or dies there. $n_ran and $m_ran say whether there were such moments.
pair() {
	script rival <<-END
		{
			result=0
			export VXM_FAKE_RUN_$1="$3:$BATS_TEST_TMPDIR/again" VXM_FAKE_KILL_$1="$([ "$4" = lives ] || echo "$3")"
			fake start other 2>/dev/null || result=\$?
			echo \$result
		} >"$BATS_TEST_TMPDIR/other.ended" &
		await
	END
	isolate start win11 2>/dev/null
	act stop "VXM_FAKE_RUN_$1=$2:$BATS_TEST_TMPDIR/rival"
	n_ran=no m_ran=no
	[ "$status" -eq 0 ]
	if ! ran rival; then
		both_stop
		return
	fi
	n_ran=yes
	theirs=$(ended other)
	if ran again; then
		m_ran=yes
		[ "$theirs" -eq "$([ "$4" = lives ] && echo 0 || echo 137)" ]
		[ "$(ended win11)" -eq 1 ]
		refused_for win11 other
		[ "$(owners)" = other ]
		[ "$4" = dies ] || is_taken
	fi
	both_stop
}

@test "a start waits for a stop, and a next start for that one, at each other's moments: who came second has the card" {
	local n m when fate pairs n_ran m_ran theirs
	script again <<-END
		{
			result=0
			fake start win11 2>"$BATS_TEST_TMPDIR/win11.said" || result=1
			[ \$result -eq 0 ] || fake stop win11
			echo \$result
		} >"$BATS_TEST_TMPDIR/win11.ended" &
		await
	END
	for when in $whens; do
		pairs=0
		for ((n = 1; n < 50; n++)); do
			for ((m = 1; m <= MOMENTS_OF_START; m++)); do
				[ -n "${VXM_LONG:-}" ] || ((m == (n - 1) % MOMENTS_OF_START + 1)) || continue
				for fate in $(fates $n); do
					pair "$when" $n $m "$fate"
					[ "$n_ran" = yes ] || break 3
					[ "$m_ran" = yes ]
					pairs=$((pairs + 1))
				done
			done
		done
		echo "$when: $((n - 1)) moments of the stop, $pairs pairs"
		[ "$n" -gt $((MOMENTS_OF_START + 1)) ]
		[ "$pairs" -ge $((n - 1)) ]
	done
}

# While it waits its child has the lock's descriptor, and would have the lock as soon as it is free.
@test "a start that is killed while it waits, at each moment of the other's, leaves nothing, and nobody waits for it" {
	local n when
	script waiter <<-END
		fake start win11 2>/dev/null &
		await
		kill -KILL \$!
	END
	for when in $whens; do
		for ((n = 1; n < 50; n++)); do
			[ -n "${VXM_LONG:-}" ] || ((n % 5 == 1)) || continue
			rm -f "$BATS_TEST_TMPDIR/waiter.ran"
			env "VXM_FAKE_RUN_$when=$n:$BATS_TEST_TMPDIR/waiter" "$VXM_BUILD/fake/vxm-isolate" start other --root="$ROOT" 2>/dev/null
			[ "$(owners)" = other ]
			is_taken
			both_stop
			ran waiter || break
		done
		echo "$when: up to moment $n"
		[ "$n" -gt "$MOMENTS_OF_START" ]
	done
}
