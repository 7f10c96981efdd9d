#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vxm: what a person types first, on recorded machines.

load isolate-machine

GPU=0000:01:00.0
HOST=0000:02:00.0

vxm() {
	"$VXM_BUILD/vxm" "$@" --root="$ROOT"
}

# reason CODE [DEVICE]: the reason of that code, as "level|text|fix".
reason() {
	vxm check "${2:-$GPU}" --json | jq -r --arg code "$1" '.[0].reasons[] | select(.code == $code) | "\(.level)|\(.text)|\(.fix)"'
}

@test "list-gpus: a tree with the groups' members, and names from the hardware database" {
	make_machine "$(on 0000:00:1f.6 '.group = 14')"
	run vxm list-gpus
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == ADDRESS*ID*CLASS*GROUP*DRIVER*VERDICT*NAME* ]]
	[[ $output == *"$GPU"*NVIDIA* ]]
	[[ $output == *"moves with it"* ]]
}

@test "without a GPU both say so, and JSON is an empty array" {
	make_machine '.devices |= map(select(.class | startswith("03") | not))'
	run vxm list-gpus
	[ "$status" -eq 0 ]
	[[ $output == *"no GPU among the "* ]]
	[ "$(vxm list-gpus --json)" = "[]" ]
	run vxm check
	[ "$status" -eq 1 ]
	[[ $output == *"verdict: no: this machine has no GPU"* ]]
	[ "$(vxm check --json)" = "[]" ]
}

@test "a root that is none, an address where nothing is, a word that is neither: one line each" {
	make_machine
	run "$VXM_BUILD/vxm" list-gpus --root="$BATS_TEST_TMPDIR"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"root of a recorded machine?"* ]]
	run vxm check 0000:77:00.0
	[ "$status" -eq 1 ]
	[ "$output" = "vxm: no PCI function is at 0000:77:00.0; vxm list-gpus lists the GPUs" ]
	run vxm check 0000:77
	[ "$status" -eq 1 ]
	[[ $output == *"neither an address such as 0000:01:00.0 nor a guest's name" ]]
	run vxm check nobody
	[ "$status" -eq 1 ]
	[[ $output == *"/etc/vxm/guests/nobody.conf"* ]]
	run vxm check ../etc
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
}

@test "an address may be as lspci writes it" {
	make_machine
	[ "$(vxm check 01:00.0 --json)" = "$(vxm check "$GPU" --json)" ]
}

@test "what a person without privileges cannot see is said, and the rest is answered" {
	make_machine
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	mkdir -p "$ROOT/proc/1/fd" "$ROOT/sys/dev/char"
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$VXM_BUILD/vxm" check "$GPU" --root="$ROOT"
	echo "$output"
	[[ $output == *"not seen:"*"sudo vxm check"* ]]
	[[ $output == *"verdict: "* ]]
}

@test "check NAME: the guest's devices, and what its file asks for" {
	make_machine
	vxm check win11 --json >"$BATS_TEST_TMPDIR/said"
	jq -e 'length == 1 and .[0].bdf == "0000:01:00.0"' "$BATS_TEST_TMPDIR/said"
	make_guest win11 "$GPU" 10de:ffff
	run vxm check win11
	[ "$status" -eq 1 ]
	[[ $output == *"verdict: not yet: "*"against the guest win11"* ]]
	[[ $output == *"identity: "*"Identity="* ]]
	[[ $output == *"fix: correct Device= and Identity= in /etc/vxm/guests/win11.conf"* ]]
}

# The questions that users ask, by what answers them.

@test "IOMMU off in the firmware, or in the kernel: which, and the exact word for it" {
	make_machine '.devices |= map(.group = null)'
	mkdir -p "$ROOT/sys/firmware/acpi/tables" "$ROOT/proc"
	printf 'vendor_id\t: GenuineIntel\n' >"$ROOT/proc/cpuinfo"
	[[ $(reason no-iommu) == "blocks|"*"firmware has the IOMMU switched off"*"VT-d"* ]]
	touch "$ROOT/sys/firmware/acpi/tables/DMAR"
	[[ $(reason no-iommu) == *"add intel_iommu=on to the kernel's command line"* ]]
	echo 'quiet intel_iommu=off' >"$ROOT/proc/cmdline"
	[[ $(reason no-iommu) == *"remove intel_iommu=off"* ]]
	printf 'vendor_id\t: AuthenticAMD\n' >"$ROOT/proc/cpuinfo"
	rm "$ROOT/sys/firmware/acpi/tables/DMAR" "$ROOT/proc/cmdline"
	[[ $(reason no-iommu) == *'set "IOMMU"'* ]]
}

@test "\"IOMMU group\" error: each member with its driver, and the way out" {
	make_machine '.devices += [{"bdf": "0000:05:00.0", "class": "0200", "vendor": "8086", "device": "10d3", "driver": "e1000e", "group": 14}]'
	[ "$(jq -r '.devices[] | select(.bdf == "0000:01:00.0").group' "$VXM_SOURCE/tests/fixtures/machines/dual.json")" = 14 ]
	[[ $(reason foreign-member) == "blocks|"*"0000:05:00.0 (8086:10d3, driver e1000e)"*"another slot"* ]]
}

@test "only one GPU; a laptop's; the boot display; a Thunderbolt one" {
	make_machine '.devices |= map(select((.class | startswith("03") | not) or .bdf == "0000:01:00.0"))'
	[[ $(reason only-gpu) == "blocks|"*"firmware's setup"* ]]
	make_machine "$(on $GPU '.boot_vga = 1 | .removable = "removable"')"
	[[ $(reason boot-display) == "blocks|"*"Allow=boot-display"* ]]
	[[ $(reason removable) == "blocks|"*"Allow=removable"* ]]
	mkdir -p "$ROOT/sys/class/dmi/id"
	echo 10 >"$ROOT/sys/class/dmi/id/chassis_type"
	[[ $(reason laptop) == "warns|"*"Looking Glass"* ]]
	make_machine "$(on $GPU '.class = "0302"')"
	[[ $(reason no-outputs) == "warns|"*"[LookingGlass]"* ]]
}

@test "my card has the AMD reset bug?" {
	make_machine "$(on $HOST '.vendor = "1002" | .reset_method = "pm"')"
	[[ $(reason reset $HOST) == "warns|"*"vendor-reset"* ]]
}

@test "who holds the card now is named, with what ends it" {
	make_machine '.processes = [{"pid": 812, "comm": "Xorg", "cgroup": "/system.slice/display-manager.service", "fds": ["/dev/dri/card1"]}]'
	[[ $(reason held) == "blocks|$GPU is held by Xorg (pid 812, display-manager.service) through /dev/dri/card1|systemctl stop display-manager.service"* ]]
}

@test "a disk with a mount, a network card with a route: not yet, and why" {
	make_machine "$(on 0000:04:00.0 '.nodes = ["nvme0n1 259:0 nvme/nvme0/nvme0n1"]')"
	mkdir -p "$ROOT/sys/class/block/nvme0n1/holders" "$ROOT/proc/1" "$ROOT/sys/bus/pci/devices/0000:03:00.0/net/eth0" "$ROOT/sys/class/net" "$ROOT/proc/1/net"
	echo 259:0 >"$ROOT/sys/class/block/nvme0n1/dev"
	[ -z "$(reason in-use 0000:04:00.0)" ]
	echo '36 21 259:0 / /home rw shared:1 - ext4 /dev/nvme0n1 rw' >"$ROOT/proc/1/mountinfo"
	[ "$(reason in-use 0000:04:00.0)" = "blocks|0000:04:00.0 is in use: /home is mounted from its disk nvme0n1|umount /home" ]
	ln -s ../../bus/pci/devices/0000:03:00.0/net/eth0 "$ROOT/sys/class/net/eth0"
	printf 'Iface\tDestination\neth0\t00000000\n' >"$ROOT/proc/1/net/route"
	[[ $(reason in-use 0000:03:00.0) == "blocks|0000:03:00.0 is in use: a route goes over its network interface eth0|"* ]]
	[ -z "$(reason in-use)" ]
	run vxm check 0000:04:00.0
	[ "$status" -eq 1 ]
	[[ $output == *"verdict: not yet: "* ]]
}

@test "Windows 11 (TPM, secure boot): what is not installed is named with its package" {
	make_machine
	mkdir -p "$ROOT/usr/bin"
	[[ $(reason tpm) == "blocks|"*"apt install swtpm swtpm-tools"* ]]
	[[ $(reason firmware) == "blocks|"*"apt install ovmf" ]]
	[[ $(reason qemu) == "blocks|"*"apt install qemu-system-x86" ]]
}

@test "why is memory used while the guest is off?" {
	local pool
	make_machine
	pool="$ROOT/sys/devices/system/node/node0/hugepages/hugepages-2048kB"
	mkdir -p "$pool" "$ROOT/sys/kernel/mm/hugepages/hugepages-2048kB"
	echo 4096 | tee "$pool/nr_hugepages" "$pool/free_hugepages" >/dev/null
	echo 0 >"$pool/surplus_hugepages"
	[[ $(reason pages-kept) == "warns|8192 MiB "*"systemctl stop vxm-prepare@NAME.target"* ]]
}
