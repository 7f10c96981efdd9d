# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
_vxm_display() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} guest
	case $prev in
	start | stop | show | condition)
		for guest in /etc/vxm/guests/*.conf; do
			guest=${guest##*/}
			[[ ${guest%.conf} == "$cur"* && $guest != '*.conf' ]] && COMPREPLY+=("${guest%.conf}")
		done
		;;
	identify)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	*)
		mapfile -t COMPREPLY < <(compgen -W \
			'start stop show condition identify --root= --dry-run --json --help --version' -- "$cur")
		;;
	esac
	[[ ${COMPREPLY[0]-} == --*= ]] && compopt -o nospace
	return 0
}
complete -F _vxm_display vxm-display
