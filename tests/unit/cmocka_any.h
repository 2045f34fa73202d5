/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka with the headers that it asks for, of whichever version. */
#ifndef RLG_TESTS_CMOCKA_ANY_H
#define RLG_TESTS_CMOCKA_ANY_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* cmocka 2 has one for each sign, and calls its elder deprecated. */
#ifdef assert_uint_in_range
#undef assert_in_range
#define assert_in_range assert_uint_in_range
#endif

#endif
