#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The questions that users of GPU passthrough ask, each by what answers it: a command, or the error that somebody has before
# his eyes when he asks it.

load isolate-machine

GPU=0000:01:00.0
HOST=0000:02:00.0

vxm() {
	"$VXM_BUILD/vxm" "$@" --root="$ROOT"
}

# reason CODE [WHAT]: the reason of that code, as "level|text|fix".
reason() {
	vxm check "${2:-$GPU}" --json | jq -r --arg code "$1" '.[0].reasons[] | select(.code == $code) | "\(.level)|\(.text)|\(.fix)"'
}

man_says() {
	grep -qF -- "$2" "$VXM_SOURCE/helpers/man/$1.scd"
}

# A machine of which nothing but the monitors is unknown, and where nothing is in the way of $GPU.
make_fit() {
	local kind
	make_machine "${1:-.}"
	mkdir -p "$ROOT"/{proc/1/fd,dev,usr/bin,usr/share/qemu/firmware,usr/share/OVMF,sys/class/input}
	printf 'MemTotal: 33554432 kB\nMemAvailable: 30000000 kB\n' >"$ROOT/proc/meminfo"
	touch "$ROOT"/dev/kvm "$ROOT"/usr/bin/{qemu-system-x86_64,swtpm,swtpm_setup}
	chmod +x "$ROOT"/usr/bin/*
	touch "$ROOT"/usr/share/OVMF/{OVMF_CODE_4M.ms.fd,OVMF_VARS_4M.ms.fd,OVMF_CODE_4M.fd,OVMF_VARS_4M.fd}
	for kind in "$VXM_SOURCE"/tests/fixtures/firmware/debian12/usr/share/qemu/firmware/*.json; do
		cp "$kind" "$ROOT/usr/share/qemu/firmware"
	done
}

@test "Can my machine do it (dual GPU, IOMMU, UEFI)?" {
	make_fit
	run vxm check
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"verdict: yes: nothing stands against giving $GPU to a guest"* ]]
	[[ $output == *"Device=$GPU"*"Identity=10de:2684"* ]]
	# Each of the three, taken away, is what it names.
	make_fit '.devices |= map(select((.class | startswith("03") | not) or .bdf == "0000:01:00.0"))'
	run vxm check
	[ "$status" -eq 1 ]
	[[ $output == *"verdict: not yet: "*"only-gpu: "* ]]
	make_fit '.devices |= map(.group = null)'
	run vxm check
	[ "$status" -eq 1 ]
	[[ $output == *"no-iommu: "*"fix: "* ]]
	make_fit
	rm "$ROOT"/usr/share/qemu/firmware/*
	run vxm check
	[ "$status" -eq 1 ]
	[[ $output == *"firmware: "*"fix: sudo apt install ovmf"* ]]
}

@test "My card has the AMD reset bug?" {
	make_machine "$(on $HOST '.vendor = "1002" | .reset_method = "pm"')"
	[[ $(reason reset $HOST) == "warns|$HOST has no reset of its own (reset_method: pm): it may not start a second time|"*"vendor-reset"* ]]
	make_machine "$(on $HOST '.reset_method = "device_specific bus"')"
	[ -z "$(reason reset $HOST)" ]
}

@test "My laptop's GPU?" {
	make_machine "$(on $GPU '.class = "0302"')"
	mkdir -p "$ROOT/sys/class/dmi/id"
	echo 10 >"$ROOT/sys/class/dmi/id/chassis_type"
	[[ $(reason laptop) == "warns|"*"its screen often hangs on the processor's GPU alone|"*"Looking Glass"* ]]
	[[ $(reason no-outputs) == "warns|$GPU has no output of its own (a 3D controller, as in laptops"*"|say Size=64M in [LookingGlass]"* ]]
}

@test "Only one GPU?" {
	make_machine '.devices |= map(select((.class | startswith("03") | not) or .bdf == "0000:01:00.0"))'
	[[ $(reason only-gpu) == "blocks|$GPU is the only GPU that the host has"*"put in a second card" ]]
	refused "$GPU is the only GPU of this machine, and the host would have no screen left"
}

@test "Why is my memory used while the guest is off?" {
	local pool
	make_machine
	pool="$ROOT/sys/devices/system/node/node0/hugepages/hugepages-2048kB"
	mkdir -p "$pool" "$ROOT/sys/kernel/mm/hugepages/hugepages-2048kB"
	echo 4096 | tee "$pool/nr_hugepages" "$pool/free_hugepages" >/dev/null
	echo 0 | tee "$pool/surplus_hugepages" "$ROOT"/sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages >/dev/null
	[[ $(reason pages-kept) == "warns|8192 MiB are set aside as huge pages and unused"*"systemctl stop vxm-prepare@NAME.target gives a prepared guest's back"* ]]
	run "$VXM_BUILD/vxm-hugepages" show win11 --root="$ROOT"
	[ "$status" -eq 0 ]
	[[ $output == *"4096 pages of 2048 KiB needed"* ]]
	[[ $output == *"node0/hugepages-2048kB: 4096 pages, 0 surplus, 4096 free, 0 added for this guest"* ]]
}

@test "How do I get my keyboard and mouse back?" {
	"$VXM_BUILD/vxm-access" --help | grep -q '^  vxm-access stop NAME .*give them back'
	grep -q 'How do I get my keyboard back?.*both Ctrl keys together' "$VXM_SOURCE/README.md"
	man_says vxm-guest.conf.5 'hand keyboard and mouse over: ctrl-ctrl'
}

@test "Looking Glass?" {
	make_machine "$(on $GPU '.class = "0302"')"
	[[ $(reason no-outputs) == *"|say Size=64M in [LookingGlass] of the guest's file, and install the Looking Glass host"* ]]
	# Said, it is no question any more.
	printf '[LookingGlass]\nSize=64M\n' >>"$ROOT/etc/vxm/guests/win11.conf"
	[ -z "$(reason no-outputs win11)" ]
}

@test "Where is the virtual disk?" {
	# Where its file says; that there is none is told with the line that says it.
	make_fit
	[[ $(reason files win11) == *"/etc/vxm/guests/win11.conf:4: Path=/var/lib/vxm/disk.img: "* ]]
	grep -q 'Where is the virtual disk?.*/var/lib/vxm/win11' "$VXM_SOURCE/README.md"
	man_says vxm-guest.conf.5 '*Path=*'
}

@test "Windows 11 (TPM, secure boot)?" {
	make_machine
	mkdir -p "$ROOT/usr/bin"
	[[ $(reason tpm) == "blocks|"*"Windows 11 wants a TPM|sudo apt install swtpm swtpm-tools"* ]]
	[[ $(reason firmware) == "blocks|secure-boot UEFI firmware is not installed"*"|sudo apt install ovmf" ]]
	printf '[Guest]\nTPM=no\nFirmware=uefi\n' >>"$ROOT/etc/vxm/guests/win11.conf"
	[ -z "$(reason tpm win11)" ]
	[[ $(reason firmware win11) == "blocks|UEFI firmware is not installed"* ]]
}

@test "Network and storage drivers during Windows setup?" {
	grep -q 'NetKVM' "$VXM_SOURCE/README.md"
	man_says vxm-guest.conf.5 'need no driver during the setup of Windows'
}

@test "How do I reset it all?" {
	local before
	make_machine
	before=$(fingerprint)
	isolate start win11 2>/dev/null
	[ "$(driver $GPU)" = vfio-pci ]
	isolate stop win11 2>/dev/null
	[ "$(fingerprint)" = "$before" ]
	# Once more, and with nothing to do: silence.
	run isolate stop win11
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	grep -q 'How do I reset it all?.*vxm-isolate stop win11; sudo vxm-hugepages stop win11' "$VXM_SOURCE/README.md"
}

@test "The monitor went black when the guest started?" {
	make_machine "$(on $GPU '.boot_vga = 1')"
	refused "boot"
	[[ $(reason boot-display) == "blocks|$GPU is the boot display: firmware, console and login screen are on it|"*"plug the monitor into it"* ]]
	make_machine
	mkdir -p "$ROOT/sys/bus/pci/devices/$GPU/drm/card1/card1-HDMI-A-1"
	echo enabled >"$ROOT/sys/bus/pci/devices/$GPU/drm/card1/card1-HDMI-A-1/enabled"
	echo connected >"$ROOT/sys/bus/pci/devices/$GPU/drm/card1/card1-HDMI-A-1/status"
	[[ $(reason output-in-use) == "blocks|$GPU shows the desktop or the console on its output card1-HDMI-A-1|switch that screen off"* ]]
	man_says vxm-display.8 'When a monitor does not come back' || man_says vxm-display.8 'WHEN A MONITOR DOES NOT COME BACK'
}

@test "\"IOMMU group\" error?" {
	make_machine '.devices += [{"bdf": "0000:05:00.0", "class": "0200", "vendor": "8086", "device": "10d3", "driver": "e1000e", "group": 14}]'
	refused "shares its IOMMU group with 0000:05:00.0 (group 14, 8086:10d3, driver e1000e)"
	[[ $(reason foreign-member) == "blocks|"*"shares IOMMU group 14"*"0000:05:00.0 (8086:10d3, driver e1000e)|put the card into another slot"* ]]
	run isolate show win11
	[[ $output == *0000:05:00.0*e1000e* ]]
}

@test "My session crashed after the guest stopped?" {
	# Prevented: what a session holds is not taken from under it, and is named with what ends it.
	make_machine '.processes += [{"pid": 900, "comm": "gnome-shell", "cgroup": "/user.slice/user-1000.slice/session-2.scope", "fds": ["/dev/dri/card1"]}]'
	refused "$GPU is held by gnome-shell (pid 900, session-2.scope) through /dev/dri/card1"
	[[ $(reason held) == "blocks|$GPU is held by gnome-shell (pid 900, session-2.scope) through /dev/dri/card1|log out of that session, or end it (kill 900)" ]]
	man_says vxm-guest.conf.5 '*Session=*'
}

@test "NVIDIA drivers in the guest?" {
	# Nothing is hidden from the driver since it allows a virtual machine; what a laptop's wants is a ROM=.
	make_machine
	mkdir -p "$ROOT/sys/class/dmi/id"
	echo 10 >"$ROOT/sys/class/dmi/id/chassis_type"
	[[ $(reason laptop) == *"NVIDIA's want their own ROM= in [GPU]"* ]]
	man_says vxm-guest.conf.5 '*ROM=*'
}
