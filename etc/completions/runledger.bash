# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completes the commands, options and runs of runledger(1) in bash.
#
# Commands and options are what `runledger --help` says at that moment, so that this file never lags behind the tool.
# Runs are asked of `runledger status --json`, for half a second at most.

_runledger_options() { # COMMAND (or nothing): its options
	"${COMP_WORDS[0]}" ${1:+"$1"} --help 2>/dev/null |
		sed -n '/^Options:/,/^$/ s/^  \(-., \|    \)\(--[a-z-]*=\{0,1\}\).*/\2/p'
}

_runledger_commands() {
	"${COMP_WORDS[0]}" --help 2>/dev/null | sed -n '/^Options:/q; s/^  \([a-z-][a-z-]*\)  .*/\1/p'
	echo help
}

_runledger_runs() {
	local group=() i
	for ((i = 1; i < COMP_CWORD; i++)); do
		# bash takes "--group=DIR" for three words
		case ${COMP_WORDS[i]} in
		-g) group=("${COMP_WORDS[i + 1]}") ;;
		--group)
			group=("${COMP_WORDS[i + 1]}")
			[[ ${group[0]} != = ]] || group=("${COMP_WORDS[i + 2]}")
			;;
		esac
	done
	timeout 0.5 "${COMP_WORDS[0]}" status --json "${group[@]}" 2>/dev/null |
		sed -n 's/^ *{"run":"\([^"\\]*\)",".*/\1/p'
}

# _runledger_offer LIST CURRENT: the lines of LIST that begin like CURRENT; a name may hold blanks.
_runledger_offer() {
	local line
	while IFS= read -r line; do
		if [[ -n $line && $line == "$2"* ]]; then
			printf -v line %q "$line"
			COMPREPLY+=("$line")
		fi
	done <<<"$1"
}

# _runledger_in_command I: has the command of `exec`, word I of the line, a command of its own by now, or begins one here?
_runledger_in_command() {
	local i
	for ((i = $1 + 1; i <= COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--) ((i < COMP_CWORD)); return ;;
		--run | --run-group | --name)
			[[ ${COMP_WORDS[i + 1]-} != = ]] || i=$((i + 1))
			i=$((i + 1))
			;;
		-*) ;;
		*) return 0 ;;
		esac
	done
	return 1
}

_runledger() {
	local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} != -* ]]; then
			command=${COMP_WORDS[i]}
			break
		fi
	done
	if [[ $current == = ]]; then
		current=''
	elif [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $command == exec ]] && _runledger_in_command "$i"; then
		compopt -o default
		mapfile -t COMPREPLY < <(compgen -c -f -- "$current")
		return
	fi
	case $command/$before in
	status/--run | status/-r | watch/--run | watch/-r | record/--run | exec/--run | log/--run) _runledger_offer "$(_runledger_runs)" "$current"; return ;;
	status/--state | status/-s)
		_runledger_offer "$(printf '%s\n' pending submitted running completed failed skipped)" "$current"
		return
		;;
	wait/--for | wait/-f)
		_runledger_offer "$(printf '%s\n' submitted running completed failed skipped 'done')" "$current"
		return
		;;
	report/--format | report/-f) _runledger_offer markdown "$current"; return ;;
	*/--group | */-g | */--run-group | jobcomp/--spool | drain/--spool | drain/--node-spool) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
	*/--manifest | */-m | */--doc | */-d | */--conf | doctor/--slurm-conf | */--output | */-o | publish/--from | jobcomp/--then) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
	esac
	if [[ $current == -* ]]; then
		_runledger_offer "$(_runledger_options "$command")" "$current"
		if [[ ${COMPREPLY[0]-} == *= ]]; then
			compopt -o nospace
		fi
		return
	fi
	case $command in
	'' | help) _runledger_offer "$(_runledger_commands)" "$current" ;;
	events | note | publish | wait) _runledger_offer "$(_runledger_runs)" "$current" ;;
	record) _runledger_offer "$(printf '%s\n' submit reject start task-failed finish)" "$current" ;;
	slurm-job-list) _runledger_offer "$(printf '%s\n' append verify)" "$current" ;;
	init | status | doctor | watch | refresh | report) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
	esac
}

complete -F _runledger runledger
