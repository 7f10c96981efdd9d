# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
_vxm_prepare() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} guest
	case $prev in
	start | show)
		for guest in /etc/vxm/guests/*.conf; do
			guest=${guest##*/}
			[[ ${guest%.conf} == "$cur"* && $guest != '*.conf' ]] && COMPREPLY+=("${guest%.conf}")
		done
		;;
	*)
		mapfile -t COMPREPLY < <(compgen -W 'start show --root= --dry-run --help --version' -- "$cur")
		;;
	esac
	[[ ${COMPREPLY[0]-} == --*= ]] && compopt -o nospace
	return 0
}
complete -F _vxm_prepare vxm-prepare
