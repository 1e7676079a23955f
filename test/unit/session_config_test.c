/* SPDX-License-Identifier: MPL-2.0 */
#include "session/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/path.h"

struct home {
	char path[128];
	struct buf printed;
	struct err err;
};

static int
home_setup(void **state)
{
	static struct home home;
	const char *top = getenv("TMPDIR");
	(void)snprintf(home.path, sizeof home.path, "%s/cab-config-XXXXXX", top ? top : "/tmp");
	if (!mkdtemp(home.path))
		return -1;
	home.printed = BUF(1 << 20);
	home.err = (struct err){0};
	(void)unsetenv("CAB_CONFIG");
	(void)unsetenv("XDG_CONFIG_HOME");
	(void)setenv("HOME", home.path, 1);
	*state = &home;
	return 0;
}

static int
home_teardown(void **state)
{
	struct home *home = *state;
	struct err err;
	buf_release(&home->printed);
	return !path_remove(AT_FDCWD, home->path, &err);
}

/* Writes a file beneath the home, and gives its whole path. */
static const char *
home_write(struct home *home, const char *name, const char *text)
{
	static char path[512];
	struct err err = {0};
	(void)snprintf(path, sizeof path, "%s/%s", home->path, name);
	*strrchr(path, '/') = '\0';
	assert_true(path_make_folders(AT_FDCWD, path, 0700, &err));
	(void)snprintf(path, sizeof path, "%s/%s", home->path, name);
	assert_true(fd_replace_file(AT_FDCWD, path, bytes_text(text), 0600, &err));
	return path;
}

static struct config *
load(struct home *home, const char *first, const char *second)
{
	const char *sets[] = {first, second};
	struct config_sources sources = {sets, (first != NULL) + (second != NULL)};
	buf_clear(&home->printed);
	return config_load(&sources, &home->printed, &home->err);
}

static struct config *
must_load(struct home *home, const char *first, const char *second)
{
	struct config *config = load(home, first, second);
	if (!config)
		fail_msg("%s %s", home->err.text, buf_text(&home->printed));
	return config;
}

static void
refused(struct home *home, const char *set, const char *sentence)
{
	struct config *config = load(home, set, NULL);
	if (config)
		fail_msg("--set %s was taken", set);
	assert_int_equal(home->err.kind, ERR_REFUSED);
	assert_string_equal(home->err.text, "the configuration --set cannot be used");
	if (!strstr(buf_text(&home->printed), sentence))
		fail_msg("--set %s: not \"%s\" but:\n%s", set, sentence, buf_text(&home->printed));
}

static void
the_users_file_is_read_and_set_wins_key_by_key(void **state)
{
	struct home *home = *state;
	(void)home_write(home, ".config/cab/config.cab",
		"{ jobs = 3, islands.github.base = \"http://a\", islands.gitlab.base = "
		"\"http://b\" }\n");
	struct config *config = must_load(home, "islands.github.base = \"http://c\"", "jobs = 4");
	assert_string_equal(config_text(config, "islands", "github", "base"), "http://c");
	assert_string_equal(config_text(config, "islands", "gitlab", "base"), "http://b");
	assert_int_equal(config_number(config, "jobs", NULL, 1), 4);
	assert_int_equal(config_number(config, "limits", "seconds", 7), 7);
	assert_null(config_text(config, "root", NULL, NULL));
	assert_null(config_text(config, "jobs", NULL, NULL));
	config_free(config);
}

static void
the_folder_of_the_environment_is_preferred(void **state)
{
	struct home *home = *state;
	char folder[256];
	(void)home_write(home, ".config/cab/config.cab", "{ jobs = 3 }\n");
	(void)home_write(home, "other/cab/config.cab", "{ jobs = 5 }\n");
	(void)snprintf(folder, sizeof folder, "%s/other", home->path);
	(void)setenv("XDG_CONFIG_HOME", folder, 1);
	struct config *config = must_load(home, NULL, NULL);
	assert_int_equal(config_number(config, "jobs", NULL, 1), 5);
	config_free(config);
}

static void
cab_config_is_the_one_file_and_must_be_there(void **state)
{
	struct home *home = *state;
	(void)home_write(home, ".config/cab/config.cab", "{ jobs = 3, root = \"/a\" }\n");
	(void)setenv("CAB_CONFIG", home_write(home, "own.cab", "{ jobs = 9 }\n"), 1);
	struct config *config = must_load(home, NULL, NULL);
	assert_int_equal(config_number(config, "jobs", NULL, 1), 9);
	assert_null(config_text(config, "root", NULL, NULL));
	config_free(config);
	(void)setenv("CAB_CONFIG", "/nonexistent/config.cab", 1);
	assert_null(load(home, NULL, NULL));
	assert_int_equal(home->err.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(home->err.text, "/nonexistent/config.cab"));
}

static void
add_row(void *context, const char *name, const char *value, const char *whence)
{
	struct buf *out = (struct buf *)context;
	buf_format(out, "%s = %s  # %s\n", name, value, whence);
}

static void
an_empty_file_sets_nothing(void **state)
{
	struct home *home = *state;
	(void)setenv("CAB_CONFIG", "/dev/null", 1);
	struct config *config = must_load(home, "jobs = 4", NULL);
	cleanup_buf struct buf out = BUF(4096);
	config_each(config, bytes_of(NULL, 0), add_row, &out);
	assert_string_equal(buf_text(&out), "jobs = 4  # --set:1:1\n");
	config_free(config);
}

static void
without_any_file_the_configuration_is_empty(void **state)
{
	struct home *home = *state;
	(void)setenv("CAB_CONFIG", home_write(home, "own.cab", "{}\n"), 1);
	struct config *config = must_load(home, NULL, NULL);
	cleanup_buf struct buf out = BUF(4096);
	config_each(config, bytes_of(NULL, 0), add_row, &out);
	assert_string_equal(buf_text(&out), "");
	config_free(config);
}

static void
an_unknown_key_is_told_with_the_nearest(void **state)
{
	struct home *home = *state;
	refused(home, "job = 1",
		"error: there is no key \"job\"\n  --> --set:1:1\n   |\n 1 | job = 1\n   | ^^^\n"
		"   = help: did you mean \"jobs\"?\n");
	refused(home, "limits.secnods = 1",
		" 1 | limits.secnods = 1\n   |        ^^^^^^^\n   = help: did you mean "
		"\"limits.seconds\"?\n");
	refused(home, "zzzzzzzzzzzzzzzz = 1",
		"error: there is no key \"zzzzzzzzzzzzzzzz\"\n  --> --set:1:1\n   |\n"
		" 1 | zzzzzzzzzzzzzzzz = 1\n   | ^^^^^^^^^^^^^^^^\n");
	refused(home, "islands.githbu.base = \"http://a\"",
		"error: there is no scheme \"githbu\"\n  --> --set:1:9\n");
	assert_non_null(strstr(buf_text(&home->printed), "did you mean \"github\"?"));
	refused(home, "islands.github.bse = \"http://a\"", "did you mean \"islands.github.base\"?");
}

static void
every_fault_of_a_file_is_told_with_its_place(void **state)
{
	struct home *home = *state;
	char expected[1024];
	const char *path = home_write(home, ".config/cab/config.cab",
		"{\n  # mine\n  rot = \"/a\",\n  limits = { seconds = \"many\", },\n}\n");
	assert_null(load(home, NULL, NULL));
	(void)snprintf(expected, sizeof expected,
		"error: there is no key \"rot\"\n  --> %s:3:3\n   |\n 3 |   rot = \"/a\",\n"
		"   |   ^^^\n   = help: did you mean \"root\"?\n\n"
		"error: \"limits.seconds\" must be an integer, at least 1\n  --> %s:4:24\n   |\n"
		" 4 |   limits = { seconds = \"many\", },\n   |                        ^^^^^^\n",
		path, path);
	assert_string_equal(buf_text(&home->printed), expected);
	(void)snprintf(expected, sizeof expected, "the configuration %s cannot be used", path);
	assert_string_equal(home->err.text, expected);
}

static void
what_a_file_computes_has_the_place_of_what_computes_it(void **state)
{
	struct home *home = *state;
	(void)home_write(home, ".config/cab/config.cab",
		"(\n  b = { jobs = 0, root = \"/a\" };\n  b // { root = 3, }\n)\n");
	assert_null(load(home, NULL, NULL));
	assert_non_null(strstr(
		buf_text(&home->printed), " 3 |   b // { root = 3, }\n   |                 ^\n"));
	assert_non_null(strstr(buf_text(&home->printed), "config.cab:1:1\n"));
}

static void
a_value_of_the_wrong_type_is_told_with_the_right_one(void **state)
{
	struct home *home = *state;
	refused(home, "jobs = \"many\"", "error: \"jobs\" must be an integer, at least 1");
	refused(home, "jobs = 0", "error: \"jobs\" must be an integer, at least 1");
	refused(home, "root = 1", "error: \"root\" must be a string");
	refused(home, "islands = 1", "error: \"islands\" must be a set");
	refused(home, "islands.github = \"x\"", "error: \"islands.github\" must be a set");
	refused(home, "network.allow = \"10.0.0.0/8\"",
		"error: \"network.allow\" must be a list of strings");
	refused(home, "network.allow = [1]", "error: \"network.allow\" must be a list of strings");
	refused(home, "limits.memory = \"16 GB\"",
		"error: \"limits.memory\" must be a size such as \"16 GiB\"");
	refused(home, "limits.memory = -1",
		"error: \"limits.memory\" must be a size such as \"16 GiB\"");
	refused(home, "caches = [{ url = \"file:///a\", trusted = \"false\" }]",
		"error: \"caches\" must be a list of sets { url, trusted }");
	refused(home, "caches = [{ trusted = true }]",
		"error: \"caches\" must be a list of sets { url, trusted }");
	refused(home, "credentials.a = { file = \"f\", command = \"c\" }",
		"error: \"credentials.a\" must be a set of strings with one of file, command, "
		"environment");
}

static void
sizes_have_units(void **state)
{
	struct home *home = *state;
	static const struct {
		const char *set;
		uint64_t size;
	} rows[] = {{"limits.memory = \"16 GiB\"", 16ull << 30},
		{"limits.memory = \"3KiB\"", 3 << 10}, {"limits.memory = \"7\"", 7},
		{"limits.memory = 8", 8}, {"jobs = 1", 99}};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		uint64_t size = 99;
		struct config *config = must_load(home, rows[at].set, NULL);
		assert_true(config_size(config, "limits", "memory", &size, &home->err));
		assert_true(size == rows[at].size);
		config_free(config);
	}
	refused(home, "limits.memory = \"99999999999 TiB\"",
		"error: \"limits.memory\" must be a size such as \"16 GiB\"");
}

static void
what_the_language_refuses_is_rendered(void **state)
{
	struct home *home = *state;
	assert_null(load(home, "jobs = ", NULL));
	assert_int_equal(home->err.kind, ERR_REFUSED);
	assert_string_equal(home->err.text, "the configuration --set cannot be used");
	assert_true(home->printed.size > 0);
	assert_null(load(home, "root = import \"/etc/passwd\"", NULL));
	assert_true(home->printed.size > 0);
	(void)home_write(home, ".config/cab/config.cab", "[1]\n");
	assert_null(load(home, NULL, NULL));
	assert_non_null(strstr(buf_text(&home->printed), "error: a configuration is a set\n"));
}

static void
values_are_printed_in_order_with_whence_they_came(void **state)
{
	struct home *home = *state;
	char expected[512];
	const char *path = home_write(home, ".config/cab/config.cab",
		"{ root = \"/a\", mirrors.\"https://a.example\" = [\"b\"], jobs = 3 }\n");
	(void)snprintf(expected, sizeof expected,
		"jobs = 4  # --set:1:1\nmirrors.https://a.example = [\"b\"]  # %s:1:24\n"
		"root = \"/a\"  # %s:1:3\n",
		path, path);
	struct config *config = must_load(home, "jobs = 4", NULL);
	cleanup_buf struct buf out = BUF(4096);
	config_each(config, bytes_of(NULL, 0), add_row, &out);
	assert_string_equal(buf_text(&out), expected);
	buf_clear(&out);
	config_each(config, BYTES_LITERAL("jobs"), add_row, &out);
	assert_string_equal(buf_text(&out), "jobs = 4  # --set:1:1\n");
	config_free(config);
}

#define at_home(test) cmocka_unit_test_setup_teardown(test, home_setup, home_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		at_home(the_users_file_is_read_and_set_wins_key_by_key),
		at_home(the_folder_of_the_environment_is_preferred),
		at_home(cab_config_is_the_one_file_and_must_be_there),
		at_home(without_any_file_the_configuration_is_empty),
		at_home(an_empty_file_sets_nothing),
		at_home(an_unknown_key_is_told_with_the_nearest),
		at_home(every_fault_of_a_file_is_told_with_its_place),
		at_home(what_a_file_computes_has_the_place_of_what_computes_it),
		at_home(a_value_of_the_wrong_type_is_told_with_the_right_one),
		at_home(sizes_have_units),
		at_home(what_the_language_refuses_is_rendered),
		at_home(values_are_printed_in_order_with_whence_they_came),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
