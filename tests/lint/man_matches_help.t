#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual says what the tool, the plugins and the settings can do: no less, and no more.
# shellcheck disable=SC2013  # the lines are words
srcdir=${top_srcdir:-$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}
# shellcheck source=tests/tap.sh
. "$srcdir/tests/tap.sh"

page1=$srcdir/man/runledger.1
page5_config=$srcdir/man/runledger-config.5
page5_record=$srcdir/man/runledger-record.5
page8=$srcdir/man/spank_runledger.8

# same FOUND EXPECTED CLAIM: two lists, a word a line, whose order does not matter; neither may be empty.
same() {
	local found expected
	found=$(sort -u <<<"$1" | sed '/^$/d')
	expected=$(sort -u <<<"$2" | sed '/^$/d')
	[[ -n $expected ]] || say "nothing was found to compare with"
	[[ $found == "$expected" && -n $expected ]] ||
		say "$(diff <(echo "$expected") <(echo "$found") | sed -n 's/^</missing:/p; s/^>/too much:/p')"
	[[ $found == "$expected" && -n $expected ]]
	ok_if $? "$3"
}

# The lines of a page between a heading (.Sh or .Ss, as a pattern) and the next one of its rank.
part() { # PAGE HEADING
	awk -v heading="$2" '
		/^\.S[hs] / { on = on && $1 == ".Ss" && rank == ".Sh" }
		$0 ~ "^\\.S[hs] (" heading ")$" { on = 1; rank = $1 }
		on' "$1"
}

# The first words of a table in the code: {"word", ...}
table() { # FILE NAME
	awk -v name="$2" '
		index($0, name "[] = {") || index($0, name "[") && /\] = \{$/ { on = 1; next }
		on && /^\};/ { on = 0 }
		on' "$srcdir/$1" | grep -o '{"[^"]*"' | tr -d '{"'
}

# --- commands and options ---

help_commands() {
	runledger --help | sed -n '/^Options:/q; s/^  \([a-z-]*\)  .*/\1/p'
	echo help
}
man_commands() { sed -n 's/^\.Ss runledger \([a-z-]*\).*/\1/p' "$page1"; }
same "$(man_commands)" "$(help_commands)" "each command of --help has its section in runledger(1), and none is made up"
same "$(part "$page1" SYNOPSIS | sed -n 's/^\.Cm //p')" "$(help_commands)" "each stands in its SYNOPSIS"

# "--run= -r": an option's name, "=" if it takes a value, "[=" if it may, its letter
help_options() { # COMMAND...
	runledger "$@" --help | sed -n '/^Options:/,/^$/{
		s/^  -\(.\), --\([a-z-]*\[\{0,1\}=\{0,1\}\).*/--\2 -\1/p
		s/^      --\([a-z-]*\[\{0,1\}=\{0,1\}\).*/--\1/p
	}'
}
man_options() { # HEADING
	part "$page1" "$1" | sed -n '/^\.It Fl/{
		s/ Ns = Ns Ar .*/=/
		s/ Ns Op = Ns Ar .*/[=/
		s/^\.It Fl \(.\) , -\([a-z-]*=\{0,1\}\)$/--\2 -\1/p
		s/^\.It Fl -\([a-z-]*\[\{0,1\}=\{0,1\}\)$/--\1/p
	}'
}
# The one option that all have is told once.
for command in $(help_commands); do
	[[ $command != help ]] || continue
	options=$(help_options "$command" | grep -vx -e '--help -h')
	documented=$(man_options "runledger $command.*")
	if [[ -z $options$documented ]]; then
		ok_if 0 "$command has no options, and says so"
	else
		same "$documented" "$options" "the options of $command are in runledger(1)"
	fi
done
same "$(man_options 'Options of runledger itself')" "$(help_options)" "and those of runledger itself"
same "$(part "$page1" 'EXIT STATUS' | sed -n 's/^\.It \([0-9]*\)$/\1/p')" \
	"$(runledger --help | sed -n '/^Exit status:/,/^$/s/^  \([0-9][0-9]*\)  .*/\1/p')" "each exit status is in runledger(1)"

# --- environment ---

code_variables() {
	grep -rhoE '(getenv|environment|look_up)\("[A-Z_]+"\)' "$srcdir/tool" "$srcdir/spank/hooks" | grep -o '[A-Z_]*[A-Z]"' |
		tr -d '"' | grep -v '^SLURM_JOB'
	grep -hoE '"SBATCH_[A-Z_]+"' "$srcdir/tool/record/client_line.c" | tr -d '"'
	sed -n 's/.*{"\(RUNLEDGER_CHANGE_[A-Z_]*\)",.*/\1/p' "$srcdir/tool/follow/change_env.c"
	sed -n 's/.*{"\(RUNLEDGER_[A-Z]*\)",.*/SLURM_SPANK_\1/p' "$srcdir/spank/hooks/address.c"
	grep -o '{"[A-Z_]*_ID", ' "$srcdir/tool/tracker/registry.c" | tr -dc 'A-Z_\n'
}
# These the C library reads, not we.
same "$(grep -o 'Ev [A-Z_]*' "$page1" | sed 's/Ev //' | grep -vxE 'TZ|LC_ALL|LC_CTYPE|LANG')" "$(code_variables)" \
	"each variable of the environment is in runledger(1)"

# --- settings ---

same "$(part "$page5_config" CONFIG.YAML | sed -n 's/^\.It Cm \([a-z_]*\) :.*/\1/p')" "$(table tool/plan/config.c ' keys')" \
	"each key of config.yaml is in runledger-config(5)"
trackers=$(sed -n 's/^\t\.name = "\([a-z_]*\)",$/\1/p' "$srcdir"/tool/tracker/*.c)
like "$trackers" runs_status "the trackers are found in the source"
for word in $(table tool/plan/config.c ' output_words') $trackers \
	$(grep -o 'rlg_yaml_get_text(item, "[a-z_]*"' "$srcdir/tool/plan/config.c" | grep -o '"[a-z_]*' | tr -d '"'); do
	like "$(part "$page5_config" CONFIG.YAML)" "Cm $word" "and its word $word"
done
for place in $(grep -o '{[a-z_]*}' "$srcdir/tool/plan/match.c" "$srcdir/tool/group/resolve.c" -h | sort -u); do
	like "$(part "$page5_config" CONFIG.YAML)" "$place" "and its place $place"
done

site_settings=$(table lib/siteconf.c ' settings')
same "$(part "$page5_config" RUNLEDGER.CONF | sed -n 's/^\.It Cm \([a-z_]*\) No =.*/\1/p')" "$site_settings" \
	"each setting of runledger.conf is in runledger-config(5)"
same "$(sed -n 's/^#\([a-z_]*\) = .*/\1/p' "$srcdir/etc/runledger.conf")" "$site_settings" "and in etc/runledger.conf"
sed 's/^#\([a-z_]* = \)/\1/' "$srcdir/etc/runledger.conf" >settings
run runledger record --conf="$work/settings" start
unlike "$err" "settings:" "the settings in etc/runledger.conf can be used"
echo 'nonsense = 1' >>settings
run runledger record --conf="$work/settings" start
like "$err" "settings:" "and one that cannot is told"

arguments=$(table spank/hooks/settings.c ' known')
same "$(part "$page8" plugstack.conf | sed -n 's/^\.It Cm \([a-z_]*=\) Ns Ar .*/\1/p')" "$arguments" \
	"each argument of plugstack.conf is in spank_runledger(8)"
same "$(grep -o '[a-z_]*=' "$srcdir/etc/plugstack.conf.d/runledger.conf")" "$arguments" "and in etc/plugstack.conf.d"
for option in $(sed -n 's/^\t{(char \*)"\([a-z-]*\)",.*/\1/p' "$srcdir/spank/plugin/spank_runledger.c"); do
	like "$(cat "$page8")" "Ql --$option" "the option --$option of sbatch is in spank_runledger(8)"
	like "$(cat "$page5_config")" "Ql --$option" "and in runledger-config(5)"
done

# --- records ---

run true
schema=$srcdir/lib/runledger-record.schema.json
members=$(sed -n '/^    "context": {/,$s/^        "\([a-z_]*\)": {.*/\1/p' "$schema")
cm_words() { sed -n 's/^\(\.It \)\{0,1\}\.\{0,1\}Cm //p' | tr ',' ' ' | tr -s ' ' '\n'; }

same "$(part "$page5_record" 'Members of the context' | grep '^\.It Cm' | cm_words)" "$members" \
	"each member of the schema is in runledger-record(5)"
same "$(part "$page5_record" Events | grep '^\.It Cm' | cm_words)" \
	"$(sed -n 's/.*"name": {"const": "\([a-z-]*\)"}.*/\1/p' "$schema")" "and each event"
same "$(part "$page5_record" Events | grep '^\.It Cm' | cm_words)" \
	"$(table tool/cmd/cmd_record.c ' events'; table tool/cmd/cmd_note.c ' sayings'; grep -rhoE 'begin\(.*, "[a-z-]+"' "$srcdir/tool" "$srcdir/spank" | sed 's/.*"\([a-z-]*\)"$/\1/'
	grep -ohE '"(state|finish)"' "$srcdir/tool/record/reconcile.c" | tr -d '"')" \
	"the events of the page are those that are written"
unknown=$(part "$page5_record" Events | grep '^\.Cm' | cm_words |
	grep -vxF -e "$members" -e '' | grep -vx '[.;:]')
is "$unknown" "" "no event of the page has a member that the schema does not know"
for word in $(grep -E '"(matched_by|source|field)": .*"enum": ' "$schema" | sed 's/.*"enum": \[\([^]]*\)\].*/\1/' | tr -d '",'); do
	grep -qE "Ql $word( |\$)" "$page5_record"
	ok_if $? "its word $word is in the page"
done
for word in $(sed -n 's/^#define RLG_MATCHED_BY_.* "\(.*\)"/\1/p' "$srcdir/tool/group/resolve.h"); do
	grep -E '"matched_by"' "$schema" | grep -q "\"$word\""
	ok_if $? "matched_by=$word is in the schema"
done

# --- files ---

unset MAKEFLAGS MFLAGS MAKELEVEL
run true                       # so that a failure below does not show what was said above
installed=''
if make -C "$top_builddir" install DESTDIR="$work/root" >install.log 2>&1; then
	installed=$(cd root && find . ! -type d | sed 's/^\.//')
	ok_if 0 "make install works"
else
	say "$(tail -n 20 install.log)"
	ok_if 1 "make install works"
fi

is_built=$(grep -c spank_runledger.so <<<"$installed")
# What others bring, or what a page shows as an example.
is_others() { [[ $1 =~ ^(plugstack.conf|slurm.conf|/etc/slurm/.*|FILE|HOST.*|RUN|GROUP/.*|runs/RUN/.*|\*.jsonl|epoch_N)$ ]]; }
is_in_code() { grep -rqF -- "$1" "$srcdir/tool" "$srcdir/lib" --include='*.[ch]'; }
is_installed() {
	awk -v name="/${1##*/}" 'substr($0, length($0) - length(name) + 1) == name { found = 1 } END { exit !found }' \
		<<<"$installed" && return
	# The plugins, and what asks Slurm, are only there where Slurm is.
	[[ $is_built == 0 && $1 =~ (\.so|runledger-ask)$ ]]
}
exists() {
	local file=${1%/}
	is_others "$file" && return
	case $file in
	/usr/* | *.so | *.schema.json) is_installed "$file" ;;
	/etc/*) is_in_code "${file#/etc}" ;;
	/var/*) is_in_code "${file#/var}" ;;
	.runledger/*) grep -qE "\"$(cut -d/ -f2 <<<"$file")\"" "$srcdir/lib/layout.h" ;;
	.runledger) grep -qF "\"$file\"" "$srcdir/lib/layout.h" ;;
	*) [[ -e $srcdir/$file ]] || is_in_code "$file" ;;
	esac
}
for page in "$srcdir"/man/*.[1-9]; do
	lost=''
	while read -r file; do
		exists "$file" || lost+="$file "
	done < <(sed -n 's/^\.\(It \)\{0,1\}Pa //p' "$page" | sed 's/ Ns [A-Z].*//; s/ No .*//' | tr -s ' ,' '\n' |
		grep -vxE '[.;:()]?' | sort -u)
	is "$lost" "" "the files that ${page##*/} names exist"
	is_installed "${page##*/}"
	ok_if $? "${page##*/} is installed"
done
for line in $(sed -n 's/^optional //p' "$srcdir/etc/plugstack.conf.d/runledger.conf"); do
	is_installed "$line"
	ok_if $? "$line of etc/plugstack.conf.d is installed"
done

# --- form ---

for page in "$srcdir"/man/*.[1-9]; do
	name=${page##*/}
	like "$(cat "$page")" ".Sh EXAMPLES" "$name has examples"
	like "$(cat "$page")" ".Sh SEE ALSO" "$name has a SEE ALSO"
	is "$(grep -n -m 1 SPDX "$page" | cut -d: -f1)" 1 "$name says its license"
	if command -v mandoc >/dev/null; then
		run mandoc -Tlint -W warning "$page"
		is "$out" "" "mandoc has no warning about $name"
		wide=$(mandoc -Tascii -O width=78 "$page" | col -b | expand | awk 'length > 80')
		is "$wide" "" "$name fits a terminal of 80 columns"
	else
		skip "mandoc has no warning about $name" "no mandoc"
	fi
done
done_testing
