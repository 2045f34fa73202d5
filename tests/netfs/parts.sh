# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the rigs are put together from: Debian packages, fetched by apt-get download and unpacked, installed nowhere.
# Sourced.
#
#     parts_need SET...      has these sets ready below $PARTS, or says why not and returns 1
#
# With RLG_NETFS_FETCH=no only what was fetched before counts.

PARTS=${RLG_NETFS:-${TMPDIR:-/tmp}/rlg-netfs-$EUID}

parts_say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# parts_of SET: the packages of a set.  The emulator and Gluster come with what this machine lacks of theirs.
parts_of() {
	case $1 in
	kernel) apt-cache depends --important linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' ;;
	nfs) echo busybox-static keyutils libevent-core-2.1-7 libnfsidmap1 libtirpc3 libwrap0 nfs-common nfs-kernel-server rpcbind ;;
	qemu) parts_missing_for qemu-system-x86 ;;
	gluster) parts_missing_for glusterfs-server ;;
	esac
}

parts_missing_for() {
	apt-get install --simulate --no-install-recommends "$1" 2>/dev/null | awk '$1 == "Inst" { print $2 }'
}

# A folder in /tmp might be anybody's.
parts_folder() {
	mkdir -p "$PARTS" 2>/dev/null
	[[ -d $PARTS && -O $PARTS && ! -L $PARTS ]] || { parts_say "$PARTS is not a folder of your own"; return 1; }
	chmod 755 "$PARTS"
}

# A set is whole once it has its name: one that was broken off is made anew.
parts_make() {
	local set=$1 new=$PARTS/$1.new deb
	local -a names
	mapfile -t names < <(parts_of "$set" | tr ' ' '\n' | sed '/^$/d')
	((${#names[@]})) || { parts_say "apt knows no packages for $set"; return 1; }
	rm -rf "$new"
	mkdir -p "$new/debs" "$new/tree"
	chmod 755 "$new" "$new/debs" "$new/tree"
	parts_say "fetching ${#names[@]} packages for $set"
	(cd "$new/debs" && apt-get download -q -o APT::Sandbox::User=root "${names[@]}") >"$new/log" 2>&1 </dev/null || {
		parts_say "apt-get download failed: $(grep '^E:' "$new/log" | head -n 1)"
		return 1
	}
	for deb in "$new"/debs/*.deb; do
		dpkg-deb -x "$deb" "$new/tree" || return 1
	done
	rm -rf "$new/debs"
	mv "$new" "$PARTS/$set"
}

parts_need() {
	local set
	if ! { command -v apt-get && command -v dpkg-deb; } >/dev/null; then
		parts_say "this is no Debian, whose packages the rig is made of"
		return 1
	fi
	[[ $(dpkg --print-architecture) == amd64 ]] || { parts_say "the machine is made for amd64"; return 1; }
	for set; do
		[[ ${RLG_NETFS_FETCH:-yes} != no || -d $PARTS/$set ]] || {
			parts_say "$PARTS/$set is not there, and is not to be fetched (RLG_NETFS_FETCH=no)"
			return 1
		}
	done
	parts_folder || return 1
	(
		flock 9
		for set; do
			[[ -d $PARTS/$set ]] || parts_make "$set" || exit 1
		done
	) 9>"$PARTS/lock"
}
