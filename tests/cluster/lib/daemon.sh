# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How a daemon of a cluster is started, watched and reported.  Sourced by boot
# and node, which run inside and have set DIR and DAEMON_TIMEOUT.

declare -A DAEMON_PID=()

# daemon_start NAME COMMAND...: in the foreground of a session of its own; what it
# says before it has its log goes to log/NAME.out.
daemon_start() {
	local name=$1
	shift
	RLG_DAEMON=$name setsid "$@" </dev/null >"$DIR/log/$name.out" 2>&1 &
	DAEMON_PID[$name]=$!
}

slurmd_start() {
	mkdir -p "$DIR/spool/$1"
	rm -f "$DIR/run/slurmd-$1.pid"
	daemon_start "slurmd-$1" slurmd -D -N "$1"
}

# daemon_wait NAME COMMAND...: until the command succeeds; ends this program
# when the daemon is gone or time is up.
daemon_wait() {
	local name=$1 end=$((SECONDS + DAEMON_TIMEOUT)) other
	shift
	until "$@"; do
		for other in "${!DAEMON_PID[@]}"; do
			kill -0 "${DAEMON_PID[$other]}" 2>/dev/null || boot_failed "$other" "ended at once"
		done
		((SECONDS < end)) || boot_failed "$name" "was not ready after $DAEMON_TIMEOUT s"
		sleep 0.03
	done
}

# boot_failed NAME WORDS: says it with the last lines of that daemon's log.
boot_failed() {
	local file
	complain "$1 $2; its last words:"
	for file in "$DIR/log/$1.out" "$DIR/log/$1.log"; do
		[[ -s $file ]] || continue
		tail -n 15 "$file" | sed 's/^/    /' >&2
	done
	exit 1
}

# conf_value FILE KEY: of a file in DIR/etc; the last one counts.
conf_value() { sed -n "s/^$2=//p" "$DIR/etc/$1" | tail -n 1; }

# port_open PORT: does anybody listen on it?  Without connecting: the daemon
# would log an error about a client that says nothing.
port_open() {
	local hex
	printf -v hex ':%04X' "$1"
	awk -v p="$hex" '$4 == "0A" && substr($2, length($2) - 4) == p { found = 1 } END { exit !found }' \
		/proc/net/tcp
}
