#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# A workstation with one GPU.

load stage
load refusal

setup_file() {
	stage_up single
	monitor_up
	GPU=0000:00:01.0
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

@test "the only GPU, also where the boot display is allowed" {
	refused_with demo '0000:00:01\.0.*only' <<-END
		[GPU]
		Identity=1af4:1050
		Allow=boot-display
		[PCI audio]
		Remove=yes
	END
}
