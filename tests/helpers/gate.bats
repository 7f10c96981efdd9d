#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The gate of vxm-isolate on the fake kernel: whoever holds or uses what is to move is named, and nothing is written.

load isolate-machine

setup() {
	make_machine
}

# also BDF IDS: the guest win11 gets that function too.
also() {
	make_guest win11 0000:01:00.0 10de:2684 '[PCI]' "Device=$1" "Identity=$2"
}

# disk: the NVMe disk has a disk and two partitions, and the guest gets it.
disk() {
	local part
	make_machine "$(on 0000:04:00.0 '.nodes = ["nvme0n1 259:0 nvme/nvme0/nvme0n1", "nvme0n1p1 259:1 nvme/nvme0/nvme0n1/nvme0n1p1", "nvme0n1p2 259:2 nvme/nvme0/nvme0n1/nvme0n1p2"]')"
	also 0000:04:00.0 144d:a80a
	mkdir -p "$ROOT/sys/class/block" "$ROOT/proc/1"
	: >"$ROOT/proc/1/mountinfo"
	for part in nvme0n1:259:0 nvme0n1p1:259:1 nvme0n1p2:259:2; do
		block "${part%%:*}" "${part#*:}"
	done
}

# block NAME NUMBER: a block device of class/block.
block() {
	mkdir -p "$ROOT/sys/class/block/$1/holders"
	echo "$2" >"$ROOT/sys/class/block/$1/dev"
}

mounted() {
	printf '21 1 8:1 / / rw - ext4 /dev/sda1 rw\n%s\n' "$1" >"$ROOT/proc/1/mountinfo"
}

@test "a program that closed the node and kept its mapping is named" {
	mkdir -p "$ROOT/proc/900/fd"
	echo game >"$ROOT/proc/900/comm"
	echo '0::/user.slice/user-1000.slice/session-2.scope' >"$ROOT/proc/900/cgroup"
	echo '7f00-7f10 rw-s 100000000 00:05 431    /dev/dri/renderD129' >"$ROOT/proc/900/maps"
	refused "0000:01:00.0 is held by game (pid 900, session-2.scope) through a mapping of /dev/dri/renderD129: log out of that session, or end it (kill 900)"
}

@test "each holder is named, and each remedy once" {
	make_machine '.processes += [
		{pid: 900, comm: "nvidia-persiste", cgroup: "/system.slice/nvidia-persistenced.service", fds: ["/dev/dri/card1"]},
		{pid: 901, comm: "wireplumber", cgroup: "/user.slice/user-1000.slice/user@1000.service/session.slice/wireplumber.service", fds: ["/dev/snd/controlC1"]},
		{pid: 902, comm: "ddcutil", cgroup: "/user.slice/user-1000.slice/session-2.scope", fds: ["/dev/i2c-7", "/dev/dri/card1"]}]'
	refused "0000:01:00.0 is held by nvidia-persiste (pid 900, nvidia-persistenced.service) through /dev/dri/card1; 0000:01:00.1 is held by wireplumber (pid 901, wireplumber.service) through /dev/snd/controlC1; 0000:01:00.0 is held by ddcutil (pid 902, session-2.scope) through /dev/i2c-7, ddcutil (pid 902, session-2.scope) through /dev/dri/card1: systemctl stop nvidia-persistenced.service, or log out of the session it serves; systemctl --user stop wireplumber.service, or log out of the session it serves; log out of that session, or end it (kill 902)"
}

@test "what logind has open for a session is told as that session's: nobody is told to stop logind or to kill pid 1" {
	make_machine '.processes |= map(select(.pid != 1)) | .processes += [
		{pid: 1, comm: "systemd", cgroup: "/init.scope", fds: ["/dev/dri/card1"]},
		{pid: 700, comm: "systemd-logind", cgroup: "/system.slice/systemd-logind.service", fds: ["/dev/dri/card1"]}]'
	refused "0000:01:00.0 is held by systemd (pid 1, init.scope) through /dev/dri/card1, systemd-logind (pid 700, systemd-logind.service) through /dev/dri/card1: log out of the session that systemd-logind has opened it for (loginctl list-sessions). Nothing"
}

@test "nvidia-modeset holds the only card of that driver, and says nothing when there are two" {
	make_machine '.processes += [{pid: 900, comm: "kwin_wayland", cgroup: "/user.slice/session-2.scope", fds: ["/dev/nvidia-modeset"]}]'
	mkdir -p "$ROOT/proc/driver/nvidia/gpus/0000:01:00.0" "$ROOT/proc/driver/nvidia/gpus/0000:02:00.0"
	isolate check win11
	rmdir "$ROOT/proc/driver/nvidia/gpus/0000:02:00.0"
	refused "0000:01:00.0 is held by kwin_wayland (pid 900, session-2.scope) through /dev/nvidia-modeset"
}

@test "refuses a disk with a mounted file system, by number, by name, and by btrfs' own list" {
	disk
	isolate check win11
	mounted '36 21 259:2 / /home rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw'
	refused "0000:04:00.0 is in use, /home is mounted from its disk nvme0n1p2: umount /home. Nothing"
	mounted '36 21 0:44 /@ /srv rw - btrfs /dev/nvme0n1p1 rw'
	refused "/srv is mounted from its disk nvme0n1p1: umount /srv"
	: >"$ROOT/proc/1/mountinfo"
	mkdir -p "$ROOT/sys/fs/btrfs/7d3/devices/nvme0n1p2"
	refused "the btrfs 7d3 is mounted from its disk nvme0n1p2"
}

@test "refuses a disk that is swapped to" {
	disk
	printf 'Filename\tType\tSize\tUsed\tPriority\n/dev/nvme0n1p2   partition\t1\t0\t-2\n' >"$ROOT/proc/swaps"
	refused "the machine swaps to its disk nvme0n1p2: swapoff /dev/nvme0n1p2"
}

@test "refuses a disk through what is stacked on it: a mount on LVM on RAID, a volume without a mount" {
	disk
	mkdir "$ROOT/sys/class/block/nvme0n1p2/holders/md0"
	block md0 9:0
	mkdir "$ROOT/sys/class/block/md0/holders/dm-3"
	block dm-3 253:3
	refused "dm-3 is built on its disk nvme0n1p2: take dm-3 apart"
	mkdir "$ROOT/sys/class/block/dm-3/dm"
	echo vg-home >"$ROOT/sys/class/block/dm-3/dm/name"
	mounted '36 21 0:50 / /home rw - btrfs /dev/mapper/vg-home rw'
	refused "/home is mounted from its disk nvme0n1p2: umount /home"
	mounted '36 21 253:3 / /home rw - ext4 /dev/mapper/vg-home rw'
	refused "/home is mounted from its disk nvme0n1p2: umount /home"
}

# nic: the network card has an interface, and the guest gets it.
nic() {
	also 0000:03:00.0 8086:15f3
	mkdir -p "$ROOT/sys/bus/pci/devices/0000:03:00.0/net/eth0" "$ROOT/sys/class/net" "$ROOT/proc/1/net"
	ln -s ../../bus/pci/devices/0000:03:00.0/net/eth0 "$ROOT/sys/class/net/eth0"
	printf 'Iface\tDestination\tGateway\neth1\t00000000\t0102A8C0\neth01\t0002A8C0\t00000000\n' >"$ROOT/proc/1/net/route"
	printf 'fe80000000000000021122fffe334455 02 40 20 80     eth0\n' >"$ROOT/proc/1/net/if_inet6"
}

@test "refuses a network card with a route, an address or a bridge, and takes one that is only up" {
	nic
	isolate check win11
	printf '20010db8000000000000000000000001 02 40 00 80     eth0\n' >>"$ROOT/proc/1/net/if_inet6"
	refused "0000:03:00.0 is in use, its network interface eth0 has an address: take it out of the network's configuration and set it down (ip link set eth0 down)"
	printf 'eth0\t00000000\t0102A8C0\n' >>"$ROOT/proc/1/net/route"
	refused "a route goes over its network interface eth0"
	ln -s ../../../../../../class/net/br0 "$ROOT/sys/bus/pci/devices/0000:03:00.0/net/eth0/master"
	refused "its network interface eth0 is part of br0"
}

@test "refuses a network card that carries a VLAN or another interface made of it" {
	nic
	ln -s ../../../../../../devices/virtual/net/eth0.10 "$ROOT/sys/bus/pci/devices/0000:03:00.0/net/eth0/upper_eth0.10"
	refused "0000:03:00.0 is in use, its network interface eth0 carries eth0.10: take that out of the network's configuration and delete it (ip link delete eth0.10)"
}

# A directory in the place of a table: it is there, and reading it fails as nothing does that is merely absent.
@test "refuses a disk and a network card when the kernel's tables of mounts, swap areas and routes cannot be read" {
	local table
	disk
	for table in mountinfo swaps; do
		rm -rf "$ROOT/proc/1/mountinfo"
		mkdir -p "$ROOT/proc/1/$table"
		refused "Is a directory"
	done
	rm -rf "$ROOT/proc/1/mountinfo" "$ROOT/proc/1/swaps"
	isolate check win11
	nic
	for table in route if_inet6; do
		rm "$ROOT/proc/1/net/$table"
		mkdir "$ROOT/proc/1/net/$table"
		refused "Is a directory"
	done
}

# keyboard NODE PLACE: eventN below PLACE in sysfs.
keyboard() {
	local here="$ROOT/sys/$2/input/input${1#event}/$1"
	mkdir -p "$here" "$ROOT/sys/class/input" "${here%/*}"/{id,capabilities,device}
	echo Board >"${here%/*}/name"
	echo "usb-$1/input0" >"${here%/*}/phys"
	echo >"${here%/*}/uniq"
	echo 0003 | tee "${here%/*}/id/"{bustype,vendor,version} >/dev/null
	printf '%04x\n' "${1#event}" >"${here%/*}/id/product"
	echo 120013 >"${here%/*}/capabilities/ev"
	echo '200000000 fffffffffffffffe' >"${here%/*}/capabilities/key"
	echo 0 | tee "${here%/*}/capabilities/"{rel,abs,led} "${here%/*}/properties" >/dev/null
	ln -s "../../input${1#event}" "$here/device"
	ln -s "../../$2/input/input${1#event}/$1" "$ROOT/sys/class/input/$1"
}

@test "refuses the USB controller with the machine's only keyboard" {
	keyboard event5 bus/pci/devices/0000:01:00.2/usb3/3-1
	refused "0000:01:00.2 is in use, the machine's only keyboard (Board) is behind it: plug a keyboard into a port of another USB controller"
	keyboard event6 devices/platform/i8042/serio0
	isolate check win11
}

# output STATE: what "enabled" of the card's output says.
output() {
	mkdir -p "$ROOT/sys/bus/pci/devices/0000:01:00.0/drm/card1/card1-HDMI-A-1"
	echo "$1" >"$ROOT/sys/bus/pci/devices/0000:01:00.0/drm/card1/card1-HDMI-A-1/enabled"
}

# framebuffer N...: the card has the first of them; all are the machine's.
framebuffer() {
	local n
	mkdir -p "$ROOT/sys/bus/pci/devices/0000:01:00.0/graphics/fb$1" "$ROOT/sys/class/vtconsole/vtcon1"
	for n in "$@"; do
		mkdir -p "$ROOT/sys/class/graphics/fb$n"
	done
	mkdir -p "$ROOT/sys/class/graphics/fbcon"
	echo '(M) frame buffer device' >"$ROOT/sys/class/vtconsole/vtcon1/name"
	echo 1 >"$ROOT/sys/class/vtconsole/vtcon1/bind"
}

@test "refuses an output that is on, when only a program can have set it" {
	output disabled
	isolate check win11
	output enabled
	refused "0000:01:00.0 is in use, its output HDMI-A-1 is on: switch that screen off in the desktop's display settings"
}

@test "an output on which the kernel shows its own idle framebuffer is no use of it" {
	output enabled
	framebuffer 1 0
	isolate check win11
}

@test "refuses the card with the text console" {
	output enabled
	framebuffer 0 1
	refused "0000:01:00.0 is in use, the text console is on it (fb0, output HDMI-A-1): add fbcon=map:N"
	echo 0 >"$ROOT/sys/class/vtconsole/vtcon1/bind"
	isolate check win11
}

@test "a holder and a use are told together, and show has both in JSON" {
	make_machine '.processes += [{pid: 900, comm: "kwin_wayland", cgroup: "/user.slice/session-2.scope", fds: ["/dev/dri/card1"]}]'
	output enabled
	refused "through /dev/dri/card1: log out of that session, or end it (kill 900); 0000:01:00.0 is in use, its output HDMI-A-1 is on"
	run isolate show win11 --json
	[ "$(jq -r '.uses[0].text' <<<"$output")" = "its output HDMI-A-1 is on" ]
	[ "$(jq -r '.uses[0].bdf, .refusal.code' <<<"$output")" = $'0000:01:00.0\nheld' ]
}
