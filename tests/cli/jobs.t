#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
done_testing
