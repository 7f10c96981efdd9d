#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# The workstation boots with an initramfs that initramfs-tools has made there, and that has the host's drivers of the
# second card and its audio. Made while the guest is prepared, it keeps them away; made before, the card is taken later,
# and that is told. After a slot shift, or out of date, it takes nothing for long.

load stage

setup_file() {
	stage_up dual
	configure demo <<-END
		[Guest]
		Memory=128M
		Hugepages=no
		TPM=no
		[GPU]
		Device=$GPU
		Identity=1234:1111
		[PCI]
		Device=$AUDIO
		Identity=8086:2668
	END
	l1 systemctl enable --now vxm-prepare@demo.target
	# A list is quicker than all that may be needed, and says what is in it.
	l1sh 'sed -i "s/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=gzip/" /etc/initramfs-tools/initramfs.conf
		printf "%s\n" virtio_pci virtio_blk crc32c_generic ext4 bochs snd_hda_intel >>/etc/initramfs-tools/modules
		rm -f /boot/initrd.img-*
		update-initramfs -c -k "$(uname -r)"
		mv /boot/initrd.img-* /boot/initrd'
	"$LAB" get "$RUN" /boot/initrd "$BATS_FILE_TMPDIR/prepared"
	# The same as it was before: what comes later in an initramfs replaces what was there.
	cp "$BATS_FILE_TMPDIR/prepared" "$BATS_FILE_TMPDIR/early"
	PYTHONPATH="$VXM_SOURCE/tests/lab" python3 -B -c 'import sys
from workstation.initrd import Archive
archive = Archive()
archive.add("etc/udev/rules.d/71-vxm-prepare.rules", 0o100644)
sys.stdout.buffer.write(archive.finish())' >>"$BATS_FILE_TMPDIR/early"
}

teardown_file() {
	stage_down
}

teardown() {
	stage_keep
}

# boot NAME [OPTION of `lab up`]...: from power-on, with that initramfs.
boot() {
	local initrd="$BATS_FILE_TMPDIR/$1"
	shift
	l1 sync
	"$LAB" poweroff "$RUN"
	"$LAB" up --shape dual --reuse --initrd "$initrd" "$@" "$RUN"
}

driver_of() {
	l1sh 'basename "$(readlink "/sys/bus/pci/devices/$1/driver")"' "$1"
}

# to_vfio: the card is vfio-pci's, by nothing of VxM's.
to_vfio() {
	l1sh 'modprobe vfio-pci
		cd "/sys/bus/pci/devices/$1"
		echo vfio-pci >driver_override
		echo "$1" >driver/unbind
		echo "$1" >/sys/bus/pci/drivers_probe' "$GPU"
	[ "$(driver_of "$GPU")" = vfio-pci ]
}

# bound: what the kernel says when bochs and snd_hda_intel get a function of the card, in this boot.
bound() {
	l1sh 'journalctl -b -k -o cat | grep -E "bochs.*$1|snd_hda_intel $2" || :' "$GPU" "$AUDIO"
}

# said PATTERN: a line of this boot's journal.
said() {
	l1sh 'journalctl -b -o cat | grep -E "$1"' "$1"
}

@test "an initramfs keeps the card from the host's drivers that are in it" {
	boot prepared
	# They are loaded, before the disk is mounted, and never had it.
	l1sh 'grep -q "^bochs " /proc/modules; grep -q "^snd_hda_intel " /proc/modules'
	[ "$(bound)" = "" ]
	[ "$(driver_of "$GPU")" = vfio-pci ]
	[ "$(driver_of "$AUDIO")" = vfio-pci ]
	[ "$(property vxm-prepare@demo.target ActiveState)" = active ]
	[ "$(l1 systemctl is-system-running)" = running ]
}

@test "one from before has given the card to the host's driver, and that is told with the way out" {
	# It may have become the console by then, which vxm-check@ refuses.
	boot early --degraded
	[ -n "$(bound)" ]
	said "demo: $GPU has its driver bochs-drm already, .*update-initramfs -u"
}

@test "with one more card in front, of the same ids but without audio, nothing is taken, and the machine boots" {
	boot prepared --front card --degraded
	[ "$(driver_of 0000:01:00.0)" = bochs-drm ]
	[ "$(driver_of 0000:02:00.0)" = bochs-drm ]
	[ "$(driver_of 0000:02:00.1)" = snd_hda_intel ]
	l1sh 'cat /sys/bus/pci/devices/*/driver_override | sort -u | grep -vxF "(null)" && exit 1 || :'
	said '0000:01:00\.1 is absent, and 8086:2668.*0000:02:00\.1\. Nothing is taken at boot'
	# Nor was it for as long as the initramfs ran, and then given back.
	run said 'the initramfs still keeps'
	[ "$status" -eq 1 ]
}

@test "out of date, with the target disabled, it gives the card back and that is told" {
	l1 systemctl disable vxm-prepare@demo.target
	boot prepared
	[ "$(driver_of "$GPU")" = bochs-drm ]
	[ "$(driver_of "$AUDIO")" = snd_hda_intel ]
	l1sh 'cat /sys/bus/pci/devices/*/driver_override | sort -u | grep -vxF "(null)" && exit 1 || :'
	said 'the initramfs still keeps PCI functions for guest demo, .*update-initramfs -u'
	[ "$(l1 systemctl is-system-running)" = running ]
	# A replay does not do it again, to a card that is a guest's by then.
	to_vfio
	l1 udevadm trigger --settle --action=add "/sys/bus/pci/devices/$GPU"
	[ "$(driver_of "$GPU")" = vfio-pci ]
}

@test "out of date, and with vfio-pci in it as well, it gives the card back too" {
	to_vfio
	# The note that it leaves in udev's database, without the boot.
	l1sh 'mkdir -p /run/udev/rules.d
		printf "%s\n" "SUBSYSTEM==\"pci\", KERNEL==\"$1\", ENV{VXM_INITRAMFS}=\"demo\"" >/run/udev/rules.d/71-lab.rules
		udevadm control --reload
		udevadm trigger --settle --action=add "/sys/bus/pci/devices/$1"
		rm /run/udev/rules.d/71-lab.rules
		udevadm control --reload' "$GPU"
	[ "$(driver_of "$GPU")" = bochs-drm ]
	[ "$(l1 cat "/sys/bus/pci/devices/$GPU/driver_override")" = "(null)" ]
}
