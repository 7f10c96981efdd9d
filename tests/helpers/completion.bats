#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What Tab offers: the installed completion, loaded and called as bash-completion does, on the helpers that were built.

setup_file() {
	export DESTDIR="$BATS_FILE_TMPDIR/root"
	make -s -C "$VXM_SOURCE" install BUILD="$VXM_BUILD" DESTDIR="$DESTDIR" PREFIX=/usr >/dev/null
	mkdir -p "$DESTDIR/etc/vxm/guests" "$DESTDIR/etc/vxm/guests/win11.conf.d"
	touch "$DESTDIR"/etc/vxm/guests/{win11,win10,demo,Not-a-name,'$(x)'}.conf "$DESTDIR/etc/vxm/guests/win7"
}

setup() {
	PATH="$DESTDIR/usr/bin:$PATH"
	OPTIONS=''
	cd "$DESTDIR" || return
}

# What readline does with it is not seen here: only that it was asked for.
compopt() {
	OPTIONS+="$*"
}

# load HELPER: as bash-completion looks a command up, once it is completed for the first time.
load() {
	# shellcheck disable=SC1090 # the file under test
	source "$DESTDIR/usr/share/bash-completion/completions/$1"
}

# offers HELPER WORD... : what Tab gives at the end of the last word, sorted, on one line.
offers() {
	load "$1"
	[[ $(complete -p "$1") == "complete -F _vxm_helper $1" ]]
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	COMPREPLY=()
	_vxm_helper "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	OFFERED=$(printf '%s\n' "${COMPREPLY[@]}" | sort -u | paste -sd ' ')
	echo "$*: $OFFERED"
}

@test "every helper's first word is completed to each verb of its --help, and nothing else" {
	local helper count=0
	for helper in "$DESTDIR"/usr/bin/vxm*; do
		helper=${helper##*/}
		offers "$helper" --root = "$DESTDIR/usr" ''
		diff <(tr ' ' '\n' <<<"$OFFERED") \
			<("$helper" --help | sed -n "s/^  $helper \([a-z][a-z-]*\) .*/\1/p" | sort -u)
		count=$((count + 1))
	done
	[ "$count" -ge 7 ]
}

@test "verbs are completed from their first letters" {
	offers vxm-isolate s
	[ "$OFFERED" = 'show start stop' ]
	offers vxm-display id
	[ "$OFFERED" = identify ]
	offers vxm-isolate x
	[ "$OFFERED" = '' ]
}

@test "after a verb that takes a guest come the guests, of the root that was named" {
	offers vxm-isolate --root = "$DESTDIR" start ''
	[ "$OFFERED" = 'demo win10 win11' ]
	offers vxm-tpm --root "$DESTDIR" check w
	[ "$OFFERED" = 'win10 win11' ]
	offers vxm-display show --root = "$DESTDIR" de
	[ "$OFFERED" = demo ]
	offers vxm --root = "$DESTDIR" check win
	[ "$OFFERED" = 'win10 win11' ]
	# And no second one.
	offers vxm-isolate --root = "$DESTDIR" start demo w
	[ "$OFFERED" = '' ]
}

@test "where the verb may be left out, verbs and guests are offered" {
	offers vxm-tpm --root = "$DESTDIR" ''
	[ "$OFFERED" = 'check clean demo run win10 win11' ]
	offers vxm-guest --root = "$DESTDIR" w
	[ "$OFFERED" = 'wait win10 win11' ]
}

@test "options are offered after a dash, and where nothing else can come" {
	offers vxm-isolate start --d
	[ "$OFFERED" = --dry-run ]
	[ "$OPTIONS" = '' ]
	offers vxm-isolate --ro
	[ "$OFFERED" = --root= ]
	[ "$OPTIONS" = '-o nospace' ]
	offers vxm-guest firmware ''
	[ "$OFFERED" = '--dry-run --help --json --plain --print --root= --secure --version' ]
}

@test "the root is completed to a directory, and an EDID to a file" {
	offers vxm-isolate --root = usr/share/b
	[ "$OFFERED" = usr/share/bash-completion ]
	[ "$OPTIONS" = '-o filenames' ]
	offers vxm-isolate --root =
	[ "$OFFERED" = 'etc usr' ]
	offers vxm-display identify etc/vxm/guests/win7
	[ "$OFFERED" = etc/vxm/guests/win7 ]
}

@test "where a record is to be made, directories are offered" {
	offers vxm record us
	[ "$OFFERED" = usr ]
	[[ $OPTIONS == *'-o filenames'* ]]
}

@test "a helper that is not there is completed to nothing, in silence" {
	load vxm-isolate
	# shellcheck disable=SC2034 # readline's words
	COMP_WORDS=(vxm-absent '') COMP_CWORD=1
	_vxm_helper vxm-absent '' vxm-absent 2>"$BATS_TEST_TMPDIR/errors"
	[ "${#COMPREPLY[@]}" -eq 0 ]
	[ ! -s "$BATS_TEST_TMPDIR/errors" ]
}

@test "the generator, which nobody calls by hand, has no completion" {
	[ ! -e "$DESTDIR/usr/share/bash-completion/completions/vxm-generator" ]
}
