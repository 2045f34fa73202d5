# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What chroot and run share: the generations of Slurm, where their chroots are, how one is entered.  Sourced.
#
# Below GENERATIONS_FOLDER each generation has a folder: root/ (the chroot), lock, and trees/ (copies of source trees
# and their builds; which is whose is in the file `from`).
# shellcheck disable=SC2034 # the constants are for those who source this

GENERATIONS_FOLDER=${RLG_GENERATIONS:-${TMPDIR:-/tmp}/rlg-generations}
GENERATIONS=(22.05 24.11 26.05)      # those that must work, and that make check-generations runs
declare -A GENERATION_SUITE=([22.05]=bookworm [24.11]=trixie [26.05]=forky)      # the Debian that has it

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$@"; exit 1; }

# generation_known NAME: sets GENERATION, GENERATION_HOME and ROOT, or ends the program.
generation_known() {
	GENERATION=$1 GENERATION_HOME=$GENERATIONS_FOLDER/$1 ROOT=$GENERATIONS_FOLDER/$1/root
	[[ $1 =~ ^[0-9][0-9]\.[0-9][0-9]$ ]] || die "'$1' is no version of Slurm such as ${GENERATIONS[0]}"
	[[ -n ${RLG_SUITE:-${GENERATION_SUITE[$1]:-}} ]] ||
		die "no Debian is known that has Slurm $1 (known: ${GENERATIONS[*]}); name one with RLG_SUITE"
}

# Chroots are made and entered by root alone; a folder in /tmp might be anybody's.
generations_need_root() {
	[[ $EUID == 0 ]] || die "a chroot needs root"
	mkdir -p "$GENERATIONS_FOLDER"
	[[ -O $GENERATIONS_FOLDER && ! -L $GENERATIONS_FOLDER ]] || die "$GENERATIONS_FOLDER is not root's own folder"
}

# in_namespaces COMMAND...: with mounts and processes of its own; both end with it, however it ends.  The calling
# program runs COMMAND as its own first process there, so nothing that it mounts can stay.
in_namespaces() {
	unshare --mount --pid --fork --kill-child --propagation private -- "$@"
}

# mount_root: in namespaces, makes ROOT ready to be entered.  /tmp is in memory: what tests leave there goes with the
# namespace.
mount_root() {
	local name
	mount --bind "$ROOT" "$ROOT"
	mount --make-private "$ROOT"
	mount -t proc proc "$ROOT/proc"
	mount --rbind /sys "$ROOT/sys"
	mount --rbind /dev "$ROOT/dev"
	mount -t tmpfs -o mode=1777 none "$ROOT/tmp"
	mount -t tmpfs -o mode=0755 none "$ROOT/run"
	# Names are looked up as they are outside: a suite's mirror, this machine's own name.
	for name in hosts resolv.conf; do
		[[ ! -e /etc/$name ]] || cat "/etc/$name" >"$ROOT/etc/$name"
	done
}

# enter_root: makes the mounted ROOT the root of the namespace.  After a mere chroot(2), Slurm's job containers, which
# enter a mount namespace anew, would find themselves outside.
enter_root() {
	cd "$ROOT" || die "$ROOT is gone"
	pivot_root . .
	umount --lazy .
	cd / || exit
}

# in_root COMMAND...: as root, once entered, with a clean environment and RLG_* passed through.
in_root() {
	local name
	local -a environment=(-i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root
		LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8)
	[[ -z ${TERM:-} ]] || environment+=("TERM=$TERM")
	for name in "${!RLG_@}"; do
		[[ ${!name@a} != *x* ]] || environment+=("$name=${!name}")
	done
	/usr/bin/env "${environment[@]}" "$@"
}
