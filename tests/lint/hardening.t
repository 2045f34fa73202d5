#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the linker and the compiler were to do so that a mistake of ours is no hole: looked for in what was built.
# shellcheck source-path=SCRIPTDIR source=../tap.sh
. "${top_srcdir:=$(realpath "$(dirname "$0")/../..")}/tests/tap.sh"

for program in nm readelf; do
	command -v "$program" >/dev/null || { echo "1..0 # SKIP no $program"; exit 0; }
done
# Sanitizers bring their own runtime, and check more than all this.
# shellcheck disable=SC2154  # tap.sh sets it
! nm "$top_builddir/runledger" | grep -q '__[atu].*san_' || { echo '1..0 # SKIP built with sanitizers'; exit 0; }

# made_with FLAG: did configure find that the compiler and linker know it?
made_with() { grep -q -- "^RLG_[A-Z_]* = .*$1" "$top_builddir/Makefile"; }

dynamic() { readelf -dW "$1"; }
headers() { readelf -lW "$1"; }
wants() { nm -D --undefined-only "$1" | awk '{ print $NF }' | sed 's/@.*//'; }

# claim_if FLAG TEXT PART CLAIM
claim_if() {
	if made_with "$1"; then like "$2" "$3" "$4"; else skip "$4" "$1 is not known here"; fi
}

# What every object has to be, whoever loads it.
is_hard() {
	local file=$1 name=${1##*/}
	claim_if '-z,relro' "$(headers "$file")" GNU_RELRO "$name: relocations are read-only once they are made"
	is "$(headers "$file" | awk '/GNU_STACK/ { print $(NF - 1) }')" RW "$name: the stack is not executable"
	is "$(headers "$file" | awk '$1 == "LOAD" && /RWE/')" '' "$name: nothing is both writable and executable"
	unlike "$(dynamic "$file")" TEXTREL "$name: no code is relocated"
	is "$(dynamic "$file" | grep -cE '\((RPATH|RUNPATH)\)')" 0 "$name: has no path of its own to libraries"
	claim_if '-fstack-protector-strong' "$(wants "$file")" __stack_chk_fail "$name: watches its stack"
	claim_if '-D_FORTIFY_SOURCE=3' "$(wants "$file" | grep -v __stack_chk)" _chk "$name: calls the checked string functions"
}

# No thread, so no race between threads: not in Slurm's processes, and not in what asks Slurm.
starts_no_thread() {
	is "$(wants "$1" | grep -E '^(pthread_create|thrd_create|clone3?)$')" '' "${1##*/}: starts no thread"
	unlike "$(dynamic "$1")" libpthread "${1##*/}: is not linked to a library for threads"
}

programs=("$top_builddir/runledger")
[[ ! -e $top_builddir/runledger-ask ]] || programs+=("$top_builddir/runledger-ask")
[[ ! -e $top_builddir/runledger-ask ]] || starts_no_thread "$top_builddir/runledger-ask"
is "$(cd "$top_srcdir" && grep -rlE 'pthread_create|thrd_create' --include='*.c' lib spank tool)" tool/base/hands.c \
	'runledger: threads are started in one place, which check-threads looks at'
for file in "${programs[@]}"; do
	is_hard "$file"
	claim_if '-pie' "$(readelf -hW "$file")" 'DYN (' "${file##*/}: lies somewhere else each time (PIE)"
	claim_if '-z,now' "$(dynamic "$file")" NOW "${file##*/}: all its symbols are bound at the start"
done

for plugin in spank_runledger spank_runledger_epilog; do
	file=$top_builddir/spank/.libs/$plugin.so
	if [[ ! -e $file ]]; then
		skip "$plugin.so" 'the build has no plugins'
		continue
	fi
	is_hard "$file"
	starts_no_thread "$file"
	like "$(dynamic "$file")" NODELETE "$plugin.so: stays mapped, for its exit handler"
	is "$(dynamic "$file" | grep -cE 'BIND_NOW|\bNOW\b')" 0 "$plugin.so: binds lazily, as another Slurm may lack a symbol"
done

done_testing
