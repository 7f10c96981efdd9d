#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# At a daemon-reload systemd reads anew what the generator says, and looks for units that nobody needs. What counts then
# is what the running guest was started with, and not what its file says by now.

load stage

setup_file() {
	stage_up dual
	monitor_up
	install_demo
	# Stopping a guest that has no system yet to hear the power button takes as long as this allows. It is more than what the
	# first test gives the unit, by as much as a helper takes to begin on a busy machine.
	configure_more demo 90-quick <<-END
		[Guest]
		Shutdown=25
	END
	fingerprint before
}

teardown_file() {
	stage_down
}

# Whatever state a failed test left, the next one begins with a guest that is off and configured.
teardown() {
	stage_keep
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		l1sh 'test ! -e /run/lab-demo.conf.d || mv /run/lab-demo.conf.d /etc/vxm/guests/demo.conf.d
			test ! -e /run/lab-demo.conf || mv /run/lab-demo.conf /etc/vxm/guests/demo.conf
			rm -rf /run/systemd/system/vxm-guest@demo.service.d
			systemctl daemon-reload
			systemctl kill -s KILL vxm-guest@demo.service || :
			systemctl stop vxm-guest@demo.service; systemctl reset-failed' || :
	fi
}

# Which start of each unit this is, and how often the monitor was set; an ID of none is not a line.
running_units() {
	l1sh 'for unit in guest isolate hugepages access tpm display; do
			systemctl show --value -p Id -p InvocationID -p ActiveState "vxm-$unit@demo.service" | paste -sd " "
		done'
	monitor_input
	monitor_writes
}

# stays WHAT: a daemon-reload now changes nothing of the guest "demo", which runs.
stays() {
	l1 systemctl daemon-reload
	settle 60
	running_units >"$BATS_TEST_TMPDIR/now"
	echo "$1"
	diff "$BATS_TEST_TMPDIR/as-started" "$BATS_TEST_TMPDIR/now"
}

# systemd looks anew for units that nobody needs. The stop then has the time that the guest was started with, which
# is neither what systemd's default allows it nor what vxm-guest takes where it knows nothing.
@test "what a running guest has stays, whatever its file says at a daemon-reload" {
	start_demo
	settle 60 vxm-display@demo.service active
	running_units >"$BATS_TEST_TMPDIR/as-started"
	cat "$BATS_TEST_TMPDIR/as-started"
	[ "$(grep -cw active "$BATS_TEST_TMPDIR/as-started")" -eq 6 ]
	[ "$(monitor_input)" = 17 ]
	l1sh 'cp -p /etc/vxm/guests/demo.conf /run/lab-demo.conf
		sed -i "/^\[Display\]/,/^$/d; s/^Memory=.*/&\nTPM=no\nHugepages=no/" /etc/vxm/guests/demo.conf
		grep -q ^TPM=no /etc/vxm/guests/demo.conf; ! grep -q Display /etc/vxm/guests/demo.conf'
	stays 'TPM=no, Hugepages=no and no [Display], for the next time'
	l1sh 'echo Nonsense=1 >>/etc/vxm/guests/demo.conf'
	stays 'a file that is refused'
	l1sh 'mv /etc/vxm/guests/demo.conf.d /run/lab-demo.conf.d; rm /etc/vxm/guests/demo.conf
		mkdir -p /run/systemd/system/vxm-guest@demo.service.d
		printf "[Service]\nTimeoutStopSec=15\n" >/run/systemd/system/vxm-guest@demo.service.d/95-short.conf'
	stays 'no file at all'
	[ "$(property vxm-guest@demo.service TimeoutStopUSec)" = 15s ]
	l1sh 'timeout 90 systemctl stop vxm-guest@demo.service
		journalctl -o cat -b -u vxm-guest@demo.service | tail -n 20 |
			grep "did not shut down within its time (Shutdown=) and was switched off after [23][0-9]\.[0-9] s"
		rm -r /run/systemd/system/vxm-guest@demo.service.d
		mv /run/lab-demo.conf.d /etc/vxm/guests/demo.conf.d; mv /run/lab-demo.conf /etc/vxm/guests/demo.conf
		systemctl daemon-reload'
	[ "$(property vxm-guest@demo.service Result)" = success ]
	restored
}

@test "TPM, pages and monitors that are configured while the guest runs without them wait for its next start" {
	l1sh 'cp -p /etc/vxm/guests/demo.conf /run/lab-demo.conf
		sed -i "/^\[Display\]/,/^$/d; s/^Memory=.*/&\nTPM=no\nHugepages=no/" /etc/vxm/guests/demo.conf
		systemctl daemon-reload'
	start_demo
	settle 60
	running_units >"$BATS_TEST_TMPDIR/as-started"
	cat "$BATS_TEST_TMPDIR/as-started"
	grep -q 'vxm-tpm@demo.service.*inactive' "$BATS_TEST_TMPDIR/as-started"
	grep -q 'vxm-hugepages@demo.service.*inactive' "$BATS_TEST_TMPDIR/as-started"
	grep -q 'vxm-display@demo.service.*inactive' "$BATS_TEST_TMPDIR/as-started"
	[ "$(monitor_input)" = 15 ]
	l1 mv /run/lab-demo.conf /etc/vxm/guests/demo.conf
	stays 'TPM=yes and a [Display]'
	l1 systemctl restart vxm-guest@demo.service
	settle 60 vxm-display@demo.service active vxm-tpm@demo.service active
	kill_demo
	# What the generator wrote while the guest ran had to go by what it ran with.
	l1 systemctl daemon-reload
	restored
}
