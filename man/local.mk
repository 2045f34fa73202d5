# SPDX-License-Identifier: GPL-2.0-or-later
# The manual: a page for each thing that a user meets, and the formats in section 5.
dist_man_MANS += \
	%D%/runledger.1 \
	%D%/runledger-config.5 \
	%D%/runledger-record.5 \
	%D%/spank_runledger.8
