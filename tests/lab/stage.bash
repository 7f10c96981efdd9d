# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of the lab share: bring a workstation up with the product installed, act in it, wait for it, keep
# what is needed to understand a failure. A bats file has one workstation, made in setup_file() and kept for its tests.

LAB="$VXM_SOURCE/tests/lab/lab"
export SUITE="${SUITE:-trixie}"
VXM_ARTIFACTS="${VXM_ARTIFACTS:-$VXM_BUILD/lab-artifacts}"

GPU=0000:01:00.0
# Another vendor's function than the card's, so it has a section of its own: it would stay with the host.
export AUDIO=0000:01:00.1

# lab_make TARGET: a make of its own. Of the one that runs the tests, MAKEFLAGS hands down the w by which a make below
# another says which directory it enters, and -s does not take it back.
lab_make() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s --no-print-directory -C "$VXM_SOURCE" "$1" SUITE="$SUITE"
}

# --- the workstation ---------------------------------------------------------------------------------------------------

# stage_up SHAPE [OPTION of `lab up`]...: a workstation with the product and the payload; its run directory in $RUN.
stage_up() {
	local shape="$1" payload
	shift
	export RUN="$BATS_FILE_TMPDIR/workstation"
	if [ -z "${VXM_PAYLOAD:-}" ]; then
		lab_make lab-payload
		VXM_PAYLOAD=$(lab_make lab-payload-directory)
		export VXM_PAYLOAD
	fi
	"$LAB" up --shape "$shape" --payload "$VXM_PAYLOAD" "$@" "$RUN"
	payload=$(l1 sh -c 'ls /payload/bin')
	[[ $payload == *settle* ]]
}

# stage_again: after a boot, what a boot takes away of it.
stage_again() {
	l1sh 'mkdir -p /payload; mountpoint -q /payload ||
		mount -t ext4 -o ro,noload /dev/disk/by-path/*-pci-0000:00:12.0 /payload'
	monitor_up
}

# Where no test has been (see stage_keep), it is setup_file() that failed.
stage_down() {
	[ -n "${RUN:-}" ] || return 0
	[ -e "$BATS_FILE_TMPDIR/tested" ] || BATS_TEST_NAME=setup_file stage_collect
	"$LAB" down "$RUN"
}

# l1 COMMAND [ARGUMENT]...: runs it as root in the workstation, with no shell in between.
l1() {
	"$LAB" ssh --timeout "${L1_TIMEOUT:-600}" "$RUN" -- "$@"
}

# l1sh SCRIPT [ARGUMENT]...: a script, as root, that ends at its first failure. --norc: sshd's children read bashrc else.
l1sh() {
	local script="$1"
	shift
	l1 bash --norc -euo pipefail -c "PATH=/payload/bin:\$PATH; $script" l1sh "$@"
}

# alice COMMAND [ARGUMENT]...: as a person who is in the group vxm.
alice() {
	"$LAB" ssh --user alice "$RUN" -- "$@"
}

# For teardown(): on a failure, everything one wants to see of the workstation goes to $VXM_ARTIFACTS/TEST.
stage_keep() {
	touch "$BATS_FILE_TMPDIR/tested"
	[ -n "${BATS_TEST_COMPLETED:-}" ] || stage_collect
}

stage_collect() {
	local kept
	kept="$VXM_ARTIFACTS/$SUITE/$(basename "$BATS_TEST_FILENAME" .bats)/${BATS_TEST_NAME#test_}"
	rm -rf "$kept"
	mkdir -p "$kept"
	"$LAB" collect "$RUN" "$kept" >"$kept/collect.log" 2>&1 ||
		echo "collecting failed, see $kept/collect.log" >&2
	l1 sh -c 'cat /run/lab-serial/log' >"$kept/guest-serial.log" 2>/dev/null || rm -f "$kept/guest-serial.log"
	# Where only what was printed can be read, the last words of the units are the first thing one asks for.
	timeout 120 "$LAB" ssh "$RUN" -- journalctl -b -q -o short-monotonic --no-hostname -n 40 -u 'vxm-*' >&2 || :
	echo "journal, consoles and pictures are in $kept" >&2
}

# --- the guest ---------------------------------------------------------------------------------------------------------

# The guest of the tests: everything the product does, in a small size.
demo_conf() {
	cat <<-END
		[Guest]
		Description=The lab's guest
		Memory=512M
		CPUs=1
		Firmware=uefi
		Shutdown=30

		[GPU]
		Device=$GPU
		Identity=1234:1111

		[PCI audio]
		Device=${GPU%.0}.1
		Identity=8086:2668

		[Disk system]
		Path=/var/lib/vxm/demo/system.img
		Bus=virtio-blk

		[Input]
		Keyboard=name="QEMU Virtio Keyboard"
		Mouse=name="QEMU Virtio Mouse"

		[Display]
		Monitor=$MONITOR
		GuestInput=hdmi-1

		[LookingGlass]
		Size=32M
	END
}

# configure NAME: what stdin says becomes /etc/vxm/guests/NAME.conf.
configure() {
	l1sh 'mkdir -p /etc/vxm/guests; cat >/etc/vxm/guests/"$1".conf; systemctl daemon-reload' "$1"
}

# configure_more NAME PART: what stdin says becomes the drop-in PART of the guest; unconfigure_more takes it away.
configure_more() {
	l1sh 'mkdir -p "/etc/vxm/guests/$1.conf.d"; cat >"/etc/vxm/guests/$1.conf.d/$2.conf"; systemctl daemon-reload' \
		"$1" "$2"
}

unconfigure_more() {
	l1sh 'rm "/etc/vxm/guests/$1.conf.d/$2.conf"; rmdir --ignore-fail-on-non-empty "/etc/vxm/guests/$1.conf.d"
		systemctl daemon-reload' \
		"$1" "$2"
}

# The guest "demo" with its disk, as README.md tells people to make one.
install_demo() {
	l1sh 'install -d -o vxm -g vxm-qemu -m 0700 /var/lib/vxm/demo
		install -o vxm -g vxm-qemu -m 0600 /payload/guest.img /var/lib/vxm/demo/system.img'
	demo_conf | configure demo
}

# settle SECONDS [UNIT STATE]...: see programs/settle.c.
settle() {
	l1 /payload/bin/settle "$@"
}

start_demo() {
	l1 systemctl start vxm-guest@demo.service
}

# Until the guest's own system is up; its serial line is recorded from here on.
await_guest() {
	l1 /payload/bin/guestline listen
	# A quarter of a minute where the processor has KVM's help; many minutes on a machine that builds as well.
	L1_TIMEOUT=960 l1 /payload/bin/guestline wait 900 'VXM-GUEST READY' >/dev/null
}

# ask TEXT: a command for the guest over its serial line; prints its answer.
ask() {
	l1 /payload/bin/guestline ask 60 "$1"
}

# Ends the guest the fast way, and waits until everything that follows has been done.
kill_demo() {
	l1 systemctl kill --kill-whom=main -s KILL vxm-guest@demo.service
	settle 90 vxm-guest@demo.service gone
}

property() {
	l1 systemctl show --value -p "$2" "$1"
}

# --- the monitor -------------------------------------------------------------------------------------------------------

# What QEMU's emulated cards say of the monitor on them; the simulated one gives the same EDID on a bus that answers.
MONITOR=RHT:1234

# The simulated monitor of tests/lab/modules, on the boot GPU, showing the host's input (0x0f, DisplayPort 1).
monitor_up() {
	l1sh 'edid=$(cat /sys/bus/pci/devices/0000:00:01.0/drm/card*/card*-*/edid | od -An -v -tx1 | tr -d " \n")
		insmod /payload/vxm_monitor.ko edid="$edid"
		echo 15 >/sys/kernel/debug/vxm_monitor/vcp_60'
	settle 30
}

# The input that the monitor shows, as VCP 0x60 has it.
monitor_input() {
	l1 cat /sys/kernel/debug/vxm_monitor/vcp_60
}

# How often somebody set it over the bus.
monitor_writes() {
	l1 cat /sys/kernel/debug/vxm_monitor/sets_60
}

# --- before and after --------------------------------------------------------------------------------------------------

# fingerprint NAME: what the workstation looks like now, kept there as NAME.
fingerprint() {
	settle 90
	l1sh 'mkdir -p /run/lab-fingerprints; fingerprint >/run/lab-fingerprints/"$1"' "$1"
}

# same A B: whether two fingerprints are equal; what differs is printed, in words.
same() {
	l1sh 'cd /run/lab-fingerprints; test -s "$1"; fingerprint diff "$1" "$2"' "$1" "$2"
}

# The guest "demo" is off and everything is as the fingerprint "before" has it. Nobody calls stop; a unit that failed says
# so until it is told that this was seen.
restored() {
	settle 120 vxm-guest@demo.service gone
	l1 systemctl reset-failed
	fingerprint after
	same before after
}

# --- pixels -------------------------------------------------------------------------------------------------------------

# pixel CARD: the colour in the middle of what a card shows, as #rrggbb.
pixel() {
	"$LAB" pixel "$RUN" "$1" 320 200
}
