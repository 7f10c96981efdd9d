#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# What is refused: one line says what, why and what to do, and nothing was touched. The card's driver link and the
# inode of its DRM node are the same ones after each refusal, and over all of them nobody wrote to the monitor.

load stage
load refusal

setup_file() {
	stage_up dual
	monitor_up
	install_demo
	remember "$GPU"
	fingerprint before
}

teardown_file() {
	stage_down
}

setup() {
	begin_journal
}

teardown() {
	stage_keep
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		l1sh 'systemctl stop vxm-guest@demo.service vxm-guest@other.service; systemctl reset-failed' || :
	fi
}

@test "the boot display" {
	refused_with demo '0000:00:01\.0.*Allow=boot-display' <<-END
		[GPU]
		Device=0000:00:01.0
		Identity=1af4:1050
		[PCI audio]
		Remove=yes
	END
}

@test "an unknown key, with file, line and the key that was meant" {
	refused_with demo '/etc/vxm/guests/demo\.conf\.d/95-refused\.conf:2: CPU=.*CPUs=' <<-END
		[Guest]
		CPU=2
	END
}

@test "an address that is none, with file and line" {
	refused_with demo '95-refused\.conf:2: Device=.*0000:01:zz' <<-END
		[GPU]
		Device=0000:01:zz.0
	END
}

@test "a card that is not the one that was configured: what is there, and where the other one is" {
	refused_with demo '0000:01:00\.0.*1234:1111.*10de:2684' <<-END
		[GPU]
		Identity=10de:2684
	END
}

@test "a device that is not there" {
	refused_with demo '0000:07:00\.0' <<-END
		[GPU]
		Device=0000:07:00.0
	END
}

@test "more pages than there is memory: how many, and what to do" {
	refused_with demo '[0-9]+ .*(pages|2048)' <<-END
		[Guest]
		Memory=64G
	END
}

@test "a disk that the user vxm cannot read" {
	l1sh 'install -m 0600 /dev/null /var/lib/lab-secret.img'
	refused_with demo '/var/lib/lab-secret\.img' <<-END
		[Disk secret]
		Path=/var/lib/lab-secret.img
	END
}

@test "firmware that is not there" {
	l1sh 'mount -t tmpfs none /usr/share/qemu/firmware'
	refused demo '[Ff]irmware'
	l1 umount /usr/share/qemu/firmware
}

@test "a name that is no guest's name" {
	local helper
	# What systemctl makes of a slash, and the slash itself, as systemd-escape(1) writes it.
	refused ..-x '"\.\.-x" is not a guest.s name'
	run l1 systemctl start 'vxm-guest@..\x2fx.service'
	[ "$status" -ne 0 ]
	settle 60
	l1 systemctl reset-failed
	for helper in isolate hugepages access; do
		run l1 "/usr/bin/vxm-$helper" start ../x
		[ "$status" -ne 0 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *"../x"* ]]
	done
	untouched
}

@test "a guest without a configuration" {
	refused nobody '/etc/vxm/guests/nobody\.conf'
	# Nor does a mistyped name stay behind.
	l1 test ! -e /var/lib/vxm/nobody
}

@test "a card that another guest holds, with that guest's name" {
	local line
	demo_conf | configure other
	# This one does start, and the card moves; what counts is that the second does not take it away.
	start_demo
	settle 60
	run l1 systemctl start vxm-guest@other.service
	[ "$status" -ne 0 ]
	settle 60
	line=$(errors other)
	echo "$line"
	[ "$(wc -l <<<"$line")" -eq 1 ]
	grep -E '0000:01:00\.[01] is held for the guest demo:' <<<"$line"
	[ "$(property vxm-guest@demo.service ActiveState)" = active ]
	l1sh 'readlink "/sys/bus/pci/devices/$1/driver" | grep vfio-pci' "$GPU"
	kill_demo
	l1 systemctl reset-failed
	l1 rm /etc/vxm/guests/other.conf
	l1 systemctl daemon-reload
	fingerprint after
	same before after
}
