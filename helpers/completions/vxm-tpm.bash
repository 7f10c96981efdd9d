# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
_vxm_tpm() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} guest
	for guest in /etc/vxm/guests/*.conf; do
		guest=${guest##*/}
		[[ ${guest%.conf} == "$cur"* && $guest != '*.conf' ]] && COMPREPLY+=("${guest%.conf}")
	done
	case $prev in
	run | check | clean) ;;
	*)
		for guest in run check clean --root= --print --help --version; do
			[[ $guest == "$cur"* ]] && COMPREPLY+=("$guest")
		done
		;;
	esac
	[[ ${COMPREPLY[0]-} == --*= ]] && compopt -o nospace
	return 0
}
complete -F _vxm_tpm vxm-tpm
