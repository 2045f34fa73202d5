#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may look at whom, and what every file must have: ARCHITECTURE.md, held by a test.
# shellcheck disable=SC2317  # functions that while_files calls
# shellcheck source-path=SCRIPTDIR source=../tap.sh
. "${top_srcdir:=$(realpath "$(dirname "$0")/../..")}/tests/tap.sh"
cd "$top_srcdir" || exit 99

# ring FILE: which of the rings it stands in, as "HALF NUMBER".  A file may include those of a number that is not
# greater, in its own half or in lib.  A file of the tool's that is not named here stands innermost.
ring() {
	case $1 in
	lib/node_folder.* | lib/node_spool.* | lib/spool.* | lib/statusfile.*) echo lib 3 ;;
	lib/record.* | lib/record_*.* | lib/lines.*) echo lib 2 ;;
	lib/*) echo lib 1 ;;
	spank/hooks/*) echo spank 1 ;;
	spank/slurm/*) echo spank 2 ;;
	spank/plugin/*) echo spank 3 ;;
	tool/plan/config.c) echo tool 5 ;; # the settings name the trackers there are
	tool/base/*) echo tool 1 ;;
	tool/model/*) echo tool 2 ;;
	tool/plan/*) echo tool 3 ;;
	tool/show/*) echo tool 4 ;;
	tool/tracker/*) echo tool 5 ;;
	tool/group/*) echo tool 6 ;;
	tool/record/*) echo tool 7 ;;
	tool/follow/*) echo tool 8 ;;
	tool/publish/*) echo tool 9 ;;
	tool/drain/*) echo tool 10 ;;
	tool/doctor/*) echo tool 11 ;;
	tool/cmd/*) echo tool 12 ;;
	tool/main.c) echo tool 13 ;;
	tool/ask/*) echo tool 1 ;;
	*) echo other 0 ;;
	esac
}

may_include() { # FILE HEADER
	local from_half from_ring to_half to_ring
	read -r from_half from_ring <<<"$(ring "$1")"
	read -r to_half to_ring <<<"$(ring "$2")"
	[[ $to_half == "$from_half" ]] && ((to_ring <= from_ring)) && return
	[[ $to_half == lib && $from_half != lib ]]
}

# "FILE HEADER" lines of all our includes of ours.
includes() { grep -rn --include='*.[ch]' -oE '^#include "[^"]*"' lib spank tool | sed 's/:[0-9]*:#include "/ /; s/"$//'; }

# --- the rule itself ---

while read -r verdict from to; do
	may_include "$from" "$to" && found=yes || found=no
	is "$found" "$verdict" "$from may include $to: $verdict"
done <<'END'
yes spank/hooks/start.c lib/text.h
yes tool/cmd/cmd_status.c tool/model/model.h
yes lib/statusfile.c lib/record.h
no lib/record.c lib/statusfile.h
no lib/text.c tool/model/model.h
no spank/hooks/start.c spank/slurm/host.h
no spank/hooks/start.c tool/model/model.h
no tool/model/model.c tool/tracker/tracker.h
no tool/tracker/runs_status.c tool/group/group.h
no tool/model/fold.c tool/cmd/command.h
no tool/record/ask.c spank/hooks/host.h
END

# --- the tree ---

count=0 wrong=''
while read -r from to; do
	count=$((count + 1))
	may_include "$from" "$to" || wrong+="$from includes $to"$'\n'
done < <(includes)
is "$wrong" "" "nobody looks to the right"
[[ $count -gt 100 ]]
ok_if $? "and that was asked of all $count includes"

missing=$(includes | while read -r from to; do [[ -e $to ]] || echo "$from includes $to"; done)
is "$missing" "" "includes of ours are written from the top of the tree"
is "$(grep -rlE --include='*.[ch]' '^#include <slurm/' lib spank tool | grep -vE '^(spank/slurm|spank/plugin|tool/ask)/')" "" \
	"only the adapter, the entry points and the asking program know Slurm's headers"
grep -rqE --include='*.[ch]' '^#include <slurm/' spank/slurm && grep -rqE '^#include <slurm/' tool/ask
ok_if $? "and they do"
is "$(grep -nE 'SLURM_LIBS|-lslurm' ./*/local.mk | grep -v 'runledger_ask_LDADD')" "" "only the asking program links libslurm"
is "$(grep -rnE --include='*.c' '\b(printf|puts|fprintf|exit|abort|syslog|perror)\(' lib spank | grep -vE '\b_exit\(|snprintf|vsnprintf')" "" \
	"library and plugins neither print nor log nor exit"
is "$(grep -rnE --include='*.c' '\b(malloc|calloc|realloc|strdup|asprintf)\(' lib spank |
	grep -vE '^lib/(record_read|lines)\.c:')" "" "what the plugins link allocates nothing"

is "$(find tests -name '*.t' ! -perm -u+x)" "" "every test is a program"

# --- names: Slurm's own would win over ours ---

strange_names() { # NM_OUTPUT: global names that are not ours, leaving out what sanitizers add
	awk 'NF == 3 && $2 ~ /^[A-Z]$/ && $3 !~ /^rlg_/ && $3 !~ /^__(odr_)?asan/ { print $3 }' <<<"$1"
}
is "$(strange_names "0 T rlg_good
0 T list_create
0 D __odr_asan.rlg_x
0 t static_one")" list_create "a name without our prefix would be found"
if command -v nm >/dev/null; then
	for library in lib/librlg_core lib/librlg_read spank/librlg_hooks tool/librlg_tool; do
		archive=$top_builddir/${library%/*}/.libs/${library##*/}.a
		[[ -e $archive ]] || archive=$top_builddir/$library.a
		symbols=$(nm -g --defined-only "$archive" 2>&1)
		like "$symbols" " T rlg_" "$library has functions"
		is "$(strange_names "$symbols")" "" "and all of its global names begin with rlg_"
	done
else
	skip "all global names begin with rlg_" "no nm"
fi

# --- every file ---

# The project's own files: as git has them, or in a copy without git all that no tool has made.
our_files() {
	git ls-files 2>/dev/null | grep . && return
	find . -type d \( -name 'build*' -o -name _build -o -name _inst -o -name autom4te.cache -o -name '.*' ! -name . ! -name .ci \) -prune -o -type f \
		! -path './Makefile*' ! -path './config*' ! -path ./aclocal.m4 ! -path './m4/l*' ! -name '*.o' ! -name '*.lo' -print |
		sed 's/^\.\///'
}
files=$(our_files)
while_files() { # COMMAND: told of each of our files that is a text
	local file
	while IFS= read -r file; do
		[[ ! -f $file || $file == *.xz ]] || "$1" "$file"
	done <<<"$files"
}

needs_license() {
	case $1 in
	tests/golden/*) return 1 ;;
	*.[ch] | *.sh | *.bash | *.t | *.mk | *.m4 | *.am | *.ac | man/*.[1-9]) return 0 ;;
	esac
	[[ $(head -c 2 -- "$1" | tr -d '\0') == '#!' ]]
}
say_without_license() {
	! needs_license "$1" || head -n 3 -- "$1" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' || echo "$1"
}
is "$(while_files say_without_license)" "" "every source file and script has its SPDX line"
[[ $(wc -l <<<"$files") -gt 100 ]]
ok_if $? "and all of $(wc -l <<<"$files" | tr -d ' ') files were looked at"

# A folder in a home, or this very tree, is somebody's machine.
say_machine_paths() {
	[[ $1 != tests/golden/* ]] || return 0
	grep -nE '(^|[^A-Za-z0-9_}/.~-])/(home|Users|root|work)/[A-Za-z]' -- "$1" /dev/null
	[[ ${#top_srcdir} -lt 6 ]] || grep -nF -- "$top_srcdir/" "$1" /dev/null
}
is "$(while_files say_machine_paths)" "" "no file holds a path of somebody's machine"

# In a plan such a word is one of those that mean "nothing yet"; there it stands in quotes.
say_unfinished() {
	[[ $1 == tests/golden/* ]] || grep -nwE 'TO''DO|FIX''ME|HA''CK' -- "$1" /dev/null | grep -vE '"TO''DO"'
}
is "$(while_files say_unfinished)" "" "no file puts off what is to be done"

say_trailing_blanks() {
	case $1 in
	*.[ch] | *.sh | *.t | *.mk | man/*.[1-9]) grep -nE '[ 	]+$' -- "$1" /dev/null ;;
	esac
}
is "$(while_files say_trailing_blanks)" "" "no line ends in blanks"
done_testing
