# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The text of a cluster's configuration files.  Sourced by up; everything
# comes in through DIR, MODE, NODES, CPUS, PORT, HOST, ADMIN, SLURM_USER and the options.

SLURMCTL_ID=20003                    # of the user that slurmctld becomes with --unprivileged

# slurm_version: 2205 for "slurm-wlm 22.05.8".
slurm_version() {
	slurmctld -V | sed -n 's/^[^ ]* \([0-9][0-9]\)\.\([0-9][0-9]\).*/\1\2/p'
}

# default_plugin_dir: where this Slurm's own plugins are; --plugindir needs it,
# for PluginDir replaces the compiled-in folder.
default_plugin_dir() {
	local so
	for so in "$RLG_SLURM_PREFIX"/lib/*/slurm-wlm "$RLG_SLURM_PREFIX"/lib/*/slurm \
		"$RLG_SLURM_PREFIX"/lib64/slurm "$RLG_SLURM_PREFIX"/lib/slurm; do
		[[ -e $so/auth_munge.so ]] || continue
		printf '%s\n' "$so"
		return
	done
	return 1
}

slurm_conf_ours() {
	local debug=info
	[[ -z ${RLG_DEBUG:-} ]] || debug=debug
	cat <<-END
	ClusterName=rlg
	SlurmctldHost=$HOST(127.0.0.1)
	SlurmctldPort=$PORT
	SlurmUser=$SLURM_USER
	SlurmdUser=$ADMIN
	AuthType=auth/munge
	AuthInfo=socket=$DIR/run/munge.socket
	StateSaveLocation=$DIR/state
	SlurmdSpoolDir=$DIR/spool/%n
	SlurmctldPidFile=$DIR/run/slurmctld.pid
	SlurmdPidFile=$DIR/run/slurmd-%n.pid
	SlurmctldLogFile=$DIR/log/slurmctld.log
	SlurmdLogFile=$DIR/log/slurmd-%n.log
	SlurmctldDebug=$debug
	SlurmdDebug=$debug
	PlugStackConfig=$DIR/etc/plugstack.conf
	SelectType=select/cons_tres
	SelectTypeParameters=CR_Core
	ProctrackType=proctrack/linuxproc
	TaskPlugin=task/none
	MpiDefault=none
	MailProg=/bin/true
	SlurmdParameters=config_overrides
	SchedulerType=sched/backfill
	SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=1000,bf_interval=1
	PreemptType=preempt/partition_prio
	PreemptMode=REQUEUE
	JobRequeue=1
	MinJobAge=300
	KillWait=2
	InactiveLimit=0
	MessageTimeout=10
	SlurmdTimeout=10
	ReturnToService=2
	END
	if [[ -n $ACCOUNTING ]]; then
		cat <<-END
		AccountingStorageType=accounting_storage/slurmdbd
		AccountingStorageHost=127.0.0.1
		AccountingStoragePort=$((PORT + 1))
		AccountingStoragePass=$DIR/run/munge.socket
		END
	fi
	if [[ -n $PLUGIN_DIRS ]]; then
		printf 'PluginDir=%s:%s\n' "$PLUGIN_DIRS" "$(default_plugin_dir)"
	fi
	cat <<-END
	NodeName=n[1-$NODES] NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$((PORT + 2))-$((PORT + 1 + NODES)) CPUs=$CPUS RealMemory=4096
	PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=2 PreemptMode=OFF
	PartitionName=low Nodes=ALL MaxTime=INFINITE PriorityTier=1 PreemptMode=REQUEUE
	END
}

# slurm_conf EXTRA: ours without the keys that the file EXTRA sets, then EXTRA.
# A partition's key is its name: one more partition leaves ours alone.
slurm_conf() {
	awk '
		function key(line) {
			line = tolower(line)
			sub(/^[ \t]+/, "", line)
			if (line ~ /^partitionname[ \t]*=/) {
				sub(/[ \t]*=[ \t]*/, "=", line)
				sub(/[ \t].*/, "", line)
				return line
			}
			sub(/[ \t]*=.*/, "", line)
			return line
		}
		FILENAME == ARGV[1] { if ($0 !~ /^[ \t]*(#|$)/) theirs[key($0)]; next }
		!(key($0) in theirs)
	' "$1" <(slurm_conf_ours)
	cat -- "$1"
}

# cgroup_conf SLURM-CONF: cgroup/v1 is the plugin that asks nothing of the system (no systemd, no mounted
# hierarchy) as long as nothing uses it.  24.05 brought "disabled", with which whatever uses cgroups is fatal.
cgroup_conf() {
	if (($(slurm_version) < 2405)); then
		printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n'
	elif grep -qi '=.*/cgroup' "$1"; then
		echo CgroupPlugin=cgroup/v1
	else
		echo CgroupPlugin=disabled
	fi
}

slurmdbd_conf() {
	cat <<-END
	AuthType=auth/munge
	AuthInfo=socket=$DIR/run/munge.socket
	DbdHost=$HOST
	DbdAddr=127.0.0.1
	DbdPort=$((PORT + 1))
	SlurmUser=$ADMIN
	DebugLevel=info
	LogFile=$DIR/log/slurmdbd.log
	PidFile=$DIR/run/slurmdbd.pid
	StorageType=accounting_storage/mysql
	StorageHost=localhost
	StorageUser=root
	StorageLoc=slurm_acct_db
	END
}

# No grant tables: who reaches the socket (mode 0700 folder) is the
# administrator.  The log sizes are the smallest allowed; nothing need survive a crash.
mariadb_conf() {
	cat <<-END
	[mariadbd]
	user=$ADMIN
	datadir=$DIR/db/data
	socket=$DIR/db/mariadb.sock
	pid-file=$DIR/db/mariadb.pid
	tmpdir=$DIR/db
	log-error=$DIR/log/mariadbd.log
	skip-networking
	skip-grant-tables
	init-file=$DIR/etc/mariadb.sql
	skip-name-resolve
	skip-log-bin
	innodb-buffer-pool-size=8M
	innodb-log-file-size=4M
	innodb-log-buffer-size=2M
	innodb-lock-wait-timeout=900
	innodb-flush-log-at-trx-commit=0
	innodb-flush-method=nosync
	innodb-doublewrite=0
	innodb-buffer-pool-dump-at-shutdown=0
	innodb-buffer-pool-load-at-startup=0
	performance-schema=0
	aria-pagecache-buffer-size=1M
	key-buffer-size=1M
	max-connections=20
	END
}

# slurmdbd would make its database itself, on a second try with the same connection; MariaDB's client library 11.8.9
# takes no answers on such a one ("exceeds maximum allowed number of columns (=0)").
mariadb_sql() {
	echo 'CREATE DATABASE IF NOT EXISTS slurm_acct_db;'
}

# The private /etc files: the real ones and two ordinary users that exist
# nowhere else.
etc_passwd() {
	cat /etc/passwd
	printf '%s:x:%d:%d::%s:/bin/bash\n' alice 20001 20001 "$DIR/home/alice" bob 20002 20002 "$DIR/home/bob" \
		slurmctl "$SLURMCTL_ID" "$SLURMCTL_ID" /nonexistent
}

etc_group() {
	cat /etc/group
	printf 'alice:x:20001:\nbob:x:20002:\nlab:x:20010:alice,bob\nslurmctl:x:%d:\n' "$SLURMCTL_ID"
}

etc_hosts() {
	printf '127.0.0.1 localhost rlg'
	printf ' n%d' $(seq "$NODES")
	printf '\n::1 ip6-localhost\n'
}

etc_nsswitch() {
	printf '%s: files\n' passwd group shadow gshadow hosts services protocols networks ethers rpc netgroup
}

# What slurmctld writes to once it has become its user.
give_to_slurmctl() {
	touch "$DIR/log/slurmctld.log" "$DIR/run/slurmctld.pid"
	chown "$SLURMCTL_ID:$SLURMCTL_ID" "$DIR/state" "$DIR/log/slurmctld.log" "$DIR/run/slurmctld.pid"
}

# write_conf: every file of DIR/etc.
write_conf() {
	mkdir -p "$DIR"/etc/ns "$DIR"/{run,log,state,spool,scratch,home}
	printf '%s\n' "$CONF" >"$DIR/etc/extra.conf"
	slurm_conf "$DIR/etc/extra.conf" >"$DIR/etc/slurm.conf"
	cgroup_conf "$DIR/etc/slurm.conf" >"$DIR/etc/cgroup.conf"
	((${#ETC[@]} == 0)) || cp -- "${ETC[@]}" "$DIR/etc/"
	printf '%s\n' "$PLUGSTACK" >"$DIR/etc/plugstack.conf"
	if [[ -n $ACCOUNTING ]]; then
		install -d -m 0700 "$DIR/db"
		slurmdbd_conf | install -m 0600 /dev/stdin "$DIR/etc/slurmdbd.conf"
		mariadb_conf >"$DIR/etc/mariadb.cnf"
		mariadb_sql >"$DIR/etc/mariadb.sql"
	fi
	[[ $MODE == multi ]] || return 0
	[[ $SLURM_USER != slurmctl ]] || give_to_slurmctl
	etc_passwd >"$DIR/etc/ns/passwd"
	etc_group >"$DIR/etc/ns/group"
	etc_hosts >"$DIR/etc/ns/hosts"
	etc_nsswitch >"$DIR/etc/ns/nsswitch.conf"
}
