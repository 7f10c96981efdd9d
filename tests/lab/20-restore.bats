#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# However a guest ends, and whatever is killed in the middle of its start, the workstation is afterwards what it was
# before: a fingerprint that shares no code with the helpers is equal to the one taken at the beginning.
#
# That the fingerprint would see it is shown too: each field is changed on purpose, and each helper is replaced by a
# build that forgets what it has to put back.

load stage

HELPERS=(isolate hugepages access tpm guest display)

setup_file() {
	stage_up dual
	monitor_up
	install_demo
	# Stopping a guest that has no system yet to hear the power button takes as long as this allows.
	configure_more demo 90-quick <<-END
		[Guest]
		Shutdown=5
	END
	# Each helper can be killed after a given step of its start, see programs/killat.c. Without its file in
	# /run/lab-kill nothing is different. Where there is a FIFO /run/lab-hold the start of isolate waits for its end.
	l1sh 'mkdir -p /run/lab-kill
		for helper; do
			mkdir -p "/run/systemd/system/vxm-$helper@demo.service.d"
			printf "[Service]\nEnvironment=LD_PRELOAD=%s LAB_KILL_FILE=%s\n" /payload/bin/killat.so \
				"/run/lab-kill/$helper" >"/run/systemd/system/vxm-$helper@demo.service.d/lab.conf"
		done
		printf "[Service]\nExecStartPre=-/usr/bin/cat /run/lab-hold\n" \
			>/run/systemd/system/vxm-isolate@demo.service.d/hold.conf
		systemctl daemon-reload' "${HELPERS[@]}"
	# Not the kernel's defaults, which are also there when nobody puts anything back: vfio-pci leaves power/control at
	# "on". The card alone: the sound function is removed and found again below. Its one reset_method is its only one.
	l1sh 'echo auto >"/sys/bus/pci/devices/$1/power/control"
		echo 0 >"/sys/bus/pci/devices/$1/d3cold_allowed"' "$GPU"
	fingerprint before
}

teardown_file() {
	stage_down
}

# Whatever state a failed test left, the next one begins with a guest that is off.
setup() {
	l1sh 'rm -f /run/lab-kill/*'
	since=$(l1 date +@%s.%6N)
}

teardown() {
	stage_keep
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		l1sh 'rm -f /run/lab-kill/* /etc/vxm/guests/demo.conf.d/95-*
			systemctl daemon-reload
			systemctl kill -s KILL vxm-guest@demo.service || :
			systemctl stop vxm-guest@demo.service; systemctl reset-failed' || :
	fi
}

# A guest whose system does not hear the power button is switched off, which its helper warns of.
TOO_SLOW='^vxm-guest demo: the guest did not shut down within its time |^$'

# Where all went well no unit of ours warns, and systemd has nothing to warn of in them; but for what matches.
said_nothing_but() {
	local said
	said=$(l1 journalctl --since="$since" -b -q -o cat -p warning -u 'vxm-*')
	echo "$said"
	! grep -vE "$1" <<<"$said"
}

# --- the ends of a guest -----------------------------------------------------------------------------------------------

@test "stop, before the guest has a system that hears it" {
	# The steps of each helper's start are counted on the way; later tests know from it where the middle is.
	l1sh 'for helper; do echo 0 >"/run/lab-kill/$helper"; done' "${HELPERS[@]}"
	start_demo
	settle 60 vxm-display@demo.service active
	l1sh 'for helper; do
		journalctl -o cat -b -u "vxm-$helper@demo.service" |
			sed -n "s/^lab: step \([0-9]*\) .*/\1/p" | tail -n 1 >"/run/lab-steps-$helper"
		test -s "/run/lab-steps-$helper"
	done' "${HELPERS[@]}"
	l1sh 'grep . /run/lab-steps-*'
	l1 systemctl stop vxm-guest@demo.service
	restored
	said_nothing_but "$TOO_SLOW"
}

@test "the guest's own power-off" {
	# The firmware of the test before was switched off in the middle of writing its variables, perhaps. It would first put
	# them right, 64 KiB byte by byte, each a trap: no time at all on hardware, a quarter of an hour in two emulators.
	l1 rm -f /var/lib/vxm/demo/OVMF_VARS.fd
	start_demo
	await_guest
	[ "$(ask poweroff)" = "ok poweroff" ]
	settle 60 vxm-guest@demo.service inactive
	[ "$(property vxm-guest@demo.service Result)" = success ]
	restored
	said_nothing_but '^$'
}

@test "SIGKILL of QEMU" {
	start_demo
	l1 systemctl kill --kill-whom=main -s KILL vxm-guest@demo.service
	settle 60 vxm-guest@demo.service failed
	restored
}

@test "SIGKILL of swtpm" {
	start_demo
	l1 systemctl kill --kill-whom=main -s KILL vxm-tpm@demo.service
	restored
}

@test "QEMU fails to start: a disk that is none" {
	# By its first bytes it is one, so the check has nothing to say; QEMU does not know its version.
	l1sh 'printf "QFI\373\0\0\0\143" >/var/lib/vxm/demo/bad.qcow2; truncate -s 1M /var/lib/vxm/demo/bad.qcow2
		chown vxm:vxm-qemu /var/lib/vxm/demo/bad.qcow2'
	configure_more demo 95-bad <<-END
		[Disk bad]
		Path=/var/lib/vxm/demo/bad.qcow2
		Format=qcow2
	END
	run start_demo
	[ "$status" -ne 0 ]
	settle 60 vxm-guest@demo.service failed
	l1sh 'journalctl -b -o cat -u vxm-guest@demo.service | grep "qcow2 version 99"'
	unconfigure_more demo 95-bad
	restored
}

# --- a helper is killed in the middle of its start ---------------------------------------------------------------------

# killed_at HELPER STEP: the helper's start ended by SIGKILL right there, and the guest has not come to be. TPM state and
# UEFI variables are made in it, as in the start whose steps were counted.
killed_at() {
	l1sh 'rm -rf /var/lib/vxm/demo/tpm /var/lib/vxm/demo/OVMF_VARS.fd
		echo "$2" >"/run/lab-kill/$1"' "$1" "$2"
	run start_demo
	l1sh 'rm "/run/lab-kill/$1"' "$1"
	[ "$status" -ne 0 ]
	settle 60 vxm-guest@demo.service gone
	[ "$(property "vxm-$1@demo.service" Result)" = signal ]
}

steps_of() {
	l1 cat "/run/lab-steps-$1"
}

# With the display helper killed there, the guest lives on, and the monitor is the host's.
display_killed_at() {
	l1sh 'echo "$1" >/run/lab-kill/display' "$1"
	start_demo
	settle 60 vxm-display@demo.service failed
	[ "$(property vxm-display@demo.service Result)" = signal ]
	[ "$(property vxm-guest@demo.service ActiveState)" = active ]
	[ "$(monitor_input)" = 15 ]
	l1sh 'rm /run/lab-kill/display'
	kill_demo
}

# The middle, and in check-long VXM_LONG steps in equal distances; the kill matrix on the fake kernel has each of them.
killed_in_its_start() {
	local steps point points step
	steps=$(steps_of "$1")
	points=${VXM_LONG:-1}
	((points <= steps)) || points=$steps
	for ((point = 1; point <= points; point++)); do
		step=$((((2 * point - 1) * steps + 2 * points - 1) / (2 * points)))
		echo "$1: killed after step $step of $steps"
		case $1 in
		display) display_killed_at "$step" ;;
		*) killed_at "$1" "$step" ;;
		esac
		restored
	done
}

@test "SIGKILL of isolate in the middle of its start" {
	killed_in_its_start isolate
}

@test "SIGKILL of hugepages in the middle of its start" {
	killed_in_its_start hugepages
}

@test "SIGKILL of access in the middle of its start" {
	killed_in_its_start access
}

@test "SIGKILL of tpm in the middle of its start" {
	killed_in_its_start tpm
}

@test "SIGKILL of guest in the middle of its start" {
	killed_in_its_start guest
}

@test "SIGKILL of display in the middle of its start: the guest lives on, the monitor is the host's" {
	killed_in_its_start display
}

# --- a stop in the middle of a start -----------------------------------------------------------------------------------

# The stop only cancels the guest's start: the guest was never anything but inactive, and no unit failed. There is no
# daemon-reload between here and the fingerprint: systemd then looks for what nobody needs by itself.
@test "stop while the start still waits for a helper: those that are done give back what they have" {
	l1sh 'mkfifo /run/lab-hold
		systemctl start --no-block vxm-guest@demo.service
		systemctl start vxm-hugepages@demo.service vxm-access@demo.service vxm-tpm@demo.service
		exec 3>/run/lab-hold
		test "$(systemctl show --value -p ActiveState vxm-isolate@demo.service)" = activating
		systemctl stop vxm-guest@demo.service
		exec 3>&-
		rm /run/lab-hold'
	restored
}

# --- again and again ---------------------------------------------------------------------------------------------------

@test "stop and start without a pause, ten times" {
	L1_TIMEOUT=900 l1sh 'systemctl start vxm-guest@demo.service
		for round in 1 2 3 4 5 6 7 8 9 10; do
			echo "round $round"
			systemctl stop vxm-guest@demo.service
			systemctl start vxm-guest@demo.service
			test "$(systemctl show --value -p ActiveState vxm-guest@demo.service)" = active
		done'
	kill_demo
	restored
}

# --- that the fingerprint sees it --------------------------------------------------------------------------------------

# Changes that do not touch each other are made together, so few fingerprints do for all fields; each field has to be seen
# by its own name, and nothing may stay.
@test "a deliberate change of each field is seen" {
	L1_TIMEOUT=900 l1sh 'fingerprint-changes --prove'
}

# forgets HELPER FIELD: with a build of the helper that leaves its restoring out the comparison is red, and red for the
# field that this helper is to restore.
forgets() {
	l1sh 'mount --bind "/payload/mutants/vxm-$1" "/usr/bin/vxm-$1"' "$1"
	start_demo
	settle 60
	l1sh 'test ! -f "/run/vxm/demo/$1" || cp "/run/vxm/demo/$1" /run/lab-record' "$1"
	kill_demo
	l1sh 'umount "/usr/bin/vxm-$1"' "$1"
	l1 systemctl reset-failed
	fingerprint forgotten
	run same before forgotten
	echo "$output"
	[ "$status" -eq 1 ]
	grep -E "$2" <<<"$output"
}

# forgets_its_record HELPER FIELD: the same, and the real helper then puts it right from the record that there was.
forgets_its_record() {
	forgets "$@"
	# Having found no record, it took what was to be one away.
	l1sh 'mkdir -p /run/vxm/demo; cp /run/lab-record "/run/vxm/demo/$1"; "/usr/bin/vxm-$1" stop demo' "$1"
	restored
}

@test "a build of isolate that leaves its restoring out is seen" {
	forgets_its_record isolate "^pci $GPU driver: was \"bochs-drm\", is \"vfio-pci\"$"
}

@test "a build of hugepages that leaves its restoring out is seen" {
	forgets_its_record hugepages '^hugepages node0 hugepages-2048kB nr_hugepages: was "0", is "256"$'
}

@test "a build of access that leaves its restoring out is seen" {
	forgets_its_record access '^node input .*event of QEMU Virtio Keyboard: was "root:input 0660", is "vxm:input 0660"$'
}

@test "a build of tpm that leaves its cleaning up out is seen" {
	forgets tpm '^path /run/vxm/demo/tpm: was absent, is "vxm:vxm-qemu 0700"$'
	l1 vxm-tpm clean demo
	restored
}

# The shared memory is not left: with the last unit of the user vxm, RemoveIPC= of the TPM's takes it.
@test "a build of guest that leaves its cleaning up out is seen" {
	forgets guest '^path /run/vxm/demo/qemu: was absent, is "vxm:vxm-qemu 0700"$'
	l1 vxm-guest clean demo
	restored
}

@test "a build of display that leaves its restoring out is seen" {
	forgets_its_record display '^monitor on .* vcp 60: was "0x0f", is "0x11"$'
}
