# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In the machine: an NFS server, and hosts that are its clients.  Sourced by the tests beside it.
# busybox prefers its own ip, which knows no network namespaces: ours is called by its path.
# Each host has namespaces of its own: network (so the kernel makes it a client, a lease and lock owners of its own), name
# and mounts (its own rpcbind and statd).  What it mounts is at /net.
# shellcheck disable=SC2154 # words of the kernel's command line: version

up() { read -r seconds _ </proc/uptime; echo "rig: $seconds s: $*"; }

# until_true COMMAND...: half a minute.
until_true() {
	n=0
	until "$@"; do
		n=$((n + 1))
		[ $n -lt 600 ] || { up "in vain: $*"; return 1; }
		usleep 50000
	done
}

# rpc_services: rpcbind and statd, in the namespaces that one is in.
rpc_services() {
	mkdir -p /run/rpcbind /run/sendsigs.omit.d /var/lib/nfs/sm /var/lib/nfs/sm.bak
	rpcbind -i
	until_true test -S /run/rpcbind.sock
	rpc.statd --no-notify
}

# serve [SIZE]: exports /srv, a tmpfs.
serve() {
	mount -t tmpfs -o "size=${1:-600m}" srv /srv
	/sbin/ip link set lo up
	mkdir -p /var/lib/nfs/v4recovery /var/lib/nfs/rpc_pipefs
	: >/var/lib/nfs/etab
	: >/var/lib/nfs/rmtab
	: >/etc/exports
	mount -t nfsd nfsd /proc/fs/nfsd
	mount -t rpc_pipefs pipefs /var/lib/nfs/rpc_pipefs
	echo 10 >/proc/fs/nfsd/nfsv4leasetime
	echo 10 >/proc/fs/nfsd/nfsv4gracetime
	rpc_services
	exportfs -o rw,no_root_squash,fsid=0,no_subtree_check,insecure,sync '*:/srv'
	rpc.mountd
	rpc.nfsd -V 3 -V 4 8
	# Nobody has anything to claim back from a server that is new.
	echo Y >/proc/fs/nfsd/v4_end_grace
}

# host NAME N: the host NAME at 10.9.N.2, whose server is 10.9.N.1.
host() {
	# shellcheck disable=SC2016 # the inner shell's
	unshare -n -u -m sh -c 'hostname "$1"; mount -t tmpfs run /run; mount -t tmpfs nfs /var/lib/nfs
		: >"/tmp/$1.is_there"; exec sleep 1000000' sh "$1" &
	eval "pid_$1=$!"
	until_true test -e "/tmp/$1.is_there"
	/sbin/ip link add "v$1" type veth peer name "p$1"
	/sbin/ip link set "p$1" netns "$!"
	/sbin/ip addr add "10.9.$2.1/24" dev "v$1"
	/sbin/ip link set "v$1" up
	on "$1" /sbin/ip link set "p$1" name eth0
	on "$1" /sbin/ip link set lo up
	on "$1" /sbin/ip addr add "10.9.$2.2/24" dev eth0
	on "$1" /sbin/ip link set eth0 up
}

# on NAME COMMAND...
on() {
	eval "pid=\$pid_$1"
	shift
	nsenter -t "$pid" -n -u -m "$@"
}

# mount_on NAME N [OPTIONS]
mount_on() {
	case $version in
	3)
		on "$1" sh -c '. /bin/guest.sh; rpc_services'
		on "$1" busybox mount -i -t nfs -o "vers=3,hard,proto=tcp,addr=10.9.$2.1${3:+,$3}" "10.9.$2.1:/srv" /net
		;;
	*) on "$1" mount.nfs -o "vers=$version,hard,proto=tcp${3:+,$3}" "10.9.$2.1:/" /net ;;
	esac
}

# two_hosts [OPTIONS]: hosta and hostb, with the server mounted; shows how.
two_hosts() {
	host hosta 1
	host hostb 2
	if ! { mount_on hosta 1 "$1" && mount_on hostb 2 "$1"; }; then
		dmesg | tail -n 20
		return 1
	fi
	up "$(on hosta sed -n 's/.* \/net \(nfs[4]*\) .*\(vers=[0-9.]*\).*/\1 \2/p' /proc/mounts) on $(on hosta hostname) and $(on hostb hostname)"
}
