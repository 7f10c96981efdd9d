#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vxm record: what it records answers as the machine does, and tells nobody which machine it was.

load isolate-machine

MACHINES="$VXM_SOURCE/tests/fixtures/iommu"
VXM="$VXM_BUILD/vxm"

# answers ROOT: all that the programs say about it, of the guest g as well.
answers() {
	"$VXM" list-gpus --json --root="$1"
	"$VXM" check --json --root="$1"
	[ ! -e "$1/etc/vxm/guests/g.conf" ] || "$VXM_BUILD/vxm-isolate" check g --root="$1" 2>&1
}

@test "each recorded machine answers alike before and after: list-gpus, check, vxm-isolate check" {
	local from roots="$BATS_TEST_TMPDIR/roots" record="$BATS_TEST_TMPDIR/records" count=0 asked=0 machine gpu id
	"$VXM_SOURCE/tests/fixtures/mkroot" "$MACHINES"/[mn]*.json "$roots"
	mkdir "$record"
	jq -r 'to_entries[] | select(.value.candidates[0]) | "\(.key) \(.value.candidates[0].gpu) \(.value.candidates[0].id)"' \
		"$MACHINES/expect.json" >"$BATS_TEST_TMPDIR/gpus"
	for from in "$roots"/*; do
		machine=${from##*/}
		"$VXM" record --root="$from" "$record/$machine" 2>/dev/null
		# The guests' files are not recorded; the same one is put into both.
		if read -r gpu id < <(sed -n "s/^$machine //p" "$BATS_TEST_TMPDIR/gpus"); then
			for r in "$from" "$record/$machine"; do
				mkdir -p "$r/etc/vxm/guests"
				printf '[Guest]\nMemory=1G\nHugepages=no\n[Disk]\nPath=/d\n[GPU]\nDevice=%s\nIdentity=%s\n' "$gpu" "$id" \
					>"$r/etc/vxm/guests/g.conf"
			done
			asked=$((asked + 1))
		fi
		diff <(answers "$from") <(answers "$record/$machine") || { echo "$machine"; return 1; }
		count=$((count + 1))
	done
	[ "$count" -ge 86 ]
	[ "$asked" -ge 50 ]
}

# A machine as a kernel shows it, with a serial number at each place that has one.
make_serials() {
	local pci real edid
	make_machine
	pci="$ROOT/sys/bus/pci/devices/0000:01:00.0"
	mkdir -p "$ROOT"/sys/class/{dmi/id,net/eth0,power_supply,block/sda/device} "$ROOT"/{etc,proc/sys/kernel} "$pci"/drm/card1/card1-DP-1 \
		"$pci/nvme/nvme0" "$ROOT/usr/lib"
	echo SECRET-product >"$ROOT/sys/class/dmi/id/product_serial"
	echo SECRET-board | tee "$ROOT"/sys/class/dmi/id/{board,chassis}_serial "$ROOT/sys/class/dmi/id/"{board,chassis}_asset_tag >/dev/null
	echo SECRET-uuid >"$ROOT/sys/class/dmi/id/product_uuid"
	echo 'ACME' >"$ROOT/sys/class/dmi/id/sys_vendor"
	echo 'Anvil 9' >"$ROOT/sys/class/dmi/id/product_name"
	echo 02:53:45:43:52:54 >"$ROOT/sys/class/net/eth0/address"
	echo SECRET-disk | tee "$ROOT/sys/class/block/sda/device/serial" "$pci/nvme/nvme0/serial" "$pci/wwid" "$pci/vpd" >/dev/null
	echo SECRET-machine-id >"$ROOT/etc/machine-id"
	echo SECRET-host | tee "$ROOT/etc/hostname" "$ROOT/proc/sys/kernel/hostname" >/dev/null
	echo 'Linux version 6.1.0 (me@SECRET-host)' >"$ROOT/proc/version"
	echo 'BOOT_IMAGE=/vmlinuz root=UUID=SECRET-uuid ip=::::SECRET-host intel_iommu=on' >"$ROOT/proc/cmdline"
	printf 'vendor_id\t: GenuineIntel\nSerial\t: SECRET-cpu\n' >"$ROOT/proc/cpuinfo"
	echo 'vfio_pci 16384 0 - Live 0xffffffffc0a5e000' >"$ROOT/proc/modules"
	# A monitor with a serial in all three places, an extension, and a right checksum.
	edid="$pci/drm/card1/card1-DP-1/edid"
	python3 - "$edid" "$VXM_SOURCE"/tests/fixtures/edid/e0001.bin <<-'PY'
		import sys
		edid = bytearray(open(sys.argv[2], "rb").read()[:128])
		edid[12:16] = b"SECR"
		edid[54:108] = b"\0\0\0\xff\0SECRET-edid\n " + b"\0\0\0\xfe\0SECRET-text\n " + b"\0\0\0\xfc\0ANVIL 27\n    "
		edid[126] = 1
		edid[127] = -sum(edid[:127]) & 255
		open(sys.argv[1], "wb").write(edid + b"\x70SECRET-ext".ljust(128, b"\0"))
	PY
	echo connected >"${edid%/*}/status"
	# Config space of a bridge with ACS and a serial number, of a device with one.
	python3 - "$ROOT/sys/bus/pci/devices/0000:00:01.0/config" "$pci/config" <<-'PY'
		import sys
		config = bytearray(4096)
		config[6] = 0x10
		config[0x34] = 0x40
		config[0x40:0x44] = b"\x10\0\x42\0"
		config[0x100:0x108] = b"\x0d\0\x01\x12\x1f\0\x1d\0"
		config[0x120:0x12c] = b"\x03\0\x01\0SECRET!!"
		[open(path, "wb").write(config) for path in sys.argv[1:]]
	PY
	# A keyboard on Bluetooth: its own address and the adapter's, and a battery named by it.
	real="$ROOT/sys/devices/virtual/misc/uhid/input/input7"
	mkdir -p "$real"/{event7,id,capabilities} "$ROOT/sys/class/input" "$ROOT/sys/devices/hid/hid-02:53:45:43:52:54-battery"
	ln -s ../../devices/virtual/misc/uhid/input/input7/event7 "$ROOT/sys/class/input/event7"
	ln -s ../../input7 "$real/event7/device"
	ln -s ../../../uhid "$real/device"
	ln -s ../../devices/hid/hid-02:53:45:43:52:54-battery "$ROOT/sys/class/power_supply/hid-02:53:45:43:52:54-battery"
	echo Battery >"$ROOT/sys/devices/hid/hid-02:53:45:43:52:54-battery/type"
	echo SECRET-battery >"$ROOT/sys/devices/hid/hid-02:53:45:43:52:54-battery/serial_number"
	echo 02:53:45:43:52:54 >"$real/uniq"
	echo 02:53:45:43:52:55 >"$real/phys"
	echo 'Anvil Keyboard' >"$real/name"
	for id in bustype:0005 vendor:1234 product:0001 version:0001; do echo "${id#*:}" >"$real/id/${id%:*}"; done
	for cap in ev:120013 key:ffffffffffffffff rel:0 abs:0 led:1f; do echo "${cap#*:}" >"$real/capabilities/${cap%:*}"; done
	echo 0 >"$real/properties"
	mkdir -p "$ROOT/etc/vxm/guests/win11.conf.d"
	echo '# Monitor=DEL:a0c4:SECRET' >>"$ROOT/etc/vxm/guests/win11.conf"
}

@test "no serial number, address, host name or process is in a record, and all else is" {
	make_serials
	RECORD="$BATS_TEST_TMPDIR/record"
	# What would be found is there to be found, in each of its forms.
	[ "$(grep -rla SECR "$ROOT" | wc -l)" -ge 18 ]
	run "$VXM" record --root="$ROOT" "$RECORD"
	echo "$output"
	[ "$status" -eq 0 ]
	run grep -ra -e SECR -e '02:53:45' -e ffffffffc0a5e000 "$RECORD"
	[ "$status" -eq 1 ]
	[ -z "$(find "$RECORD" -iname '*02:53*' -o -iname '*serial*' -o -name machine-id -o -name hostname -o -name '*uuid*')" ]
	run find "$RECORD" -lname '*02:53*'
	[ -z "$output" ]
	[ ! -e "$RECORD/proc/812" ]
	# All else: the same, or as documented.
	[ "$(cat "$RECORD/proc/cmdline")" = 'BOOT_IMAGE= root= ip= intel_iommu=on' ]
	[ "$(cat "$RECORD/sys/class/dmi/id/product_name")" = 'Anvil 9' ]
	[ "$(cat "$RECORD/sys/class/input/event7/device/name")" = 'Anvil Keyboard' ]
	[[ $(cat "$RECORD/sys/class/input/event7/device/uniq") =~ ^serial-[0-9]+$ ]]
	[ "$(cat "$RECORD"/sys/class/power_supply/*/type)" = Battery ]
	python3 - "$RECORD/sys/bus/pci/devices/0000:01:00.0/drm/card1/card1-DP-1/edid" <<-'PY'
		import sys
		edid = open(sys.argv[1], "rb").read()
		assert len(edid) == 128 and sum(edid) % 256 == 0 and edid[12:16] == b"\0\0\0\0" and b"ANVIL 27" in edid and edid[126] == 0
	PY
	[ "$(stat -c %s "$RECORD/sys/bus/pci/devices/0000:00:01.0/config")" -eq 4096 ]
	[ "$(stat -c %s "$RECORD/sys/bus/pci/devices/0000:01:00.0/config")" -eq 64 ]
	# The answers: who holds the card is not on record, and said to be so.
	diff <("$VXM" list-gpus --json --root="$ROOT") <("$VXM" list-gpus --json --root="$RECORD")
	diff <("$VXM" check --json --root="$ROOT" | jq 'map(.reasons |= map(select(.code != "held")))') \
		<("$VXM" check --json --root="$RECORD" | jq 'map(.reasons |= map(select(.code != "held")))')
	"$VXM" check --json --root="$RECORD" | jq -e 'all(.[]; any(.reasons[]; .code == "held" and .level == "unseen"))'
	# A record of a record is the same.
	"$VXM" record --root="$RECORD" "$RECORD.2" 2>/dev/null
	diff -r --no-dereference "$RECORD" "$RECORD.2"
}

@test "this machine: the record answers, and what its files say of it is not in there" {
	local word words=()
	RECORD="$BATS_TEST_TMPDIR/record"
	run "$VXM" record "$RECORD"
	echo "$output"
	[ "$status" -eq 0 ]
	diff <("$VXM" list-gpus --json) <("$VXM" list-gpus --json --root="$RECORD")
	while read -r word; do
		[ "${#word}" -lt 6 ] || words+=(-e "$word")
	done < <(cat /sys/class/dmi/id/*serial /sys/class/dmi/id/product_uuid /etc/machine-id /sys/class/net/*/address 2>/dev/null |
		grep -v '^00:00:00:00:00:00$')
	[ "${#words[@]}" -gt 0 ] # /etc/machine-id at the least
	run grep -raF "${words[@]}" "$RECORD"
	[ "$status" -eq 1 ]
	[ ! -e "$RECORD/etc/hostname" ]
	[ "$(cat "$RECORD/proc/sys/kernel/osrelease")" = "$(uname -r)" ]
	grep -q '^QEMU emulator version' "$RECORD/usr/bin/qemu-system-x86_64"
	cmp "$RECORD/etc/os-release" /etc/os-release
}

@test "it ends with the command that replays it, and with what was left out" {
	make_machine
	run "$VXM" record --root="$ROOT" "$BATS_TEST_TMPDIR/record"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} =~ ^vxm:\ recorded\ [0-9]+\ files\ in\ .*\;\ (vxm\ check\ --root=.*/record)\ answers ]]
	PATH="$VXM_BUILD:$PATH"
	run ${BASH_REMATCH[1]}
	[[ $output == *"verdict: "* ]]
}

@test "without privileges it says what it could not read" {
	make_machine
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
	echo Y >"$ROOT/sys/bus/pci/devices/0000:01:00.0/resource"
	chmod 600 "$ROOT/sys/bus/pci/devices/0000:01:00.0/resource"
	mkdir -m 777 "$BATS_TEST_TMPDIR/mine"
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$VXM" record --root="$ROOT" "$BATS_TEST_TMPDIR/mine/record"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[2]} == "vxm: not recorded: 1 files "*": sudo vxm record" ]]
	run setpriv --reuid=65534 --regid=65534 --clear-groups "$VXM" record --root="$ROOT" "$BATS_TEST_TMPDIR/record"
	[ "$status" -eq 1 ]
	[[ $output == *"name a directory where you may write. Nothing was recorded." ]]
}

@test "a directory that is not empty is refused and left as it is; twice into one place is once too often" {
	make_machine
	mkdir "$BATS_TEST_TMPDIR/mine"
	touch "$BATS_TEST_TMPDIR/mine/file"
	run "$VXM" record --root="$ROOT" "$BATS_TEST_TMPDIR/mine"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "vxm: $BATS_TEST_TMPDIR/mine is there already and not empty: name a directory that is not there yet. Nothing was recorded." ]]
	[ "$(ls "$BATS_TEST_TMPDIR/mine")" = file ]
	"$VXM" record --root="$ROOT" "$BATS_TEST_TMPDIR/record" 2>/dev/null
	run "$VXM" record --root="$ROOT" "$BATS_TEST_TMPDIR/record"
	[ "$status" -eq 1 ]
	[ -z "$(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '*unfinished*')" ]
}

@test "killed in the middle it leaves nothing of the name that was asked for" {
	make_machine
	# The last file that is looked for is a pipe that nobody opens: there it hangs until it is killed.
	mkdir -p "$ROOT/etc/vxm/prepared" "$ROOT/usr/share/qemu/firmware"
	touch "$ROOT/etc/vxm/prepared/win11"
	mkfifo "$ROOT/usr/share/qemu/firmware/50-x.json"
	"$VXM" record --root="$ROOT" "$BATS_TEST_TMPDIR/record" &
	local pid=$! tries=0
	until [ -e "$(echo "$BATS_TEST_TMPDIR"/record.unfinished-*/etc/vxm/prepared/win11)" ] || [ $((tries += 1)) -gt 5000 ]; do :; done
	kill -KILL "$pid"
	wait "$pid" || [ $? -eq 137 ]
	[ ! -e "$BATS_TEST_TMPDIR/record" ]
	[ -d "$(echo "$BATS_TEST_TMPDIR"/record.unfinished-*)" ]
	# The next one is not in its way.
	rm "$ROOT/usr/share/qemu/firmware/50-x.json"
	"$VXM" record --root="$ROOT" "$BATS_TEST_TMPDIR/record" 2>/dev/null
	[ -d "$BATS_TEST_TMPDIR/record/sys" ]
}
