#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# Prepared at boot: with vxm-prepare@demo.target enabled the host's driver never has the card, the pages are there from
# the boot on, and both stay over a guest's stop until the target is stopped. When one more device has moved the
# addresses, the machine boots and nothing is taken.

load stage

setup_file() {
	stage_up dual
	monitor_up
	install_demo
	# From now on, and what is on record from now on is what the next boot's rules are written from.
	l1 systemctl enable --now vxm-prepare@demo.target
	l1 sync
	"$LAB" reboot "$RUN"
	stage_again
}

teardown_file() {
	stage_down
}

teardown() {
	stage_keep
}

driver_of() {
	l1sh 'basename "$(readlink "/sys/bus/pci/devices/$1/driver")"' "$1"
}

pages() {
	l1 cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
}

@test "after the boot the card is on vfio-pci, and the host's driver never had it" {
	[ "$(driver_of "$GPU")" = vfio-pci ]
	[ "$(driver_of "$AUDIO")" = vfio-pci ]
	run l1sh 'journalctl -b -k -o cat | grep -E "bochs.*$1|snd_hda_intel $2"' "$GPU" "$AUDIO"
	[ "$status" -eq 1 ]
}

@test "after the boot the pages are there" {
	[ "$(pages)" -eq 256 ]
}

@test "after the boot the workstation is in order" {
	[ "$(l1 systemctl is-system-running)" = running ]
	[ "$(property vxm-prepare@demo.target ActiveState)" = active ]
}

@test "card and pages stay over a guest's start and stop" {
	local kept
	kept=$(property vxm-isolate@demo.service InvocationID)
	start_demo
	[ "$(property vxm-guest@demo.service ActiveState)" = active ]
	kill_demo
	[ "$(driver_of "$GPU")" = vfio-pci ]
	[ "$(driver_of "$AUDIO")" = vfio-pci ]
	[ "$(pages)" -eq 256 ]
	[ "$(property vxm-isolate@demo.service InvocationID)" = "$kept" ]
	l1 systemctl reset-failed
}

@test "card and pages go back when the target is stopped" {
	l1 systemctl stop vxm-prepare@demo.target
	settle 60
	[ "$(driver_of "$GPU")" = bochs-drm ]
	[ "$(driver_of "$AUDIO")" = snd_hda_intel ]
	[ "$(pages)" -eq 0 ]
	l1sh 'test ! -e /run/vxm/demo'
}

@test "with one more card in front the machine boots, nothing was taken, and it is said" {
	"$LAB" poweroff "$RUN"
	"$LAB" up --shape dual --reuse --degraded --front nic "$RUN"
	stage_again
	# What was 01:00.0 is another device now, and its driver has it.
	[ "$(driver_of 0000:01:00.0)" = e1000e ]
	[ "$(driver_of 0000:02:00.0)" = bochs-drm ]
	[ "$(driver_of 0000:02:00.1)" = snd_hda_intel ]
	[ "$(pages)" -eq 0 ]
	l1sh 'cat /sys/bus/pci/devices/*/driver_override | sort -u | grep -vxF "(null)" && exit 1 || :'
	[ "$(property multi-user.target ActiveState)" = active ]
	# The generator, before there is a journal: what is there, what was meant, and where that is now.
	l1sh 'journalctl -b | grep -E "vxm-generator.*: demo: 0000:01:00\.0 is 8086:10d3.*, and 1234:1111.* was meant,\
 which is now at 0000:02:00\.0\. Nothing is taken at boot\."'
	run l1 systemctl start vxm-guest@demo.service
	[ "$status" -ne 0 ]
	l1sh 'journalctl --sync
		journalctl -b -o cat -p err -u vxm-check@demo.service |
			grep -E "0000:01:00\.0: .*8086:10d3.*1234:1111 is at 0000:02:00\.0 now"'
	[ "$(driver_of 0000:02:00.0)" = bochs-drm ]
}
