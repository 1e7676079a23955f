/* SPDX-License-Identifier: MPL-2.0 */
#include "sandbox/cgroup_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void
path(const char *table, const char *controller, const char *expected)
{
	struct bytes found = bytes_of(NULL, 0);
	assert_true(cgroup_text_path(bytes_text(table), controller, &found) == (expected != NULL));
	if (expected)
		assert_true(bytes_equal_text(found, expected));
	else
		assert_null(found.data);
}

static void
a_path_is_that_of_its_controller(void **state)
{
	(void)state;
	static const char table[] = "12:memory:/a\n11:cpu,cpuacct:/b\n3:rdma,pids:/c:d "
				    "e\nnonsense\n0::/e/f (deleted)\n";
	path(table, "memory", "/a");
	path(table, "cpuacct", "/b");
	path(table, "pids", "/c:d e");
	path(table, "", "/e/f (deleted)");
	path(table, "mem", NULL);
	path(table, "hugetlb", NULL);
	path("0::/\n", "", "/");
	path("", "", NULL);
	path("0:", "", NULL);
	path("0::/x", "memory", NULL);
}

/* A process whose group lies outside of its namespace sees "/../x"; groups would be made and removed who knows where. */
static void
a_path_that_leads_out_is_none(void **state)
{
	(void)state;
	path("0::/../x\n", "", NULL);
	path("0::/..\n", "", NULL);
	path("0::/a/../../..\n", "", NULL);
	path("0::x\n", "", NULL);
	path("0::\n", "", NULL);
	path("0::/..a/b..\n", "", "/..a/b..");
	struct bytes found;
	assert_false(cgroup_text_path(BYTES_LITERAL("0::/a\0b\n"), "", &found));
}

static void
a_word_is_found_whole(void **state)
{
	(void)state;
	assert_true(cgroup_text_has(BYTES_LITERAL("cpu memory pids\n"), "pids"));
	assert_true(cgroup_text_has(BYTES_LITERAL("cpu\nmemory"), "memory"));
	assert_false(cgroup_text_has(BYTES_LITERAL("cpuset memory_x\n"), "cpu"));
	assert_false(cgroup_text_has(BYTES_LITERAL("cpuset memory_x\n"), "memory"));
	assert_false(cgroup_text_has(bytes_of(NULL, 0), "memory"));
}

static void
a_count_is_the_number_behind_its_word(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t count;
	} rows[] = {
		{"low 0\noom 2\noom_kill 13\n", 13},
		{"oom_kill_disable 0\nunder_oom 0\noom_kill 1", 1},
		{"oom_kill 0\n", 0},
		{"oom_kill 18446744073709551615\n", UINT64_MAX},
		{"oom_kill 99999999999999999999999\n", UINT64_MAX},
		{"oom_kill -1\n", 0},
		{"oom_kill  1\n", 0},
		{"oom_kill x\n", 0},
		{"oom_kill\n", 0},
		{"oom_kill \n", 0},
		{"", 0},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		assert_true(
			cgroup_text_count(bytes_text(rows[at].text), "oom_kill") == rows[at].count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_that_of_its_controller),
		cmocka_unit_test(a_path_that_leads_out_is_none),
		cmocka_unit_test(a_word_is_found_whole),
		cmocka_unit_test(a_count_is_the_number_behind_its_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
