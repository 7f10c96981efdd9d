#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# A card whose IOMMU group also holds a device of the host's.

load stage
load refusal

setup_file() {
	stage_up shared
	monitor_up
	# Behind the conventional bridge the card has another address.
	GPU=$(l1sh 'lspci -Dn -d 1234:1111 | cut -d " " -f 1')
	export GPU
	install_demo
	remember "$GPU"
}

teardown_file() {
	stage_down
}

setup() {
	begin_journal
}

teardown() {
	stage_keep
}

@test "a group with a foreign member: which, and what drives it" {
	local foreign
	foreign=$(l1sh 'lspci -Dn -d 8086:100e | cut -d " " -f 1')
	echo "the e1000 is $foreign"
	refused demo "$foreign.*e1000|e1000.*$foreign"
	# The NIC is still the host's.
	l1sh 'readlink "/sys/bus/pci/devices/$1/driver" | grep -x ".*/e1000"' "$foreign"
}
