# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two nfsim clients of one server, for tests that source tests/tap.sh and then this.
#
#     netfs_need                 goes on in a mount namespace of its own, or skips the whole test
#     netfs_server [MOUNT-OPTIONS]   a fresh server: $server, on a tmpfs; what is there is gone
#     netfs_mount NAME [OPTIONS]     the client of the host NAME, at $work/NAME; OPTIONS are nfsim's, separated by commas
#     on NAME COMMAND...         as that host, which has its mount at $net
#     netfs_stop NAME, netfs_wake NAME   the server goes away for that client, and comes back
#     netfs_umount NAME

: "${NFSIM:=$top_builddir/tests/netfs/nfsim}"
# shellcheck disable=SC2154 # of tap.sh
server=$work/server net=$work/net
declare -A netfs_pid=()

# netfs_skip WHY
netfs_skip() {
	echo "1..0 # SKIP $1"
	exit 77
}

# Call it before anything else: the test begins once more, where its mounts are nobody else's and end with it.
netfs_need() {
	[[ -z ${RLG_NETFS_INSIDE:-} ]] || return 0
	[[ -x $NFSIM ]] || netfs_skip "nfsim is not built: libfuse3-dev was not there when configure ran"
	[[ $(id -u) == 0 ]] || netfs_skip "only root can mount"
	[[ -e /dev/fuse ]] || modprobe fuse 2>/dev/null || :
	(: <>/dev/fuse) 2>/dev/null || netfs_skip "there is no /dev/fuse to be had"
	unshare --mount --uts --propagation private true 2>/dev/null || netfs_skip "namespaces are not to be had here"
	RLG_NETFS_INSIDE=yes unshare --mount --propagation private bash "$srcdir/tests/netfs/${0##*/}" "$@"
	exit
}

netfs_server() {
	mkdir -p "$server"
	umount -l "$server" 2>/dev/null
	mount -t tmpfs -o "${1:-size=256m},mode=755" netfs "$server"
}

# shellcheck disable=SC2317
netfs_is_up() { mountpoint -q "$work/$1"; }

netfs_mount() {
	mkdir -p "$work/$1"
	"$NFSIM" -f -o "allow_other${2:+,$2}" "$server" "$work/$1" 2>"$work/$1.nfsim" &
	netfs_pid[$1]=$!
	wait_for netfs_is_up "$1" || { say "nfsim: $(<"$work/$1.nfsim")"; return 1; }
}

netfs_umount() {
	umount "$work/$1" || umount -l "$work/$1"
	wait "${netfs_pid[$1]}"
}

netfs_stop() { kill -STOP "${netfs_pid[$1]}"; }
netfs_wake() { kill -CONT "${netfs_pid[$1]}"; }

# on NAME COMMAND...: with the host name NAME.
on() {
	mkdir -p "$net"
	# shellcheck disable=SC2016
	unshare --uts --mount sh -c 'mount --bind "$1" "$2" && hostname "$3" && shift 3 && exec "$@"' _ "$work/$1" "$net" "$@"
}

netfs_end() {
	local name
	for name in "${!netfs_pid[@]}"; do
		kill -CONT "${netfs_pid[$name]}" 2>/dev/null
		umount -l "$work/$name" 2>/dev/null
		kill "${netfs_pid[$name]}" 2>/dev/null
	done
	umount -l "$server" 2>/dev/null
	rm -rf "$work"
}
trap netfs_end EXIT
