#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# Power is lost in the middle of a hand-over, at six moments of a start and four of a stop: the next boot is one like any other,
# and a guest can be started in it.
#
# The moment is a helper that holds still after a given step (programs/killat.c); then the machine is reset as by its button.

load stage

setup_file() {
	stage_up dual
	install_demo
	# Stopping a guest that has no system yet to hear the power button takes as long as this allows.
	configure_more demo 90-quick <<-END
		[Guest]
		Shutdown=5
	END
	l1 sync
	again
	l1sh 'fingerprint >/var/lib/lab-before; test -s /var/lib/lab-before'
	for verb in start stop; do
		holding $verb
		count $verb
	done
	l1 sync
}

teardown_file() {
	stage_down
}

teardown() {
	stage_keep
}

# A boot after the power was lost, with the same modules and the same monitor as each other time. Nothing is written back
# before.
again() {
	"$LAB" reset "$RUN"
	"$LAB" wait-up "$RUN"
	stage_again
	settle 120
}

# holding VERB: that is what killat counts from now on.
holding() {
	l1sh 'mkdir -p /run/lab-kill
		for helper in hugepages isolate access; do
			mkdir -p "/run/systemd/system/vxm-$helper@demo.service.d"
			printf "[Service]\nEnvironment=LD_PRELOAD=%s LAB_KILL_FILE=%s LAB_KILL_VERB=%s\n" /payload/bin/killat.so \
				"/run/lab-kill/$helper" "$1" >"/run/systemd/system/vxm-$helper@demo.service.d/lab.conf"
		done
		systemctl daemon-reload' "$1"
}

# count VERB: how many steps each helper takes in it, kept over boots.
count() {
	l1sh 'for helper in hugepages isolate access; do echo 0 >"/run/lab-kill/$helper"; done
		systemctl start vxm-guest@demo.service; systemctl stop vxm-guest@demo.service; settle 120 vxm-guest@demo.service gone
		for helper in hugepages isolate access; do
			journalctl -o cat -b -u "vxm-$helper@demo.service" |
				sed -n "s/^lab: step \([0-9]*\) .*/\1/p" | tail -n 1 >"/var/lib/lab-steps-$1-$helper"
			test -s "/var/lib/lab-steps-$1-$helper"
			rm "/run/lab-kill/$helper"
		done' "$1"
}

as_before() {
	l1sh 'fingerprint >/run/lab-after; fingerprint diff /var/lib/lab-before /run/lab-after'
}

# lost VERB HELPER PART OF: the power goes when that helper has taken PART/OF of its steps in a start or a stop of the guest.
lost() {
	local steps step
	steps=$(l1 cat "/var/lib/lab-steps-$1-$2")
	step=$(((steps * $3 + $4 - 1) / $4))
	echo "# $1: $2 held after step $step of $steps" >&3
	holding "$1"
	[ "$1" = start ] || start_demo
	l1sh 'echo "hold $2" >"/run/lab-kill/$1"
		systemctl --no-block "$3" vxm-guest@demo.service
		timeout 120 sh -c "until test -e /run/lab-kill/$1.held; do sleep 0.1; done"' "$2" "$step" "$1"
	again
	[ "$(l1 systemctl is-system-running)" = running ]
	as_before
}

@test "power lost in a start: hugepages" {
	lost start hugepages 1 2
}

@test "power lost in a start: isolate, early" {
	lost start isolate 1 4
}

@test "power lost in a start: isolate, in the middle" {
	lost start isolate 2 4
}

@test "power lost in a start: isolate, late" {
	lost start isolate 3 4
}

@test "power lost in a start: isolate, at its end" {
	lost start isolate 4 4
}

@test "power lost in a start: access" {
	lost start access 1 2
}

@test "power lost in a stop: isolate, early" {
	lost stop isolate 1 3
}

@test "power lost in a stop: isolate, late" {
	lost stop isolate 2 3
}

@test "power lost in a stop: hugepages" {
	lost stop hugepages 1 2
}

@test "power lost in a stop: access" {
	lost stop access 1 2
}

@test "after all of that the guest starts, which the comparison sees, and stops" {
	start_demo
	run as_before
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"pci $GPU driver: was \"bochs-drm\", is \"vfio-pci\""* ]]
	kill_demo
	l1 systemctl reset-failed
	as_before
}
