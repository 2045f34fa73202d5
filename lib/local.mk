# SPDX-License-Identifier: GPL-2.0-or-later
# What both halves share.  core links libc alone, as the plugins do; read adds cJSON and is for the tool.
noinst_LTLIBRARIES += lib/librlg_core.la lib/librlg_read.la

lib_librlg_core_la_SOURCES = \
	%D%/clock.c %D%/clock.h \
	%D%/err.c %D%/err.h \
	%D%/fs_kind.c %D%/fs_kind.h \
	%D%/node_drops.c %D%/node_drops.h \
	%D%/node_folder.c %D%/node_folder.h \
	%D%/node_spool.c %D%/node_spool.h \
	%D%/layout.c %D%/layout.h \
	%D%/process.c %D%/process.h \
	%D%/record.c %D%/record.h \
	%D%/siteconf.c %D%/siteconf.h \
	%D%/spool.c %D%/spool.h \
	%D%/statusfile.c %D%/statusfile.h \
	%D%/text.c %D%/text.h \
	%D%/trusted.c %D%/trusted.h \
	%D%/watched.c %D%/watched.h

lib_librlg_read_la_SOURCES = \
	%D%/lines.c %D%/lines.h \
	%D%/record_bytes.h \
	%D%/record_figures.c %D%/record_figures.h \
	%D%/record_layouts.c %D%/record_layouts.h \
	%D%/record_read.c %D%/record_read.h \
	%D%/record_scan.c %D%/record_scan.h \
	%D%/record_words.c %D%/record_words.h
lib_librlg_read_la_CFLAGS = $(AM_CFLAGS) $(CJSON_CFLAGS)
lib_librlg_read_la_LIBADD = $(CJSON_LIBS) -lm

dist_pkgdata_DATA += %D%/runledger-record.schema.json
