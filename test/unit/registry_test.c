/* SPDX-License-Identifier: MPL-2.0 */
#include "island/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/path.h"

/* A cargo home of the test's own, beneath /tmp. */
struct home {
	char path[64];
	int fd;
};

static struct home
home_make(void)
{
	struct home home = {.path = "/tmp/cab-registry-XXXXXX"};
	struct err err;
	assert_non_null(mkdtemp(home.path));
	home.fd = fd_open_at(AT_FDCWD, home.path, O_RDONLY | O_DIRECTORY, 0, &err);
	assert_true(home.fd >= 0);
	return home;
}

static void
home_remove(struct home *home)
{
	struct err err;
	fd_close(home->fd);
	assert_true(path_remove(AT_FDCWD, home->path, &err));
}

/* An index with a config.json so many seconds after the epoch. */
static void
index_make(const struct home *home, const char *name, const char *text, long seconds)
{
	struct err err;
	char folder[128], file[160];
	(void)snprintf(folder, sizeof folder, "registry/index/%s/.cache/se/rd", name);
	assert_true(path_make_folders(home->fd, folder, 0755, &err));
	(void)snprintf(file, sizeof file, "registry/index/%s/config.json", name);
	assert_true(fd_replace_file(home->fd, file, bytes_text(text), 0644, &err));
	const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
	assert_int_equal(utimensat(home->fd, file, times, 0), 0);
}

static void
expect_template(const char *home, const char *builtin, const char *template, const char *whence)
{
	struct registry registry;
	struct err err = {0};
	if (!registry_locate(home, builtin, &registry, &err))
		fail_msg("%s", err.text);
	assert_string_equal(registry.template, template);
	assert_non_null(strstr(registry.whence, whence));
	registry_release(&registry);
}

static void
the_newest_index_of_cargo_says_where_the_registry_is(void **state)
{
	(void)state;
	struct home home = home_make();
	index_make(&home, "old-0123", "{\"dl\": \"https://old.example/dl\", \"api\": null}", 1000);
	index_make(&home, "new-4567", "{\"dl\":\"https://new.example/{crate}\"}", 2000);
	index_make(&home, "older-89ab", "{\"dl\": \"https://older.example\"}", 500);
	expect_template(home.path, "https://built.in", "https://new.example/{crate}",
		"/registry/index/new-4567/config.json");
	index_make(&home, "old-0123", "{\"dl\": \"https://old.example/dl\"}", 3000);
	expect_template(home.path, NULL, "https://old.example/dl", "old-0123");
	home_remove(&home);
}

static void
the_environment_says_where_cargo_is_at_home(void **state)
{
	(void)state;
	struct home home = home_make();
	index_make(&home, "a", "{\"dl\": \"https://a.example\"}", 1000);
	assert_int_equal(setenv("CARGO_HOME", home.path, 1), 0);
	expect_template(NULL, NULL, "https://a.example", home.path);
	struct home user = home_make();
	char cargo[96];
	(void)snprintf(cargo, sizeof cargo, "%s/.cargo", user.path);
	assert_int_equal(rename(home.path, cargo), 0);
	assert_int_equal(unsetenv("CARGO_HOME"), 0);
	assert_int_equal(setenv("HOME", user.path, 1), 0);
	expect_template(NULL, NULL, "https://a.example", user.path);
	fd_close(home.fd);
	home_remove(&user);
}

static void
without_an_index_the_build_of_cab_says_it(void **state)
{
	(void)state;
	struct home home = home_make();
	struct err err = {0};
	expect_template(
		home.path, "https://built.in/dl", "https://built.in/dl", "this build of cab");
	assert_true(path_make_folders(home.fd, "registry/index/git-index", 0755, &err));
	expect_template(home.path, "https://built.in/dl", "https://built.in/dl", "build");
	home_remove(&home);
}

static void
where_nobody_says_it_the_error_names_what_to_set(void **state)
{
	(void)state;
	struct home home = home_make();
	struct registry registry;
	struct err err = {0};
	assert_false(registry_locate(home.path, NULL, &registry, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "--set 'mirrors.\"registry:crates\""));
	assert_non_null(strstr(err.text, home.path));
	home_remove(&home);
}

static void
an_index_that_says_nothing_useful_is_an_error_that_names_it(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"dl\": 1}",
		"{\"dl\": \"\"}",
		"{\"dl\": \"ftp://a.example\"}",
		"{\"dl\": \"file:///etc/passwd\"}",
		"{\"dl\": \"https://a.example/ b\"}",
		"{\"dl\": \"https://a.example/\\u0000\"}",
		"{\"dl\": \"https://a.example/\\nHost: b\"}",
	};
	struct home home = home_make();
	for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
		struct registry registry;
		struct err err = {0};
		index_make(&home, "a", texts[at], 1000);
		assert_false(registry_locate(home.path, "https://built.in", &registry, &err));
		assert_int_equal(err.kind, ERR_CORRUPT);
		assert_non_null(strstr(err.text, "registry/index/a/config.json"));
	}
	home_remove(&home);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_index_of_cargo_says_where_the_registry_is),
		cmocka_unit_test(the_environment_says_where_cargo_is_at_home),
		cmocka_unit_test(without_an_index_the_build_of_cab_says_it),
		cmocka_unit_test(where_nobody_says_it_the_error_names_what_to_set),
		cmocka_unit_test(an_index_that_says_nothing_useful_is_an_error_that_names_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
