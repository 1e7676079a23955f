/* SPDX-License-Identifier: MPL-2.0 */
#include "island/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fd.h"
#include "base/path.h"

static const char *const variables[] = {"CARGO_HOME", "NPM_CONFIG_REGISTRY",
	"NPM_CONFIG_GLOBALCONFIG", "NPM_CONFIG_USERCONFIG", "PIP_CONFIG_FILE", "PIP_INDEX_URL",
	"VIRTUAL_ENV", "XDG_CONFIG_HOME", "npm_config_registry"};

struct home {
	char path[64];
	int fd;
};

/* An empty HOME, and nothing else in the environment that a client reads. */
static int
home_make(void **state)
{
	struct err err;
	struct home *home = (struct home *)calloc(1, sizeof *home);
	(void)snprintf(home->path, sizeof home->path, "/tmp/cab-client-XXXXXX");
	assert_non_null(mkdtemp(home->path));
	home->fd = fd_open_at(AT_FDCWD, home->path, O_RDONLY | O_DIRECTORY, 0, &err);
	for (size_t at = 0; at < sizeof variables / sizeof *variables; at++)
		assert_int_equal(unsetenv(variables[at]), 0);
	assert_int_equal(setenv("HOME", home->path, 1), 0);
	*state = home;
	return 0;
}

static int
home_remove(void **state)
{
	struct home *home = (struct home *)*state;
	struct err err;
	fd_close(home->fd);
	assert_true(path_remove(AT_FDCWD, home->path, &err));
	free(home);
	return 0;
}

static void
write_file(const struct home *home, const char *name, const char *text)
{
	struct err err;
	cleanup_buf struct buf folder = BUF(BUF_MAX);
	const char *slash = strrchr(name, '/');
	if (slash) {
		buf_add(&folder, bytes_of(name, (size_t)(slash - name)));
		assert_true(path_make_folders(home->fd, buf_text(&folder), 0755, &err));
	}
	assert_true(fd_replace_file(home->fd, name, bytes_text(text), 0644, &err));
}

/* The row's URL, or, where there is none, what its reason must hold. */
static void
expect_row(const char *name, const char *url, const char *whence)
{
	struct clients clients;
	clients_read(&clients);
	const struct client_row *row = NULL;
	for (size_t at = 0; at < clients.rows.size; at++)
		if (strcmp(clients.rows.data[at].row, name) == 0)
			row = &clients.rows.data[at];
	if (!row)
		fail_msg("no row %s", name);
	must(row, "a test that failed does not go on");
	if (url)
		assert_string_equal(row->url ? row->url : row->whence, url);
	else
		assert_null(row->url);
	if (!strstr(row->whence, whence))
		fail_msg("%s: %s", name, row->whence);
	clients_release(&clients);
}

static void
npm_says_it_in_the_environment_then_in_its_files(void **state)
{
	const struct home *home = (const struct home *)*state;
	write_file(home, ".npmrc",
		"; mine\n//n.example/:_authToken=secret\nregistry = \"https://user.example/npm/\"\n"
		"@some:registry=https://some.example\nregistry=https://later.example\n");
	expect_row("registry:npm", "https://user.example/npm/", "/.npmrc");
	expect_row("registry:npm/@some", "https://some.example", "/.npmrc");
	write_file(home, "other", "registry=https://other.example\n");
	cleanup_buf struct buf other = BUF(BUF_MAX);
	buf_format(&other, "%s/other", home->path);
	assert_int_equal(setenv("NPM_CONFIG_USERCONFIG", buf_text(&other), 1), 0);
	expect_row("registry:npm", "https://other.example", "/other");
	assert_int_equal(setenv("NPM_CONFIG_REGISTRY", "https://environment.example", 1), 0);
	expect_row("registry:npm", "https://environment.example", "NPM_CONFIG_REGISTRY");
}

static void
pip_says_it_in_the_environment_then_in_its_files(void **state)
{
	const struct home *home = (const struct home *)*state;
	write_file(home, ".pip/pip.conf", "[global]\nindex-url = https://old.example/simple\n");
	expect_row("registry:pypi", "https://old.example/simple", "/.pip/pip.conf");
	write_file(home, ".config/pip/pip.conf",
		"[install]\nindex-url = https://install.example\n[global]\ntimeout = 5\n"
		"index_url: no\nindex-url=https://user.example/simple/\n");
	expect_row("registry:pypi", "https://user.example/simple/", "/.config/pip/pip.conf");
	write_file(home, "environment/pip.conf", "[global]\nindex-url=http://site.example\n");
	cleanup_buf struct buf site = BUF(BUF_MAX);
	buf_format(&site, "%s/environment", home->path);
	assert_int_equal(setenv("VIRTUAL_ENV", buf_text(&site), 1), 0);
	expect_row("registry:pypi", "http://site.example", "/environment/pip.conf");
	assert_int_equal(setenv("PIP_INDEX_URL", "https://environment.example", 1), 0);
	expect_row("registry:pypi", "https://environment.example", "PIP_INDEX_URL");
}

static void
cargo_says_where_its_index_is(void **state)
{
	const struct home *home = (const struct home *)*state;
	write_file(home,
		".cargo/registry/index/index.example-with-dash-0123456789abcdef/config.json",
		"{\"dl\":\"https://dl.example\"}");
	expect_row("registry:crates-index", "https://index.example-with-dash", "config.json");
	write_file(home, ".cargo/config.toml",
		"[source.crates-io]\nreplace-with = \"mine\"\n\n[source.mine]\n"
		"registry = \"sparse+https://mine.example/index/\" \n");
	expect_row("registry:crates-index", "https://mine.example/index/", "/config.toml");
	write_file(home, ".cargo/config.toml",
		"[source.crates-io]\nreplace-with = 'theirs'\n[registries.theirs]\n"
		"index = 'sparse+https://theirs.example/'\n");
	expect_row("registry:crates-index", "https://theirs.example/", "/config.toml");
	write_file(home, ".cargo/config.toml",
		"[source.crates-io]\nreplace-with = \"git\"\n[source.git]\nregistry = "
		"\"https://git.example/x\"\n");
	expect_row("registry:crates-index", "https://index.example-with-dash", "config.json");
}

static void
a_url_that_cannot_be_used_has_its_reason(void **state)
{
	const struct home *home = (const struct home *)*state;
	static const char *const cases[][2] = {
		{"https://me:secret@h.example/simple", "credentials"},
		{"ftp://h.example", "no http"}, {"${HOST}", "no http"},
		{"https://h.example/{x}", "character"}, {"https://h.example/a b", "character"},
		{"https://h.example/?a=b", "character"}, {"https://", "no host"},
		{"https:///x", "no host"}, {"https://h.example:99999", "no host"},
		{"https://h.example/../x", "spelt"}};
	for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
		cleanup_buf struct buf text = BUF(BUF_MAX);
		buf_format(&text, "registry=%s\n", cases[at][0]);
		write_file(home, ".npmrc", buf_text(&text));
		expect_row("registry:npm", NULL, cases[at][1]);
	}
}

/* Packages of such a scope must not be asked of another registry. */
static void
a_scope_whose_url_cannot_be_used_is_said_all_the_same(void **state)
{
	(void)state;
	struct clients clients = {0};
	clients_take_npmrc(&clients,
		BYTES_LITERAL(
			"@a:registry=https://me:secret@a.example\n@b:registry=https://b.example\n"),
		"npmrc");
	assert_int_equal(clients.rows.size, 2);
	assert_string_equal(clients.rows.data[0].row, "registry:npm/@a");
	assert_null(clients.rows.data[0].url);
	assert_true(clients.rows.data[0].is_said);
	assert_string_equal(clients.rows.data[1].url, "https://b.example");
	clients_release(&clients);
}

/* cab-network would take none of them, and with them no other word of this host's. */
static void
a_scope_that_is_no_name_is_passed_over(void **state)
{
	(void)state;
	static const struct bytes keys[] = {BYTES_LITERAL("@"), BYTES_LITERAL("@a b"),
		BYTES_LITERAL("@a/b"), BYTES_LITERAL("@a\0b"), BYTES_LITERAL("@\xff"),
		BYTES_LITERAL("a")};
	for (size_t at = 0; at <= sizeof keys / sizeof *keys; at++) {
		struct clients clients = {0};
		cleanup_buf struct buf text = BUF(BUF_MAX);
		if (at < sizeof keys / sizeof *keys)
			buf_add(&text, keys[at]);
		else
			buf_format(&text, "@%0214d", 0);
		buf_add_text(&text, ":registry=https://h.example\n");
		clients_take_npmrc(&clients, buf_bytes(&text), "npmrc");
		assert_int_equal(clients.rows.size, 0);
		clients_release(&clients);
	}
}

static void
every_registry_has_one_row_with_a_url_or_a_reason(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"registry:crates-index", "registry:npm", "registry:pypi"};
	struct clients clients;
	clients_read(&clients);
	for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
		size_t count = 0;
		for (size_t at = 0; at < clients.rows.size; at++) {
			count += strcmp(clients.rows.data[at].row, rows[row]) == 0;
			assert_true(*clients.rows.data[at].whence);
		}
		assert_int_equal(count, 1);
	}
	clients_release(&clients);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, home_make, home_remove)
	const struct CMUnitTest tests[] = {
		TEST(npm_says_it_in_the_environment_then_in_its_files),
		TEST(pip_says_it_in_the_environment_then_in_its_files),
		TEST(cargo_says_where_its_index_is),
		TEST(a_url_that_cannot_be_used_has_its_reason),
		TEST(a_scope_whose_url_cannot_be_used_is_said_all_the_same),
		TEST(a_scope_that_is_no_name_is_passed_over),
		TEST(every_registry_has_one_row_with_a_url_or_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
