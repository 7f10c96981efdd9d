# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
_vxm_guest() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} word
	case $prev in
	firmware)
		for word in --secure --plain --json --root=; do
			[[ $word == "$cur"* ]] && COMPREPLY+=("$word")
		done
		;;
	*)
		for word in /etc/vxm/guests/*.conf; do
			word=${word##*/}
			[[ ${word%.conf} == "$cur"* && $word != '*.conf' ]] && COMPREPLY+=("${word%.conf}")
		done
		;;
	esac
	case $prev in
	run | check | wait | stop | clean | firmware) ;;
	*)
		for word in run check wait stop clean firmware --root= --print --secure --plain --json --help --version; do
			[[ $word == "$cur"* ]] && COMPREPLY+=("$word")
		done
		;;
	esac
	[[ ${COMPREPLY[0]-} == --*= ]] && compopt -o nospace
	return 0
}
complete -F _vxm_guest vxm-guest
