# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # status and output are set by bats' run
# What the tests of refusals share: one line is said, and nothing was touched.

# The driver of the card, and which inodes its link and its DRM node have: a driver that was unbound and bound again
# has others.
card() {
	l1sh 'for card; do
			stat -c "%N %i" "/sys/bus/pci/devices/$card/driver"
			stat -c "%n %i" "/sys/bus/pci/devices/$card/drm/"card*
			stat -Lc "%i %Z" "/dev/dri/by-path/pci-$card-card"
		done' "$@"
}

# Before the first test: what is there.
remember() {
	printf '%s\n' "$@" >"$BATS_FILE_TMPDIR/cards"
	card "$@" >"$BATS_FILE_TMPDIR/before"
	monitor_writes >"$BATS_FILE_TMPDIR/writes"
}

# After each: it is the same, and nobody wrote to the monitor.
untouched() {
	local cards
	mapfile -t cards <"$BATS_FILE_TMPDIR/cards"
	diff "$BATS_FILE_TMPDIR/before" <(card "${cards[@]}")
	[ "$(monitor_writes)" = "$(cat "$BATS_FILE_TMPDIR/writes")" ]
}

# Before each: what was said up to now does not count. A time and no cursor: journalctl of systemd 252 passes over the
# first entry after a cursor whose own entry the matches leave out.
begin_journal() {
	since=$(l1 date +@%s.%6N)
}

# errors GUEST: what the helpers in all units of the guest said as errors since then.
errors() {
	l1sh 'journalctl --sync
		units=()
		for helper in check isolate hugepages access tpm guest display; do
			units+=("_SYSTEMD_UNIT=vxm-$helper@$2.service")
		done
		journalctl --since="$1" -q -o cat -p err "${units[@]}"' "$since" "$1"
}

# refused GUEST PATTERN: starting the guest fails with the one line; nothing moved.
refused() {
	local line
	run l1 systemctl start "vxm-guest@$1.service"
	echo "$output"
	[ "$status" -ne 0 ]
	settle 60
	line=$(errors "$1")
	echo "said: $line"
	[ "$(wc -l <<<"$line")" -eq 1 ]
	grep -E "$2" <<<"$line"
	l1 systemctl reset-failed
	untouched
}

# refused_with GUEST PATTERN: refused, with stdin as a further drop-in of the guest's configuration.
refused_with() {
	configure_more "$1" 95-refused
	refused "$@"
	unconfigure_more "$1" 95-refused
}
