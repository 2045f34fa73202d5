/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first name in a list of hosts, as Slurm writes them. */
#include "tests/unit/cmocka_any.h"
#include "spank/hooks/hostlist.h"

#include <string.h>

static void the_first_host_of_a_list(void **state)
{
	static const struct {
		const char *list, *first;
	} table[] = {
		{"n1", "n1"},
		{"n1,n2", "n1"},
		{"n[1-3,7],m1", "n1"},
		{"n[7,1-3]", "n7"},
		{"n[001-128]", "n001"},
		{"n[5]", "n5"},
		{"n[1-2]-ib", "n1-ib"},
		{"n[1-2]-ib,m", "n1-ib"},
		{"rack[0-1]n[08-11]", "rack0n08"},
		{"rack[0,3]n[08,11],x", "rack0n08"},
		{"a-b-c", "a-b-c"},
		{"a-[3-4]", "a-3"},
		{"login.example.org,b", "login.example.org"},
		{"n[1-3", "n1"}, /* cut off */
		{"", NULL},
		{",n1", NULL},
		{"[]", NULL},
	};
	char host[256];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool found = rlg_hostlist_first(table[i].list, host, sizeof(host));
		if (found != (table[i].first != NULL) || (found && strcmp(host, table[i].first) != 0))
			fail_msg("the first host of '%s' is '%s'", table[i].list, found ? host : "(none)");
	}
	assert_true(rlg_hostlist_first("n123", host, 5));
	assert_false(rlg_hostlist_first("n1234", host, 5));
	assert_false(rlg_hostlist_first("n[1234-9]", host, 5));
	assert_true(rlg_hostlist_first("n1,a-very-long-name-behind-it", host, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_host_of_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
