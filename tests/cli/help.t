#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# --help, --version, and the ways to ask wrongly.
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"

run runledger --help
status_is 0 "--help works"
like "$out" "Usage: runledger COMMAND [OPTION]... [ARGUMENT]..." "--help begins with the usage"
like "$out" "  status          show where every run stands" "--help lists a command with its summary"
is "$(printf '%s\n' "$out" | sed -n '/for admins/,/^$/p' | grep -c '^  record ')" 1 "admins' commands stand apart"
is "$(printf '%s\n' "$out" | sed -n '/^Commands:/,/^$/p' | grep -c '^  record ')" 0 "and only there"
like "$out" "  3  it worked, but some records are damaged" "--help states the exit statuses"
help=$out

run runledger help
is "$out" "$help" "help says the same as --help"

run runledger
status_is 2 "no command at all is asked wrongly"
is "$err" "runledger: which command? \`runledger status\` shows where every run stands
Try \`runledger --help\`." "and gets a hint"
is "$out" "" "and nothing on stdout"

for command in $(printf '%s\n' "$help" | sed -n '/^Commands:/,/^Options:/s/^  \([a-z][a-z-]*\) .*/\1/p'); do
	run runledger "$command" --help
	status_is 0 "$command --help works"
	like "$out" "Usage: runledger $command [OPTION]..." "$command --help begins with the usage"
	like "$out" "  -h, --help " "$command --help lists --help"
	is "$(printf '%s\n' "$out" | LC_ALL=C awk 'length > 80')" "" "$command --help fits 80 columns"
	alone=$out
	run runledger help "$command"
	is "$out" "$alone" "help $command says the same"
done

for command in init status events watch wait refresh report exec; do
	run runledger "$command" --help
	like "$out" "Examples:
  runledger $command" "$command --help has an example"
done

run runledger --version
status_is 0 "--version works"
ok_if "$(expr "$out" : 'runledger [0-9][0-9.]*$' >/dev/null; echo $?)" "--version says name and number"

run runledger stauts
status_is 2 "an unknown command is asked wrongly"
is "$err" "runledger: there is no command \`stauts\`; did you mean \`status\`?
Try \`runledger --help\`." "and the nearest one is offered"

run runledger zzzzzzzz
is "$err" "runledger: there is no command \`zzzzzzzz\`
Try \`runledger --help\`." "nothing is offered for what is near to nothing"

run runledger status --jsno
status_is 2 "an unknown option is asked wrongly"
is "$err" "runledger status: there is no option --jsno; did you mean --json?
Try \`runledger status --help\`." "and the nearest one is offered"

run runledger status --run
status_is 2 "a missing argument is asked wrongly"
like "$err" "runledger status: option --run needs an argument: --run=RUN" "and is named"

run runledger status one two
status_is 2 "two groups are one too many"
like "$err" "one group at a time, not also \`two\`" "and the second one is named"

run runledger help status events
status_is 2 "help for two commands is one too many"

if [ -c /dev/full ]; then
	run sh -c '"$1" --help >/dev/full' sh "$RUNLEDGER"
	status_is 1 "a full disk under stdout is a failure"
	is "$err" "runledger: cannot write to standard output: No space left on device" "and is called so"
else
	skip "a full disk under stdout is a failure" "no /dev/full here"
fi

run sh -c '"$1" --help >&-' sh "$RUNLEDGER"
status_is 1 "a closed stdout is a failure"
like "$err" "runledger: cannot write to standard output" "and is called so"

done_testing
