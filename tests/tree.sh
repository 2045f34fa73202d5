# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Building beside the tree, so that a build of your own in it is left alone.  Sourced by ./demo and ./check.

# tree_copy FROM TO: the files of the project as they stand; newer ones over older, so that a second build is short.
tree_copy() {
	local from=$1 to=$2
	mkdir -p "$to"
	# A copy inside of a checkout is none itself.
	if [[ $(git -C "$from" rev-parse --show-toplevel 2>/dev/null) == "$(realpath "$from")" ]]; then
		# shellcheck disable=SC2016  # the inner shell's
		(cd "$from" && git ls-files -z --cached --others --exclude-standard |
			xargs -0 sh -c 'for file; do [ ! -e "$file" ] || printf "%s\0" "$file"; done' sh |
			xargs -0 cp --parents --update --preserve=mode,timestamps --target-directory="$to")
	else
		# An unpacked release, or no git here; leave out what was built in it.
		(cd "$from" && find . \( -path './build*' ! -path './build-aux*' -o -name .git \) -prune -o \
			-type f ! -name '*.o' ! -name '*.lo' ! -name config.status -print0 |
			xargs -0 cp --parents --update --preserve=mode,timestamps --target-directory="$to")
	fi
}

# tree_build SOURCE BUILD [CONFIGURE-OPTION...]: configures once, builds; all that is said goes to BUILD.log.
tree_build() {
	local source=$1 build=$2 log=$2.log
	shift 2
	mkdir -p "$build"
	: >"$log"
	{
		[[ -x $source/configure && $source/configure -nt $source/configure.ac ]] || (cd "$source" && autoreconf -fi)
		[[ -e $build/Makefile ]] || (cd "$build" && "$(realpath "$source")/configure" "$@")
		make -C "$build" -j"$(nproc)"
	} >>"$log" 2>&1 </dev/null && return
	tail -n 30 "$log" >&2
	echo "the build failed; all that was said is in $log" >&2
	return 1
}
