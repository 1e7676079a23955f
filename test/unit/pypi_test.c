/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_native.h"

#include "registry.h"

#define ITEM(name, digit, more)                                                                    \
	"{\"filename\":\"" name "\",\"url\":\"https://h/" name                                     \
	"\",\"hashes\":{\"sha256\":\"0" digit                                                      \
	"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"}" more "}"
#define KNOWN(digit) "0" digit "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

struct trial {
	const char *files;
	const char *wanted;
	const char *known;
};

static void
search_run(void *context)
{
	const struct trial *trial = context;
	struct checksum known = {0};
	char document[4096];
	(void)snprintf(document, sizeof document, "{\"files\":[%s]}", trial->files);
	if (trial->known)
		(void)checksum_set(&known, SPAN("sha256"), span_text(trial->known));
	struct search search = {.document = span_text(document),
		.name = SPAN("My.Package"),
		.wanted = span_text(trial->wanted ? trial->wanted : ""),
		.known = &known};
	pypi_search(&search);
	(void)fprintf(stderr, "[%.*s %.*s]", (int)search.version.size, search.version.data,
		value_size(search.link), search.link);
}

static void
finds(struct trial trial, const char *expected)
{
	struct buf log = guest_runs(search_run, &trial, 0);
	if (!log.size || !strstr(buf_text(&log), expected))
		fail_msg("%s: %s", trial.files, log.size ? buf_text(&log) : "");
	buf_release(&log);
}

static void
the_newest_source_archive_that_is_final_and_not_yanked_is_taken(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ITEM("my_package-1.0.tar.gz", "1", ""),
			"[1.0 \"https://h/my_package-1.0.tar.gz\"]"},
		{ITEM("My-Package-1.9.tar.gz", "1", "") "," ITEM("my.package-1.10.tar.gz", "2", ""),
			"[1.10 "},
		{ITEM("my_package-1.0.tar.gz", "1", "") "," ITEM(
			 "my_package-2.0rc1.tar.gz", "2", ""),
			"[1.0 "},
		{ITEM("my_package-1.0.tar.gz", "1", "") "," ITEM(
			 "my_package-2.0.tar.gz", "2", ",\"yanked\":\"bad\""),
			"[1.0 "},
		{ITEM("my_package-1.0.tar.gz", "1", "") "," ITEM(
			 "my_package-2.0.tar.gz", "2", ",\"yanked\":false"),
			"[2.0 "},
		/* A wheel is no source, another package's file is none of ours. */
		{ITEM("my_package-2.0-py3-none-any.whl", "1", ""), "[ ]"},
		{ITEM("other-2.0.tar.gz", "1", ""), "[ ]"},
		{ITEM("my_package.tar.gz", "1", ""), "[ ]"},
		/* Of one version the tar. */
		{ITEM("my_package-1.0.zip", "1", "") "," ITEM("my_package-1.0.tar.gz", "2", ""),
			"my_package-1.0.tar.gz"},
		{ITEM("my_package-1.0.tar.gz", "1", "") "," ITEM("my_package-1.0.zip", "2", ""),
			"my_package-1.0.tar.gz"},
		{"", "[ ]"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		finds((struct trial){.files = rows[at][0]}, rows[at][1]);
}

static void
a_version_that_is_named_or_a_checksum_that_is_known_is_the_one(void **state)
{
	(void)state;
#define TWO                                                                                        \
	ITEM("my_package-1.0.tar.gz", "1", ",\"yanked\":true")                                     \
	"," ITEM("my_package-2.0.tar.gz", "2", "")
	finds((struct trial){.files = TWO, .wanted = "1.0"}, "[1.0 ");
	finds((struct trial){.files = TWO, .wanted = "1.0.0"}, "[1.0 ");
	finds((struct trial){.files = TWO, .wanted = "3.0"}, "[ ]");
	finds((struct trial){.files = TWO, .known = KNOWN("1")}, "[1.0 ");
	finds((struct trial){.files = TWO, .known = KNOWN("7")}, "[2.0 ");
}

static void
names_have_one_normal_form(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"My.Package", "my-package/"},
		{"my__.--package", "my-package/"},
		{"ABC", "abc/"},
		{"a-", "a-/"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct text url = {0};
		pypi_put(&url, span_text(rows[at][0]));
		assert_int_equal(url.size, strlen(rows[at][1]));
		assert_memory_equal(url.data, rows[at][1], url.size);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_source_archive_that_is_final_and_not_yanked_is_taken),
		cmocka_unit_test(a_version_that_is_named_or_a_checksum_that_is_known_is_the_one),
		cmocka_unit_test(names_have_one_normal_form),
	};
	return cmocka_run_group_tests_name("pypi", tests, NULL, NULL);
}
