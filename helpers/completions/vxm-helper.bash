# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion for each helper, installed under its name. Verbs, what they take and options are read from the helper's
# --help, which it prints from the table it parses by: there is no second list here that could differ.

# _vxm_guests ROOT: the guests that are configured below ROOT, one a line.
_vxm_guests() {
	local name
	for name in "$1"/etc/vxm/guests/*.conf; do
		name=${name##*/}
		name=${name%.conf}
		[[ ! $name =~ ^[a-z0-9][a-z0-9._-]{0,30}$ ]] || echo "$name"
	done
}

_vxm_helper() {
	local cur=${COMP_WORDS[COMP_CWORD]} root='' first second third word i
	local words=() choices=() options=() kind=''
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root) # readline makes three words of --root=DIR
			[[ ${COMP_WORDS[i + 1]} != = ]] || i=$((i + 1))
			i=$((i + 1))
			root=${COMP_WORDS[i]-}
			;;
		-*) ;;
		*) words+=("${COMP_WORDS[i]}") ;;
		esac
	done
	if ((i > COMP_CWORD)); then
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "${cur#=}")
		return 0
	fi
	while read -r first second third _; do
		if [[ $first == --* ]]; then
			options+=("${first/=*/=}")
		elif [[ $first != "${1##*/}" ]]; then
			continue
		elif [[ ${#words[@]} -eq 0 && $second == NAME ]]; then
			kind=NAME
		elif [[ ${#words[@]} -eq 0 ]]; then
			choices+=("$second")
		elif [[ ${#words[@]} -eq 1 && $second == "${words[0]}" ]]; then
			kind=$third
		fi
	done < <("$1" --help 2>/dev/null)
	case $kind in
	NAME | "NAME|BDF") while read -r word; do choices+=("$word"); done < <(_vxm_guests "$root") ;;
	DIR)
		compopt -o filenames
		while read -r word; do choices+=("$word"); done < <(compgen -d -- "$cur")
		;;
	FILE)
		compopt -o filenames
		while read -r word; do choices+=("$word"); done < <(compgen -f -- "$cur")
		;;
	esac
	[[ ${#choices[@]} -gt 0 && $cur != -* ]] || choices=("${options[@]}")
	for word in "${choices[@]}"; do
		[[ $word != "$cur"* ]] || COMPREPLY+=("$word")
	done
	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}
complete -F _vxm_helper "${BASH_SOURCE[0]##*/}"
