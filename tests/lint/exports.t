#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What each plugin shows to Slurm and wants from it.  slurmd holds some 1,900 unprefixed names (`error`, `list_create`)
# that would win over ours, and a name that nobody has ends the program that calls it: so both lists are exact.
# shellcheck source-path=SCRIPTDIR source=../tap.sh
. "${top_srcdir:=$(realpath "$(dirname "$0")/../..")}/tests/tap.sh"

plugins=(spank_runledger spank_runledger_epilog)

# All that we may ask of the program that loads us: in spank.h since before 22.05.
HOST_NAMES='slurm_spank_log spank_context spank_get_item spank_getenv spank_setenv spank_unsetenv
	spank_job_control_setenv spank_job_control_unsetenv spank_option_register'
# What may be missing: what a compiler adds, and slurmstepd's configuration, looked at where RunInJob exists (24.05).
WEAK_NAMES='_ITM_deregisterTMCloneTable _ITM_registerTMCloneTable __cxa_finalize __gmon_start__ slurm_conf'

for program in nm readelf; do
	command -v "$program" >/dev/null || { echo "1..0 # SKIP no $program"; exit 0; }
done
[[ -e $top_builddir/spank/.libs/spank_runledger.so ]] || { echo '1..0 # SKIP the build has no plugins'; exit 0; }

# names_in_map FILE: those between `global:` and `local:`.
names_in_map() {
	awk '/global:/ { on = 1; next } /local:/ { on = 0 } on && /;/ { gsub(/[ \t;]/, ""); print }' "$1" | sort
}

exported() { nm -D --defined-only "$1" | awk '{ print $3 }' | sort; }

# strange_names FILE: undefined, and neither libc's, nor weak, nor the host's.
strange_names() {
	local type name
	nm -D --undefined-only "$1" | awk '{ print $(NF - 1), $NF }' | while read -r type name; do
		[[ $name != *@GLIBC_* ]] || continue
		[[ $type != [wv] || " $WEAK_NAMES " != *" $name "* ]] || continue
		grep -qxF "$name" <<<"$(tr -s ' \t\n' '\n' <<<"$HOST_NAMES")" || echo "$name"
	done
}

# slurm_names: all that Slurm's own library would put before libc's.
slurm_names() {
	local so
	for so in /usr/lib/*/slurm-wlm/libslurmfull.so /usr/lib/*/slurm/libslurmfull.so /usr/lib64/slurm/libslurmfull.so; do
		[[ -e $so ]] || continue
		nm -D --defined-only "$so" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u
		return
	done
	return 1
}
libc_names() { nm -D --undefined-only "$1" | sed -n 's/.* \([^ ]*\)@GLIBC_.*/\1/p' | sort -u; }

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p'; }

for plugin in "${plugins[@]}"; do
	so=$top_builddir/spank/.libs/$plugin.so
	map=$top_srcdir/spank/plugin/$plugin.map
	[[ -e $so ]]
	ok_if $? "$plugin was built"
	is "$(exported "$so")" "$(names_in_map "$map")" "$plugin exports exactly what its map says"
	is "$(strange_names "$so")" "" "$plugin wants nothing but libc and a short list of SPANK's names"
	if names=$(slurm_names); then
		is "$(comm -12 <(libc_names "$so") - <<<"$names")" "" "$plugin calls nothing of libc that Slurm has a thing of the same name for"
	else
		skip "$plugin calls nothing of libc that Slurm has a thing of the same name for" "no libslurmfull.so here"
	fi
	is "$(needed "$so" | grep -v '^libc\.so\.')" "" "$plugin is linked to libc alone"
	is "$(readelf -d "$so" | grep -cE '\(RPATH\)|\(RUNPATH\)|BIND_NOW|TEXTREL')" 0 \
		"$plugin has no path of its own, no text relocations, and binds lazily"
	is "$(readelf -lW "$so" | awk '/GNU_STACK/ { print $(NF - 1) }')" RW "$plugin needs no executable stack"
done

# The split is for the sites: whoever exports it costs every job a process on each node.
is "$(exported "$top_builddir/spank/.libs/spank_runledger.so" | grep -c epilog)" 0 \
	"spank_runledger has no epilog hook"
done_testing
