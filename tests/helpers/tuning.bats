#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell to shellcheck; nothing is meant to leave it
# BAR=, Reset= and Power= on the fake kernel: set for the guest, put back by stop, refused by name where the device does
# not offer it; and a card that fails its reset stays on vfio-pci.
#
# QEMU emulates no device with the Resizable BAR capability, so a BAR is resized here and not in the lab. The rules are
# those of the kernel's drivers/pci/pci-sysfs.c and setup-res.c.

load isolate-machine

GPU=0000:01:00.0
AUDIO=0000:01:00.1
PORT=0000:00:01.0
CONF=/etc/vxm/guests/win11.conf

# A card with two BARs that can be resized, and three ways to reset it, behind a port.
CARD='.reset_method = "flr bus" | .reset_methods = "device_specific flr bus" | .port = "0000:00:01.0" |
	.bars = {"0": [16, [1, 16, 32]], "1": [256, [256, 512, 8192, 16384]], "3": [32, [32]]}'

setup() {
	make_machine "$(on "$GPU" "$CARD") | $(on "$PORT" '.power = "auto"')"
	BEFORE=$(fingerprint)
}

# tuned LINE...: the guest with these lines in [GPU].
tuned() {
	make_guest win11 "$GPU" 10de:2684 "$@"
	BEFORE=$(fingerprint)
}

# bar NUMBER: its size in MiB.
bar() {
	local first last rest
	read -r first last rest < <(sed -n "$(($1 + 1))p" "$ROOT/sys/bus/pci/devices/$GPU/resource")
	echo $(((last - first + 1) >> 20))
}

# --- BAR= ----------------------------------------------------------------------------------------------------------------

@test "the BARs have their sizes while the guest has the card, and the old ones afterwards" {
	tuned 'BAR=1:8G 0:32M'
	isolate start win11
	[ "$(bar 0) $(bar 1) $(bar 3)" = "32 8192 32" ]
	[ "$(driver "$GPU")" = vfio-pci ]
	grep -qx "$GPU resource1_resize 256" "$ROOT/run/vxm/win11/isolate"
	isolate stop win11
	[ "$(bar 0) $(bar 1)" = "16 256" ]
	diff <(echo "$BEFORE") <(fingerprint)
}

@test "a BAR is resized between unbind and probe, for the kernel does it only while no driver is bound" {
	tuned BAR=1:8G
	run isolate start win11 --dry-run
	[ "$status" -eq 0 ]
	[ "$(grep -nE "^$GPU: (unbind|set the size|probe)" <<<"$output" | cut -d : -f 2- | cut -d ' ' -f 2-)" = "$(
		cat <<-END
			unbind from nouveau
			set the size of BAR 1 to 8G
			probe for vfio-pci
		END
	)" ]
	isolate start win11
	run isolate stop win11 --dry-run
	[ "$(grep -nE "^$GPU: (unbind|set the size|probe)" <<<"$output" | cut -d : -f 2- | cut -d ' ' -f 2-)" = "$(
		cat <<-END
			unbind from vfio-pci
			set the size of BAR 1 to 256M
			probe for nouveau
		END
	)" ]
}

@test "a BAR that has its size already is not written, nor recorded without BAR=" {
	tuned BAR=1:256M
	isolate start win11
	isolate stop win11
	diff <(echo "$BEFORE") <(fingerprint)
	tuned
	isolate start win11
	run grep resize "$ROOT/run/vxm/win11/isolate"
	[ "$status" -eq 1 ]
}

@test "a card that was on vfio-pci before is taken off it for the BAR, twice, and is there afterwards" {
	make_machine "$(on "$GPU" "$CARD | .driver = \"vfio-pci\" | .override = \"vfio-pci\"")"
	tuned BAR=1:8G
	isolate start win11
	[ "$(bar 1) $(driver "$GPU")" = "8192 vfio-pci" ]
	isolate stop win11
	[ "$(bar 1) $(driver "$GPU")" = "256 vfio-pci" ]
	[ "$(attribute "$GPU" driver_override)" = vfio-pci ]
	[ ! -e "$ROOT/run/vxm/win11" ]
}

@test "refuses a size that the device does not offer, and names those that it does" {
	tuned Power=auto BAR=1:1G
	refused "$CONF:9: BAR=: BAR 1 of $GPU cannot be 1G: the device offers 256M, 512M, 8G, 16G. "
}

@test "refuses a BAR that cannot be resized" {
	tuned BAR=2:256M
	refused "$CONF:8: BAR=: BAR 2 of $GPU cannot be resized: there is no resource2_resize"
}

@test "a size that the kernel has no room for: one error with the way out, and stop leaves nothing changed" {
	make_machine "$(on "$GPU" "$CARD | .bar_room = 512")"
	tuned BAR=1:8G
	run isolate start win11
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"$GPU: set the size of BAR 1 to 8G: No space left on device; the ports above it may have no window"* ]]
	isolate stop win11 2>/dev/null
	diff <(echo "$BEFORE") <(fingerprint)
}

@test "a BAR= that was changed while the guest has the card is refused, and told how to get it" {
	tuned BAR=1:8G
	isolate start win11
	make_guest win11 "$GPU" 10de:2684 BAR=1:16G
	run isolate check win11
	[ "$status" -eq 1 ]
	[[ $output == *"BAR 1 of $GPU is 8G since this guest was given it, and cannot be 16G while it stays with it: systemctl stop vxm-guest@win11.service vxm-prepare@win11.target"* ]]
	[ "$(bar 1)" = 8192 ]
	isolate stop win11
	[ "$(bar 1)" = 256 ]
}

@test "a driver that somebody bound by hand meanwhile keeps the old size from coming back, and that is told" {
	tuned BAR=1:8G
	isolate start win11
	ln -sfn ../../../bus/pci/drivers/nouveau "$ROOT/sys/bus/pci/devices/$GPU/driver"
	run isolate stop win11
	[ "$status" -eq 1 ]
	[[ $output == *"$GPU: BAR 1 is 8G and was 256M before the start, and a driver is bound"* ]]
	grep -q "^$GPU resource1_resize 256" "$ROOT/run/vxm/win11/isolate"
	rm "$ROOT/sys/bus/pci/devices/$GPU/driver"
	isolate stop win11
	[ "$(bar 1) $(driver "$GPU")" = "256 nouveau" ]
}

# --- Reset= --------------------------------------------------------------------------------------------------------------

@test "the ways to reset are the configured ones for the guest, and the old ones afterwards" {
	tuned 'Reset=bus flr'
	isolate start win11
	[ "$(attribute "$GPU" reset_method)" = "bus flr" ]
	isolate stop win11
	[ "$(attribute "$GPU" reset_method)" = "flr bus" ]
	diff <(echo "$BEFORE") <(fingerprint)
}

@test "Reset=none leaves no way, and stop then does not try one" {
	tuned Reset=none
	touch "$ROOT/sys/bus/pci/devices/$GPU/.reset-fails"
	isolate start win11
	[ "$(attribute "$GPU" reset_method)" = "" ]
	isolate stop win11
	[ "$(attribute "$GPU" reset_method) $(driver "$GPU")" = "flr bus nouveau" ]
}

@test "refuses a way to reset that the device does not offer, and names those that it does" {
	tuned 'Reset=flr pm'
	refused "$CONF:8: Reset=: $GPU offers no pm: its reset_method is \"flr bus\""
	make_machine "$(on "$GPU" 'del(.reset_method)')"
	tuned Reset=flr
	refused "$CONF:8: Reset=: $GPU has no reset_method"
}

# It came with a module after the kernel had made its list.
@test "device_specific is left to the kernel, which takes it or refuses it before anything else was written" {
	tuned Reset=device_specific
	isolate start win11
	[ "$(attribute "$GPU" reset_method)" = device_specific ]
	isolate stop win11
	diff <(echo "$BEFORE") <(fingerprint)
	make_machine "$(on "$GPU" '.reset_method = "flr bus"')"
	tuned Reset=device_specific
	run isolate start win11
	[ "$status" -eq 1 ]
	[[ $output == *"$GPU: set reset_method to \"device_specific\": Invalid argument"* ]]
	[ "$(driver "$GPU") $(driver "$AUDIO")" = "nouveau snd_hda_intel" ]
	[ "$(attribute "$AUDIO" driver_override)" = "(null)" ]
	isolate stop win11
	diff <(echo "$BEFORE") <(fingerprint)
}

@test "only the function that Device= names is tuned, and a [PCI] section tunes its own" {
	make_machine "$(on "$GPU" "$CARD") | $(on 0000:04:00.0 '.reset_method = "flr bus"')"
	tuned Reset=bus '[PCI disk]' Device=0000:04:00.0 Identity=144d:a80a Reset=flr
	isolate start win11
	[ "$(attribute "$GPU" reset_method)" = bus ]
	[ "$(attribute 0000:04:00.0 reset_method)" = flr ]
	isolate stop win11
	diff <(echo "$BEFORE") <(fingerprint)
}

# --- Power= --------------------------------------------------------------------------------------------------------------

@test "Power=on keeps the card and its port awake while the guest has it; both are as before afterwards" {
	tuned Power=on
	isolate start win11
	[ "$(attribute "$GPU" power/control) $(attribute "$GPU" d3cold_allowed)" = "on 0" ]
	[ "$(attribute "$PORT" power/control) $(attribute "$PORT" d3cold_allowed)" = "on 0" ]
	[ "$(attribute "$AUDIO" power/control) $(attribute "$AUDIO" d3cold_allowed)" = "auto 1" ]
	isolate stop win11
	[ "$(attribute "$PORT" power/control) $(attribute "$PORT" d3cold_allowed)" = "auto 1" ]
	diff <(echo "$BEFORE") <(fingerprint)
}

@test "without it card and port are vfio-pci's business, and nothing of the port is on record" {
	isolate start win11
	[ "$(attribute "$GPU" power/control) $(attribute "$GPU" d3cold_allowed)" = "auto 1" ]
	run grep "$PORT" "$ROOT/run/vxm/win11/isolate"
	[ "$status" -eq 1 ]
}

@test "a port that two guests keep awake is put back by the one that came first" {
	make_machine "$(on "$GPU" "$CARD") | $(on 0000:04:00.0 '.port = "0000:00:01.0"') | $(on "$PORT" '.power = "auto"') |
		.devices += [{\"bdf\": \"0000:07:00.0\", \"class\": \"0300\", \"vendor\": \"8086\", \"device\": \"4680\", \"group\": 30, \"driver\": \"i915\"}]"
	tuned Power=on
	make_guest other 0000:02:00.0 1002:73bf Allow=boot-display '[PCI disk]' Device=0000:04:00.0 Identity=144d:a80a Power=on
	# Xorg has the other card open.
	rm -r "$ROOT/proc/812"
	BEFORE=$(fingerprint)
	isolate start win11
	isolate start other
	run grep "$PORT" "$ROOT/run/vxm/other/isolate"
	[ "$status" -eq 1 ]
	isolate stop win11
	[ "$(attribute "$PORT" power/control)" = auto ]
	[ "$(attribute 0000:04:00.0 d3cold_allowed)" = 0 ]
	isolate stop other
	diff <(echo "$BEFORE") <(fingerprint)
}

# unplug: the card is gone, and what it hung on is not.
unplug() {
	rm -r "$(realpath "$ROOT/sys/bus/pci/devices/$GPU")" "$ROOT/sys/bus/pci/devices/$GPU"
}

@test "the port of a card that was unplugged meanwhile is put back all the same" {
	tuned Power=on
	isolate start win11
	unplug
	run isolate stop win11
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"$GPU is gone"* ]]
	[ "$(attribute "$PORT" power/control) $(attribute "$PORT" d3cold_allowed)" = "auto 1" ]
	[ ! -e "$ROOT/run/vxm/win11" ]
}

@test "what has the address of a port that went with its card is left alone" {
	tuned Power=on
	isolate start win11
	unplug
	echo 0x010802 >"$ROOT/sys/bus/pci/devices/$PORT/class"
	isolate stop win11
	[ "$(attribute "$PORT" power/control) $(attribute "$PORT" d3cold_allowed)" = "on 0" ]
	[ ! -e "$ROOT/run/vxm/win11" ]
}

# --- a reset that fails --------------------------------------------------------------------------------------------------

config() {
	head -c 64 /dev/zero | tr '\0' "$1" >"$ROOT/sys/bus/pci/devices/$GPU/config"
}

@test "a card that fails its reset is not given to the host's driver" {
	isolate start win11
	touch "$ROOT/sys/bus/pci/devices/$GPU/.reset-fails"
	run isolate stop win11
	[ "$status" -eq 1 ]
	[[ $output == *"$GPU failed its reset (Input/output error), and nouveau may hang on it: it stays on vfio-pci."* ]]
	[[ $output == *"after a suspend: vxm-isolate stop win11"* ]]
	[ "$(driver "$GPU")" = vfio-pci ]
	[ "$(driver "$AUDIO")" = snd_hda_intel ]
	grep -q "^$GPU home nouveau$" "$ROOT/run/vxm/win11/isolate"
	rm "$ROOT/sys/bus/pci/devices/$GPU/.reset-fails"
	isolate stop win11
	diff <(echo "$BEFORE") <(fingerprint)
}

@test "a card that cannot be reset alone, for another function shares its bus, goes back all the same" {
	isolate start win11
	touch "$ROOT/sys/bus/pci/devices/$GPU/.reset-shared"
	isolate stop win11
	rm "$ROOT/sys/bus/pci/devices/$GPU/.reset-shared"
	diff <(echo "$BEFORE") <(fingerprint)
}

@test "one that does not answer after its reset stays as well" {
	config '\020'
	isolate start win11
	touch "$ROOT/sys/bus/pci/devices/$GPU/.reset-kills"
	run isolate stop win11
	[ "$status" -eq 1 ]
	[[ $output == *"$GPU does not answer after its reset (its configuration space reads ff), and nouveau may hang on it"* ]]
	[ "$(driver "$GPU")" = vfio-pci ]
	# Switched off and on.
	rm "$ROOT/sys/bus/pci/devices/$GPU/.reset-kills"
	config '\020'
	isolate stop win11
	[ "$(driver "$GPU")" = nouveau ]
	[ ! -e "$ROOT/run/vxm/win11" ]
}

@test "a card that the admin keeps on vfio-pci is not reset" {
	make_machine "$(on "$GPU" "$CARD | .driver = \"vfio-pci\" | .override = \"vfio-pci\"")"
	touch "$ROOT/sys/bus/pci/devices/$GPU/.reset-fails"
	BEFORE=$(fingerprint)
	isolate start win11
	isolate stop win11
	diff <(echo "$BEFORE") <(fingerprint)
}

# reasons: what vxm check says of the guest's sections, "LEVEL TEXT".
reasons() {
	"$VXM_BUILD/vxm" check win11 --root "$ROOT" --json |
		jq -r '[.. | objects | select(.code? == "tuning")] | unique[] | "\(.level) \(.text)"'
}

@test "vxm check says beforehand what a start would refuse" {
	tuned BAR=1:4G
	[ "$(reasons)" = "blocks $CONF:8: BAR=: BAR 1 of $GPU cannot be 4G" ]
	tuned Reset=pm
	[[ $(reasons) == "blocks $CONF:8: Reset=: $GPU offers no pm"* ]]
	tuned BAR=1:8G Reset=bus
	[ -z "$(reasons)" ]
}
