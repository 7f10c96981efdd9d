#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The units as systemd reads them: they parse, what they start is there, and how far each is shut in.

setup_file() {
	export DESTDIR="$BATS_FILE_TMPDIR/root"
	make -s -C "$VXM_SOURCE" install DESTDIR="$DESTDIR" PREFIX=/usr >/dev/null
	# systemd-analyze looks the programs up below --root.
	mkdir -p "$DESTDIR/usr/lib/systemd/system" "$DESTDIR/etc"
	cp -a /usr/lib/systemd/system/. "$DESTDIR/usr/lib/systemd/system/" 2>/dev/null
	make -s -C "$VXM_SOURCE" install DESTDIR="$DESTDIR" PREFIX=/usr >/dev/null
	export UNITS="$DESTDIR/usr/lib/systemd/system"
}

# verify UNIT: no complaint that names a unit of ours. A template is verified as an instance.
verify() {
	local out
	out=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no --recursive-errors=no --root="$DESTDIR" "$1" 2>&1) || {
		echo "$out"
		return 1
	}
	if grep -i 'vxm' <<<"$out"; then
		return 1
	fi
}

@test "every unit and every instance of a template verifies without a complaint" {
	local unit count=0
	for unit in "$VXM_SOURCE"/units/*.service "$VXM_SOURCE"/units/*.target "$VXM_SOURCE"/units/*.slice; do
		unit=$(basename "$unit")
		echo "$unit"
		verify "${unit/@./@win11.}"
		count=$((count + 1))
	done
	[ "$count" -ge 10 ]
}

@test "a unit with an unknown key is what verify complains about" {
	printf '[Unit]\nDescription=x\n[Service]\nExecStrat=/bin/true\nExecStart=/usr/bin/vxm-guest x\n' \
		>"$UNITS/vxm-wrong.service"
	run verify vxm-wrong.service
	rm "$UNITS/vxm-wrong.service"
	[ "$status" -ne 0 ]
	[[ $output == *ExecStrat* ]]
}

# exposure UNIT LIMIT: systemd-analyze's offline figure, compared in tenths.
exposure() {
	local figure
	figure=$(systemd-analyze security --offline=true --root="$DESTDIR" --no-pager "$1" |
		sed -n 's/.*Overall exposure level for [^:]*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
	echo "$1: $figure tenths, at most $2"
	[ -n "$figure" ]
	[ "$figure" -le "$2" ]
}

@test "the guest's exposure is at most 2.5" {
	exposure vxm-guest@win11.service 25
}

@test "the TPM's exposure is at most 1.5" {
	exposure vxm-tpm@win11.service 15
}

@test "the display's exposure is at most 2.5" {
	exposure vxm-display@win11.service 25
}

@test "the exposure of isolate is at most 4.0" {
	exposure vxm-isolate@win11.service 40
}

@test "no unit restores in ExecStop=, which a crash would skip" {
	local unit
	for unit in isolate hugepages access display; do
		grep -q '^ExecStopPost=.*stop %i' "$VXM_SOURCE/units/vxm-$unit@.service"
		run grep -E '^ExecStop=' "$VXM_SOURCE/units/vxm-$unit@.service"
		[ "$status" -eq 1 ]
	done
}

@test "the check makes no directory, which would stay for a name that was mistyped" {
	run grep -E '^(State|Runtime|Cache|Logs|Configuration)Directory=' "$VXM_SOURCE/units/vxm-check@.service"
	[ "$status" -eq 1 ]
	grep -qx 'ReadWritePaths=-/var/lib/vxm/%i' "$VXM_SOURCE/units/vxm-check@.service"
}

@test "no unit leaves the verb out, which a guest may be called like" {
	run grep -nE '^Exec[A-Za-z]+=[-+!:@]*/usr/bin/vxm-[a-z]+ %' -r "$VXM_SOURCE/units"
	[ "$status" -eq 1 ]
}

@test "no unit relies on a key that systemd 252 does not know" {
	run grep -nE '^(OpenFile|ReloadSignal|LogFilterPatterns|ImportCredential|RestartMode|RestartSteps|RestartMaxDelaySec|FileDescriptorStorePreserve|MemoryPressureWatch|DelegateSubgroup|SurviveFinalKillSignal|SetLoginEnvironment|WantsMountsFor|PrivatePIDs)=|^Type=notify-reload' \
		-r "$VXM_SOURCE/units"
	[ "$status" -eq 1 ]
}
