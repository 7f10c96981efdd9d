# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
_vxm_hugepages() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} guest
	case $prev in
	check | start | stop | show)
		for guest in /etc/vxm/guests/*.conf; do
			guest=${guest##*/}
			[[ ${guest%.conf} == "$cur"* && $guest != '*.conf' ]] && COMPREPLY+=("${guest%.conf}")
		done
		;;
	*)
		mapfile -t COMPREPLY < <(compgen -W \
			'check start stop show boot --root= --dry-run --json --help --version' -- "$cur")
		;;
	esac
	[[ ${COMPREPLY[0]-} == --*= ]] && compopt -o nospace
	return 0
}
complete -F _vxm_hugepages vxm-hugepages
