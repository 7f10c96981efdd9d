#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# vxm-tpm with the real swtpm: state is made once, the socket listens before READY=1, and what the guest keeps in its TPM
# outlives swtpm, the helper and QEMU.

bats_require_minimum_version 1.5.0

setup() {
	root=$(mktemp -d /tmp/vxm-tpm.XXXXXX)
	chmod 0755 "$root"
	mkdir -p "$root/etc/vxm/guests" "$root/run/vxm/demo/tpm" "$root/var/lib/vxm/demo/tpm" "$root/usr/bin"
	printf '%s\n' '[Guest]' 'Memory=1G' '[GPU]' 'Device=0000:01:00.0' 'Identity=10de:2684' >"$root/etc/vxm/guests/demo.conf"
	ln -s /usr/bin/swtpm /usr/bin/swtpm_setup "$root/usr/bin/"
	cp "$VXM_BUILD/vxm-tpm" "$root/vxm-tpm"
	state=$root/var/lib/vxm/demo/tpm
	runtime=$root/run/vxm/demo/tpm
	control=$runtime/swtpm.sock
	peer=$BATS_TEST_DIRNAME/tpm-peer
	chmod 0700 "$state" "$runtime"
	# swtpm_setup becomes another user when it is root: the helper runs as an ordinary one.
	as_user=()
	if [ "$EUID" -eq 0 ]; then
		chown -R 65534:65534 "$root/var/lib/vxm/demo" "$runtime"
		as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	fi
}

teardown() {
	if [ -s "$root/pid" ] && kill -KILL "$(cat "$root/pid")" 2>/dev/null; then
		wait_end
	fi
	rm -rf "$root"
}

tpm() {
	"${as_user[@]}" "$root/vxm-tpm" --root="$root" "$@"
}

start() {
	"$peer" run "$control" "$root/pid" "${as_user[@]}" "$root/vxm-tpm" --root="$root" run demo
}

# swtpm is no child of this shell: its end is seen on its pid.
wait_end() {
	timeout 20 tail --pid="$(cat "$root/pid")" -f /dev/null
}

@test "the control socket takes a connection the moment READY=1 is said, and is private" {
	run start
	[ "$status" -eq 0 ]
	[ "$output" = READY ]
	[ "$(stat -c %a "$control")" = 600 ]
	[ "$(readlink "/proc/$(cat "$root/pid")/exe")" = "$(readlink -f /usr/bin/swtpm)" ]
	run ! grep -z NOTIFY_SOCKET "/proc/$(cat "$root/pid")/environ"
}

@test "swtpm gets the socket and no other descriptor of the helper's" {
	start
	run find "/proc/$(cat "$root/pid")/fd" -type l -lname 'socket:*'
	[ "${#lines[@]}" -eq 1 ]
	run find "/proc/$(cat "$root/pid")/fd" -type l -lname "$root*" ! -lname '*/.lock' ! -lname '*/pid.log'
	[ "$output" = "" ]
}

@test "the state is made once and says so, the second start finds it and is silent" {
	start
	grep -q "made a new TPM 2.0 in $state" "$root/pid.log"
	[ "$(stat -c %a "$state/tpm2-00.permall")" = 600 ]
	[ ! -e "$state/.setup" ]
	"$peer" shutdown "$control"
	wait_end
	before=$(sha256sum "$state/tpm2-00.permall")
	start
	[ ! -s "$root/pid.log" ]
	[ "$(sha256sum "$state/tpm2-00.permall")" = "$before" ]
}

@test "what the guest keeps in the TPM is there after a restart" {
	start
	"$peer" write "$control" s3cr3t-8
	kill -TERM "$(cat "$root/pid")"
	wait_end
	start
	run "$peer" read "$control"
	[ "$output" = s3cr3t-8 ]
}

@test "what the guest keeps in the TPM is there after kill -9 of swtpm, whose socket is replaced" {
	start
	"$peer" write "$control" s3cr3t-8
	kill -KILL "$(cat "$root/pid")"
	wait_end
	[ -S "$control" ]
	start
	run "$peer" read "$control"
	[ "$output" = s3cr3t-8 ]
}

@test "a QEMU that was killed leaves the TPM to the next one, a QEMU that quits ends it with success" {
	"$peer" run "$control" "$root/pid" "${as_user[@]}" sh -c \
		"\"\$@\"; echo \$? >\"$runtime/status\"" sh "$root/vxm-tpm" --root="$root" run demo
	run "$peer" qemu "$control" kill
	[ "$output" = "QEMU up" ]
	[ ! -e "$runtime/status" ]
	run "$peer" qemu "$control" quit
	[ "$output" = "QEMU up" ]
	wait_end
	[ "$(cat "$runtime/status")" = 0 ]
}

@test "a state whose making was killed is made anew, never taken for finished" {
	"${as_user[@]}" mkdir -m 0700 "$state/.setup"
	"${as_user[@]}" sh -c "echo half >'$state/.setup/tpm2-00.permall'; : >'$state/.setup/.lock'"
	start
	"$peer" write "$control" s3cr3t-8
	[ ! -e "$state/.setup" ]
}

@test "a state that is there is never overwritten, not even a broken one" {
	"${as_user[@]}" sh -c "echo broken >'$state/tpm2-00.permall'"
	start
	run ! "$peer" read "$control"
	[ "$(cat "$state/tpm2-00.permall")" = broken ]
}

@test "a second one for the same guest is refused and the first goes on" {
	start
	"$peer" write "$control" s3cr3t-8
	run ! tpm demo
	[[ $output == *"another swtpm listens on /run/vxm/demo/tpm/swtpm.sock already"*"systemctl stop vxm-tpm@demo.service" ]]
	[ "${#lines[@]}" -eq 1 ]
	run "$peer" read "$control"
	[ "$output" = s3cr3t-8 ]
}

@test "a directory that is missing is named with the way out" {
	rm -rf "$state"
	run ! tpm demo
	[[ $output == *"making a TPM in $state failed: No such file or directory; the directory has to be there"* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "swtpm_setup's own words are passed on" {
	"${as_user[@]}" mkdir -m 0500 "$state/.setup"
	run ! tpm demo
	[[ $output == *"making a TPM in $state failed: swtpm_setup says: "* ]]
	[ "${#lines[@]}" -eq 1 ]
	[ ! -e "$state/tpm2-00.permall" ]
}

@test "check is silent when swtpm can run, and names the package and the key when it cannot" {
	run tpm check demo
	[ "$status" -eq 0 ]
	[ "$output" = "" ]
	rm "$root/usr/bin/swtpm_setup"
	run ! tpm check demo
	[[ $output == *"TPM=yes needs /usr/bin/swtpm_setup (No such file or directory): install swtpm and its tools"*"TPM=no in /etc/vxm/guests/demo.conf"* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "check wants nothing of a guest without a TPM, and running it is refused" {
	rm "$root/usr/bin/swtpm"
	sed -i '2a TPM=no' "$root/etc/vxm/guests/demo.conf"
	run tpm check demo
	[ "$status" -eq 0 ]
	run ! tpm demo
	[[ $output == *"TPM=no in /etc/vxm/guests/demo.conf:3: there is no TPM to run"* ]]
}

@test "check finds a state that vxm cannot write" {
	"${as_user[@]}" touch "$state/tpm2-00.permall"
	chmod 0400 "$state/tpm2-00.permall"
	run ! tpm check demo
	[[ $output == *"/var/lib/vxm/demo/tpm/tpm2-00.permall is not the user vxm's to read and write"* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "check of a guest whose state directory is not made yet finds nothing, and makes nothing" {
	rm -r "$root/var/lib/vxm/demo"
	run tpm check demo
	[ "$status" -eq 0 ]
	[ "$output" = "" ]
	[ ! -e "$root/var/lib/vxm/demo" ]
}

@test "clean removes the run-time directory and the guest's when it was the last" {
	"${as_user[@]}" mkdir -p "$runtime/deep/er"
	"${as_user[@]}" ln -s "$root/etc" "$runtime/deep/link"
	"$root/vxm-tpm" --root="$root" clean demo
	[ ! -e "$root/run/vxm/demo" ]
	[ -e "$root/etc/vxm/guests/demo.conf" ]
	"$root/vxm-tpm" --root="$root" clean demo
}

@test "--dry-run prints what clean would remove, and what would be run, and does nothing" {
	local before
	before=$(find "$root" | sort)
	run tpm clean demo --dry-run
	[ "$status" -eq 0 ]
	[ "$output" = "remove /run/vxm/demo/tpm" ]
	[ "$(tpm run demo --dry-run)" = "$(tpm run demo --print)" ]
	[ "$(find "$root" | sort)" = "$before" ]
	rmdir "$runtime"
	run tpm clean demo --dry-run
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "clean keeps the guest's directory while a record is in it" {
	echo "0000:01:00.0 driver nouveau" >"$root/run/vxm/demo/isolate"
	"$root/vxm-tpm" --root="$root" clean demo
	[ ! -e "$runtime" ]
	[ -e "$root/run/vxm/demo/isolate" ]
}

@test "--print shows the command, one argument a line, and makes nothing" {
	run tpm --print demo
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = /usr/bin/swtpm ]
	[ "${lines[4]}" = "dir=$state,mode=0600" ]
	[ "${lines[6]}" = "type=unixio,fd=FD" ]
	[ "$(ls -A "$state")" = "" ]
}

@test "a guest that is called like a verb is run by the word run, and another one without it too" {
	local name
	for name in firmware check run; do
		mv "$root"/etc/vxm/guests/*.conf "$root/etc/vxm/guests/$name.conf"
		run tpm run "$name" --print
		[ "$status" -eq 0 ]
		[ "${lines[4]}" = "dir=$root/var/lib/vxm/$name/tpm,mode=0600" ]
		[ "$(tpm "$name" --print 2>&1)" = "$output" ]
	done
}

@test "a name that is no guest's name is refused" {
	run ! tpm ../x
	[[ $output == *"\"../x\" is not a guest's name"* ]]
}

@test "clean removes a directory that systemd mounted over itself, and leaves another file system alone" {
	run unshare --mount --map-root-user sh -ec '
		mount -t tmpfs none /run
		mkdir -p /run/vxm/demo/tpm
		mount --bind /run/vxm/demo/tpm /run/vxm/demo/tpm
		"$1" clean demo
		[ ! -e /run/vxm/demo ]
		mkdir -p /run/vxm/demo/tpm
		mount -t tmpfs none /run/vxm/demo/tpm
		! "$1" clean demo
		mountpoint -q /run/vxm/demo/tpm' sh "$root/vxm-tpm"
	[ "$status" -eq 0 ]
	[[ $output == *"removing /run/vxm/demo/tpm failed: Device or resource busy"* ]]
}
