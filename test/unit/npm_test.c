/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_native.h"

#include "registry.h"

/* The integrity of 32 bytes of zeros, and the same in hex. */
#define ZEROS     "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ZEROS_HEX "0000000000000000000000000000000000000000000000000000000000000000"
#define DIST(version, integrity)                                                                   \
	"\"" version "\":{\"dist\":{\"tarball\":\"https://h/" version                              \
	".tgz\",\"integrity\":\"" integrity "\"}}"
#define DOCUMENT                                                                                   \
	"{\"dist-tags\":{\"latest\":\"2.0.0\",\"next\":\"3.0.0\",\"gone\":\"9.9.9\",\"odd\":7},"   \
	"\"versions\":{" DIST("1.0.0", ZEROS) "," DIST("2.0.0", "sha512-x") "," DIST(              \
		"3.0.0", "sha512-y") "}}"

struct trial {
	const char *document;
	const char *wanted;
	const char *known; /* hex of a SHA-256, or NULL */
};

static void
search_run(void *context)
{
	const struct trial *trial = context;
	struct checksum known = {0};
	if (trial->known)
		(void)checksum_set(&known, SPAN("sha256"), span_text(trial->known));
	struct search search = {.document = span_text(trial->document),
		.name = SPAN("x"),
		.wanted = span_text(trial->wanted),
		.known = &known};
	npm_search(&search);
	(void)fprintf(stderr, "[%.*s %.*s %.*s]", (int)search.version.size, search.version.data,
		value_size(search.link), search.link, value_size(search.sum), search.sum);
}

static void
ends(struct trial trial, int code, const char *expected)
{
	struct buf log = guest_runs(search_run, &trial, code);
	if (!log.size || !strstr(buf_text(&log), expected))
		fail_msg("%s: %s", trial.wanted, log.size ? buf_text(&log) : "");
	buf_release(&log);
}

static void
a_version_a_tag_or_the_latest_is_taken(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"", "[2.0.0 \"https://h/2.0.0.tgz\" \"sha512-x\"]"},
		{"latest", "[2.0.0 "},
		{"next", "[3.0.0 "},
		{"1.0.0", "[1.0.0 \"https://h/1.0.0.tgz\" \"" ZEROS "\"]"},
		/* Nothing is the caller's to say. */
		{"gone", "[  ]"},
		{"odd", "[  ]"},
		{"4.0.0", "[  ]"},
		{"^1.0.0", "[  ]"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		ends((struct trial){DOCUMENT, rows[at][0], NULL}, 0, rows[at][1]);
}

static void
a_known_checksum_finds_its_version_whatever_the_tags_say(void **state)
{
	(void)state;
	ends((struct trial){DOCUMENT, "", ZEROS_HEX}, 0, "[1.0.0 ");
	/* A version that is named stays the one. */
	ends((struct trial){DOCUMENT, "3.0.0", ZEROS_HEX}, 0, "[3.0.0 ");
	ends((struct trial){DOCUMENT, "",
		     "1111111111111111111111111111111111111111111111111111111111111111"},
		0, "[2.0.0 ");
}

static void
a_document_that_says_nothing_usable_ends_the_program_or_finds_nothing(void **state)
{
	(void)state;
	ends((struct trial){"<html>", "", NULL}, 1, "the registry's document on the package");
	ends((struct trial){"{\"versions\":{\"1\":{\"dist\":{}}}}", "1", NULL}, 1,
		"does not say where the archive is of version: 1");
	ends((struct trial){"{\"versions\":{\"1\":{}}}", "1", NULL}, 1, "does not say where");
	ends((struct trial){"{}", "", NULL}, 0, "[  ]");
	ends((struct trial){"{\"versions\":[],\"dist-tags\":[]}", "", NULL}, 0, "[  ]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_version_a_tag_or_the_latest_is_taken),
		cmocka_unit_test(a_known_checksum_finds_its_version_whatever_the_tags_say),
		cmocka_unit_test(
			a_document_that_says_nothing_usable_ends_the_program_or_finds_nothing),
	};
	return cmocka_run_group_tests_name("npm", tests, NULL, NULL);
}
