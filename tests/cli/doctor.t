#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `runledger doctor`: each thing that can be set up wrong is one line, with what to do about it.
# shellcheck source-path=SCRIPTDIR source=../tap.sh disable=SC2317
. "${top_srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

chmod 755 "$work"
umask 022
unset SLURM_CONF RUNLEDGER_CONF
version=$("$RUNLEDGER" --version)
version=${version#runledger }
mkdir -p slurm/plugstack.conf.d plugins bin elsewhere
mkdir -m 1777 node
printf 'node_spool = %s\nspool = %s\n' "$work/node" "$work/slurmctld" >site.conf
install -m 755 "$RUNLEDGER" bin/runledger 2>/dev/null || cp "$RUNLEDGER" bin/runledger
printf '#!/bin/sh\necho runledger %s\n' "$version" >bin/runledger && chmod 755 bin/runledger
plugin() { printf 'x\0y\0runledger-release %s\0z' "$2" >"plugins/$1.so"; }

all_well() {
	plugin spank_runledger "$version"
	plugin spank_runledger_epilog "$version"
	printf 'ClusterName=x\nPluginDir=%s\n  jobcomptype = jobcomp/script # ours\nJobCompLoc="%s"\n' "$work/plugins" "$work/bin/runledger" >slurm/slurm.conf
	printf 'include %s/slurm/plugstack.conf.d/*.conf\n' "$work" >slurm/plugstack.conf
	printf 'optional spank_runledger.so helper=%s conf=%s\noptional\tspank_runledger_epilog.so helper=%s conf=%s\n' \
		"$work/bin/runledger" "$work/site.conf" "$work/bin/runledger" "$work/site.conf" >slurm/plugstack.conf.d/ours.conf
	rm -rf node slurmctld
	mkdir -m 1777 node
}
doctor() { run "$RUNLEDGER" doctor --conf="$work/site.conf" --slurm-conf="$work/slurm/slurm.conf" "$@"; }
lines() { grep "^$1 " <<<"$out"; }
# finds HEALTH WORDS CLAIM: there is such a line
finds() { like "$(lines "$1")" "$2" "$3"; }

cd elsewhere || exit 99
all_well_here() { (cd "$work" && all_well); }
all_well_here
[[ $(id -u) == 0 ]] && helper_is_roots=1 || helper_is_roots=
doctor
if [[ $helper_is_roots ]]; then
	is "$(lines warn)$(lines fail)" "" "where all is well nothing is to be mended"
	status_is 0 "and the exit status is 0"
else
	like "$(lines fail)" "can be changed by others than root" "a helper that is not root's is told"
	status_is 1 "and the exit status is 1"
fi
finds ok "slurmctld runs $work/bin/runledger" "JobCompLoc is found, however it is written"
finds ok "$work/plugins/spank_runledger.so is of this version" "the plugin is found in PluginDir, and its version is read"
unlike "$out" $'\e[' "in a pipe there are no colours"

run "$RUNLEDGER" doctor --conf="$work/site.conf" --slurm-conf="$work/slurm/slurm.conf" --json
is "$(python3 -c '
import json, sys
d = json.load(sys.stdin)
print(d["version"], len(d["checks"]) == d["ok"] + d["warn"] + d["fail"], sorted(d["checks"][0]))' <<<"$out")" \
	"1 True ['about', 'advice', 'finding', 'result']" "--json is one object with all of it"

# breaks CLAIM HEALTH WORDS COMMAND...: what COMMAND breaks is found
breaks() {
	local claim=$1 health=$2 words=$3
	all_well_here
	(cd "$work" && "${@:4}")
	doctor
	finds "$health" "$words" "$claim"
	if [[ $health == fail || ! $helper_is_roots ]]; then
		status_is 1 "$claim: exit status 1"
	else
		status_is 3 "$claim: exit status 3"
	fi
}
stack() { printf '%s\n' "$@" >slurm/plugstack.conf.d/ours.conf; }
spoil_conf() { printf 'node_spool = %s\ntimeout_ms = soon\n' "$work/node" >site.conf; }
breaks "a setting that cannot be used" fail "site.conf:2: timeout_ms takes" spoil_conf
printf 'node_spool = %s\nspool = %s\n' "$work/node" "$work/slurmctld" >"$work/site.conf"
breaks "a plugin that is required" warn "spank_runledger is required" sed -i 's/^optional spank_runledger.so/required spank_runledger.so/' slurm/plugstack.conf.d/ours.conf
missing() { sed -i "s,optional spank_runledger.so,optional $work/nowhere/spank_runledger.so," slurm/plugstack.conf.d/ours.conf; }
breaks "a plugin that is missing" fail "cannot read $work/nowhere/spank_runledger.so: No such file" missing
breaks "no plugin at all" fail "does not load spank_runledger.so" stack "optional other.so"
breaks "no epilog" warn "spank_runledger_epilog.so is not loaded" stack "optional spank_runledger.so helper=$work/bin/runledger conf=$work/site.conf"
twice() { cat slurm/plugstack.conf.d/ours.conf >slurm/plugstack.conf.d/more.conf; }
breaks "a line that stands there twice" warn "is loaded twice" twice
rm "$work/slurm/plugstack.conf.d/more.conf"
breaks "a plugin of another version" warn "is of another version (0.0.9)" plugin spank_runledger 0.0.9
breaks "a plugin of no version" warn "is of another version (unknown)" cp /dev/null plugins/spank_runledger.so
breaks "a helper that is missing" fail "cannot be run" sed -i 's,helper=[^ ]*,helper=/nowhere/runledger,' slurm/plugstack.conf.d/ours.conf
old_helper() { printf '#!/bin/sh\necho runledger 0.0.9\n' >bin/old && chmod 755 bin/old && sed -i "s,helper=[^ ]*,helper=$work/bin/old," slurm/plugstack.conf.d/ours.conf; }
breaks "a helper of another version" warn "bin/old is not of this version" old_helper
open_helper() { cp bin/runledger bin/open && chmod 777 bin/open && sed -i "s,helper=[^ ]*,helper=$work/bin/open," slurm/plugstack.conf.d/ours.conf; }
breaks "a helper that others can change" fail "can be changed by others than root" open_helper
breaks "other settings than the plugins'" warn "the plugins read /etc/other.conf" sed -i 's,conf=[^ ]*,conf=/etc/other.conf,' slurm/plugstack.conf.d/ours.conf
run_in_job() { echo 'PrologFlags=Contain,RunInJob' >>slurm/slurm.conf; }
breaks "an epilog with RunInJob" fail "keeps jobs COMPLETING" run_in_job
no_jobcomp() { sed -i /jobcomptype/d slurm/slurm.conf; }
breaks "no jobcomp" warn "it is not set, so the end of jobs that never ran" no_jobcomp
itself() { echo "include $work/slurm/plugstack.conf" >>slurm/plugstack.conf; }
all_well_here
(cd "$work" && itself)
doctor
finds warn "is loaded twice" "a plugstack.conf that includes itself is no loop"

breaks "no node spool" warn "records whose file is out of reach are lost" rmdir node
breaks "a node spool that cannot be trusted" fail "must be root's, with mode 1777" chmod 777 node
if [[ $helper_is_roots ]]; then
	squat() { mkdir node/u64123; }
	breaks "a name that is another's" warn "1 name of users, as u64123, are not theirs" squat
fi
dropped() { mkdir -m 700 "node/u$(id -u)" && printf '{"dropped":%20d,"last_us":%20d}\n' 7 1 >"node/u$(id -u)/.dropped"; }
breaks "dropped records" fail "7 records were dropped" dropped
waits() { mkdir -m 700 "node/u$(id -u)" && touch -d '3 hours ago' "node/u$(id -u)/1.json"; }
breaks "a record that waits for hours" warn "1 record" waits
like "$out" "for 180 min" "with for how long"
late() { mkdir -m 700 slurmctld slurmctld/new && touch -d '3 hours ago' slurmctld/new/1.json; }
breaks "a spool that nobody empties" fail "1 new, 0 held" late
like "$out" "enable runledger-drain.path" "and what to do"
open_spool() { mkdir slurmctld && chmod 777 slurmctld; }
breaks "slurmctld's spool, open to others" fail "others may write in" open_spool

all_well_here
new_group "$work/g" r1
doctor "$work/g"
finds ok "it keeps 1 tracker and has 1 planned run" "a run group is looked at"
printf 'phases: [\n' >"$work/g/.runledger/config.yaml"
doctor "$work/g"
finds fail "config.yaml" "and its settings, which do not parse"
doctor "$work/elsewhere"
finds fail "is not in a run group" "a folder in no group is told where it was asked for"
printf 'x\n' >"$work/g/.runledger/config.yaml"
mkdir -p "$work"/$'odd\e[31m'
new_group "$work"/$'odd\e[31m/g' r1
doctor "$work"/$'odd\e[31m/g'
unlike "$out" $'\e' "a name does not steer the terminal"
run "$RUNLEDGER" doctor --conf="$work/site.conf" --slurm-conf="$work/nowhere.conf"
status_is 1 "a slurm.conf that is not there is told"
run "$RUNLEDGER" doctor a b
status_is 2 "one group at a time"
done_testing
