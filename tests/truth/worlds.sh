# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The clusters that a cell needs, as some settings of Slurm cannot live together: one line of slurm.conf each.  Nodes
# are shared by all scenarios or one scenario's own.

WORLDS=(main memory wrap)

# world_options WORLD: up's; WORLD_conf FOLDER: lines for slurm.conf, with programs of ours in FOLDER.  Jobs run on n1 to
# n4 unless they ask for more; the other nodes are preempted on, filled or broken, each by one scenario.
world_options() {
	case $1 in
	main) echo --nodes 23 --cpus 64 ;;
	*) echo --nodes 1 --cpus 16 ;;
	esac
}

main_conf() {
	cat <<-END
	PartitionName=main Nodes=ALL Default=NO MaxTime=INFINITE PriorityTier=2 PreemptMode=OFF
	PartitionName=pool Nodes=n[1-4] Default=YES MaxTime=INFINITE PriorityTier=2 PreemptMode=OFF
	PartitionName=short Nodes=n[1-4] MaxTime=5 PriorityTier=2 PreemptMode=OFF
	PartitionName=low Nodes=n[5-7,9] MaxTime=INFINITE PriorityTier=1 PreemptMode=REQUEUE
	PartitionName=lowcancel Nodes=n[5-7,9] MaxTime=INFINITE PriorityTier=1 PreemptMode=CANCEL
	PartitionName=lowgrace Nodes=n[5-7,9] MaxTime=INFINITE PriorityTier=1 PreemptMode=CANCEL GraceTime=3
	PartitionName=high Nodes=n[5-7,9] MaxTime=INFINITE PriorityTier=9 PreemptMode=OFF
	EnforcePartLimits=ALL
	ScronParameters=enable
	RebootProgram=/bin/true
	ResumeTimeout=20
	Prolog=$1/prolog
	END
}

# Memory is real only where Slurm holds jobs in cgroups; up's own cgroup.conf is version 1's.
memory_conf() {
	cat <<-END
	ProctrackType=proctrack/cgroup
	TaskPlugin=task/cgroup
	SelectTypeParameters=CR_Core_Memory
	FirstJobId=$((1000 + 10 * (RANDOM % 1000)))
	END
}
# A job's cgroup has its id in its name, and two clusters on one machine see the same cgroups: thus the odd first id.
# WORLD_prepare DIR: what is done before anything is played, where that is anything.
memory_prepare() {
	printf 'ConstrainRAMSpace=yes\nAllowedSwapSpace=0\n' >>"$1/etc/cgroup.conf"
	"$TESTS/cluster/enter" "$1" root "$TESTS/cluster/lib/node" restart "$1" n1
}
# WORLD_clean: what is left on the machine when the cluster is gone.
memory_clean() {
	find /sys/fs/cgroup/*/ -maxdepth 1 -name 'slurm_n1' -exec rmdir --ignore-fail-on-non-empty {} + 2>/dev/null || :
}

# So few ids that they come round while the cell is played.
wrap_conf() {
	cat <<-END
	FirstJobId=1000
	MaxJobId=1003
	MinJobAge=2
	END
}
