#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# Two identical cards beside the boot GPU: the configured one moves, the other one does not.

load stage

TWIN=0000:02:00.0

setup_file() {
	stage_up twins
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

driver_of() {
	l1sh 'basename "$(readlink "/sys/bus/pci/devices/$1/driver")"' "$1"
}

@test "the two cards cannot be told apart by their ids" {
	[ "$(l1sh 'lspci -n -s "$1" | cut -d " " -f 2-' "$GPU")" = "$(l1sh 'lspci -n -s "$1" | cut -d " " -f 2-' "$TWIN")" ]
	[ "$(driver_of "$TWIN")" = bochs-drm ]
}

@test "the configured one of two identical cards moves, the other does not" {
	local twin
	twin=$(l1sh 'stat -c "%N %i" "/sys/bus/pci/devices/$1/driver"; ls -i "/sys/bus/pci/devices/$1/drm"
		cat "/sys/bus/pci/devices/$1/driver_override"' "$TWIN")
	start_demo
	[ "$(driver_of "$GPU")" = vfio-pci ]
	[ "$(driver_of "$AUDIO")" = vfio-pci ]
	[ "$(driver_of "$TWIN")" = bochs-drm ]
	[ "$(driver_of "${TWIN%0}1")" = snd_hda_intel ]
	[ "$(l1sh 'stat -c "%N %i" "/sys/bus/pci/devices/$1/driver"; ls -i "/sys/bus/pci/devices/$1/drm"
		cat "/sys/bus/pci/devices/$1/driver_override"' "$TWIN")" = "$twin" ]
}

@test "the user vxm can open the configured card's group and not the twin's" {
	local group
	group=$(l1sh 'basename "$(readlink "/sys/bus/pci/devices/$1/iommu_group")"' "$GPU")
	[ "$(l1sh 'setpriv --reuid vxm --regid vxm-qemu --clear-groups openable | grep -E "^/dev/vfio/[0-9]"')" = \
		"/dev/vfio/$group" ]
}

@test "afterwards both are as they were" {
	kill_demo
	l1 systemctl reset-failed
	fingerprint after
	same before after
}
