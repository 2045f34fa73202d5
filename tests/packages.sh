# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the tests, the benchmarks and ./demo need from Debian, and how they get it.  Sourced.
# shellcheck disable=SC2034 # the lists are for those who source this

PACKAGES_BUILD=(autoconf automake gcc libc6-dev libcjson-dev libslurm-dev libtool libyaml-dev make pkg-config)
PACKAGES_CLUSTER=(iproute2 munge slurm-client slurmctld slurmd util-linux)
PACKAGES_BENCH=(jq python3 python3-yaml sqlite3 valgrind)      # what we are compared with, on one machine
PACKAGES_CHECK=("${PACKAGES_BENCH[@]}" git libcmocka-dev libfuse3-dev mandoc mariadb-server procps python3-jsonschema
	shellcheck slurm-wlm-mysql-plugin slurmdbd slurmrestd strace xz-utils)
PACKAGES_CHROOT=(debootstrap)            # check-generations, check-truth
PACKAGES_FUZZ=(clang libclang-rt-dev)
PACKAGES_LINT=(clang-tidy cppcheck gcc)

# packages_missing NAME...: those that are not installed, a line each.
packages_missing() {
	local name
	for name; do
		[[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || echo "$name"
	done
}

# Debian starts a daemon when its package is installed; ours are started by the tests, with folders of their own.
packages_install() {
	local policy=/usr/sbin/policy-rc.d own_policy=no status=0
	if [[ ! -e $policy ]]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
		own_policy=yes
	fi
	{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; } \
		>"$PACKAGES_LOG" 2>&1 </dev/null || status=$?
	[[ $own_policy == no ]] || rm -f "$policy"
	return "$status"
}

# packages_need NAME...: installs what is missing as root; otherwise names it and ends.
packages_need() {
	local -a missing
	if ! command -v dpkg-query >/dev/null; then
		echo "$0: this is no Debian; see README.md for what to install by hand" >&2
		return 0
	fi
	mapfile -t missing < <(packages_missing "$@")
	((${#missing[@]})) || return 0
	if [[ $(id -u) != 0 ]]; then
		echo "$0: these packages are missing: ${missing[*]}" >&2
		echo "Install them with: sudo apt-get install ${missing[*]}" >&2
		return 1
	fi
	echo "Installing ${#missing[@]} packages: ${missing[*]}" >&2
	PACKAGES_LOG=$(mktemp "${TMPDIR:-/tmp}/rlg-packages.XXXXXX")
	if packages_install "${missing[@]}"; then
		rm -f "$PACKAGES_LOG"
		return 0
	fi
	tail -n 20 "$PACKAGES_LOG" >&2
	echo "$0: apt-get could not install them; the whole of what it said is in $PACKAGES_LOG" >&2
	return 1
}
