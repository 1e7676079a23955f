/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_native.h"

#include "../fetch/native.h"
#include "request.h"

enum { ARGUMENTS = 8 };

struct trial {
	const char *arguments[ARGUMENTS]; /* scheme, ref, KEY=VALUE… */
	const char *pin;                  /* CAB_PIN, or NULL */
	const char *format;               /* of the pin that is asked for, or NULL: "git" */
};

static const struct request *
trial_read(const struct trial *trial)
{
	static char *arguments[ARGUMENTS + 1] = {(char *)(uintptr_t) "island.wasm"};
	int count = 1;
	for (size_t at = 0; at < ARGUMENTS && trial->arguments[at]; at++)
		arguments[count++] = strdup(trial->arguments[at]);
	if (trial->pin)
		(void)setenv("CAB_PIN", trial->pin, 1);
	else
		(void)unsetenv("CAB_PIN");
	native_arguments(count, arguments);
	return request_read();
}

/* "URL|reference|subpath|options|strip|pin", as it was understood. */
static void
trial_print(void *context)
{
	const struct trial *trial = context;
	const struct request *request = trial_read(trial);
	struct text url = {0};
	request_url(request, &url);
	struct span pin = request_pin(
		request, span_text(trial->format ? trial->format : "git"), (size_t)2 * SUM_MAX);
	(void)fprintf(stderr, "%.*s|%.*s|%.*s|%.*s|%u|%.*s", (int)url.size, url.data,
		(int)request->reference.size, request->reference.data, (int)request->subpath.size,
		request->subpath.data, (int)request->options.size, request->options.data,
		request->strip, (int)pin.size, pin.data);
}

static void
reads_as(struct trial trial, const char *expected)
{
	struct buf log = guest_runs(trial_print, &trial, 0);
	assert_string_equal(log.size ? buf_text(&log) : "", expected);
	buf_release(&log);
}

static void
a_ref_and_its_reference_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		struct trial trial;
		const char *expected;
	} rows[] = {
		{{.arguments = {"github", "o/r"}}, "https://github.com/o/r|||"
						   "|255|"},
		{{.arguments = {"github", "o/r@main"}}, "https://github.com/o/r|main|||255|"},
		/* Tags hold '@' far more often than names do: the first one splits. */
		{{.arguments = {"github", "o/r@pkg@1.0"}}, "https://github.com/o/r|pkg@1.0|||255|"},
		{{.arguments = {"github", "o/r/"}}, "https://github.com/o/r||||255|"},
		{{.arguments = {"github", "o/r", "base=http://h:1/x"}}, "http://h:1/x/o/r||||255|"},
		{{.arguments = {"github", "o/r", "reference=v1"}},
			"https://github.com/o/r|v1|||255|"},
		{{.arguments = {"git", "https://h/p@v1"}}, "https://h/p|v1|||255|"},
		{{.arguments = {"git", "https://h:8/p.git//@a/b"}}, "https://h:8/p.git|a/b|||255|"},
		{{.arguments = {"https", "//h/x@y.tar.gz"}}, "https://h/x@y.tar.gz||||255|"},
		{{.arguments = {"file", "https://h/x@y"}}, "https://h/x@y||||255|"},
		{{.arguments = {"npm", "@scope/name@1.2"}},
			"registry:npm/@scope/name/1.2|1.2|||255|"},
		{{.arguments = {"crates", "hexyl@0.17.0"}},
			"registry:crates/hexyl/0.17.0|0.17.0|||255|"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++)
		reads_as(rows[at].trial, rows[at].expected);
}

static void
options_end_the_values_of_identities(void **state)
{
	(void)state;
	reads_as((struct trial){.arguments = {"github", "o/r", "subpath=a/b c"}},
		"https://github.com/o/r||a/b c|:a/b%20c|255|");
	reads_as((struct trial){.arguments = {"github", "o/r", "submodules=true"}},
		"https://github.com/o/r|||+submodules|255|");
	reads_as((struct trial){.arguments = {"github", "o/r", "lfs=true", "submodules=true"}},
		"https://github.com/o/r|||+submodules+lfs|255|");
	reads_as((struct trial){.arguments = {"https", "//h/x", "strip=2", "subpath=s"}},
		"https://h/x||s|:s+strip=2|2|");
	reads_as((struct trial){.arguments = {"https", "//h/x", "strip=0"}},
		"https://h/x|||+strip=0|0|");
}

static void
the_pin_of_a_format_is_taken_where_it_is_of_these_options(void **state)
{
	(void)state;
	static const struct {
		struct trial trial;
		const char *pin; /* NULL: the program ends */
	} rows[] = {
		{{.arguments = {"github", "o/r"}, .pin = "git abc\ngit-tree def\ncab x"}, "abc"},
		{{.arguments = {"github", "o/r"}, .pin = "git-tree def\ncab x"}, ""},
		{{.arguments = {"github", "o/r"},
			 .pin = "git abc\ngit-tree def",
			 .format = "git-tree"},
			"def"},
		{{.arguments = {"github", "o/r", "subpath=s"}, .pin = "git abc:s"}, "abc"},
		{{.arguments = {"github", "o/r", "subpath=s"}, .pin = "git abc"}, NULL},
		{{.arguments = {"github", "o/r"}, .pin = "git abc:s"}, NULL},
		{{.arguments = {"github", "o/r"}, .pin = "git abc+submodules"}, NULL},
		{{.arguments = {"github", "o/r"}, .pin = "git abc+lfs"}, NULL},
		{{.arguments = {"github", "o/r"}, .pin = "git xyz"}, NULL},
		/* A value that was too long is a hash, which nothing can be read from. */
		{{.arguments = {"github", "o/r"}, .pin = "git ~abc"}, ""},
		{{.arguments = {"github", "o/r"}, .pin = ""}, ""},
		{{.arguments = {"github", "o/r"}, .pin = "\n\n git abc\ngit"}, ""},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		char expected[128];
		struct trial trial = rows[at].trial;
		struct buf log = guest_runs(trial_print, &trial, rows[at].pin ? 0 : 1);
		(void)snprintf(
			expected, sizeof expected, "|255|%s", rows[at].pin ? rows[at].pin : "");
		if (rows[at].pin && (!log.size || !strstr(buf_text(&log), expected)))
			fail_msg("%s: %s", trial.pin, log.size ? buf_text(&log) : "");
		buf_release(&log);
	}
}

#define SUM64 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void
what_is_not_in_the_contract_ends_the_program(void **state)
{
	(void)state;
	static const struct {
		struct trial trial;
		const char *sentence;
	} rows[] = {
		{{.arguments = {NULL}}, "the arguments cannot be read"},
		{{.arguments = {"github"}}, "the arguments cannot be read"},
		{{.arguments = {"fs", "/tmp"}}, "no scheme of this program"},
		{{.arguments = {"", "o/r"}}, "no scheme of this program"},
		{{.arguments = {"github", "o/r", "nonsense=1"}}, "does not know"},
		{{.arguments = {"github", "o/r", "strip=1"}}, "does not know"},
		{{.arguments = {"https", "//h/x", "revision=1"}}, "does not know"},
		{{.arguments = {"https", "//h/x", "strip=17"}}, "does not know"},
		{{.arguments = {"https", "//h/x", "strip=-1"}}, "does not know"},
		{{.arguments = {"https", "//h/x", "strip="}}, "does not know"},
		{{.arguments = {"github", "o/r", "submodules=false"}}, "does not know"},
		{{.arguments = {"github", "o/r", "lfs=false"}}, "does not know"},
		{{.arguments = {"https", "//h/x", "lfs=true"}}, "does not know"},
		{{.arguments = {"github", "o/r@a", "reference=b"}}, "two references"},
		{{.arguments = {"github", "o/r", "subpath=.."}}, "names between slashes"},
		{{.arguments = {"github", "o/r", "subpath=a/../b"}}, "names between slashes"},
		{{.arguments = {"github", "o/r", "subpath=/a"}}, "names between slashes"},
		{{.arguments = {"github", "o/r", "subpath=a/"}}, "names between slashes"},
		{{.arguments = {"github", "o/r", "subpath=a//b"}}, "names between slashes"},
		{{.arguments = {"github", "o/r", "subpath=."}}, "names between slashes"},
		{{.arguments = {"https", "//h/x", "checksum=md5-00"}}, "no sha256-HEX"},
		{{.arguments = {"https", "//h/x", "checksum=sha256-00"}}, "no sha256-HEX"},
		{{.arguments = {"https", "//h/x", "checksum=sha256" SUM64}}, "no sha256-HEX"},
		{{.arguments = {"https", "//h/x", "checksum=sha512-" SUM64}}, "no sha256-HEX"},
		{{.arguments = {"https", "//h/x", "checksum=sha256-" SUM64 "0"}}, "no sha256-HEX"},
	};
	for (size_t at = 0; at < sizeof rows / sizeof *rows; at++) {
		struct trial trial = rows[at].trial;
		struct buf log = guest_runs(trial_print, &trial, 1);
		if (!log.size || !strstr(buf_text(&log), rows[at].sentence))
			fail_msg("%zu: %s", at, log.size ? buf_text(&log) : "");
		buf_release(&log);
	}
}

static void
a_checksum_is_as_long_as_its_algorithm_says(void **state)
{
	(void)state;
	struct checksum checksum;
	assert_int_equal(checksum_size(SPAN("sha256")), 32);
	assert_int_equal(checksum_size(SPAN("sha512")), 64);
	assert_int_equal(checksum_size(SPAN("sha1")), 0);
	assert_int_equal(checksum_size(SPAN("")), 0);
	assert_true(checksum_set(&checksum, SPAN("sha256"), SPAN(SUM64)));
	assert_true(checksum_set(&checksum, SPAN("sha512"), SPAN(SUM64 SUM64)));
	assert_false(checksum_set(&checksum, SPAN("sha512"), SPAN(SUM64)));
	assert_false(checksum_set(&checksum, SPAN("sha256"), SPAN("g" SUM64)));
	assert_false(checksum_set(&checksum, SPAN("sha256"), SPAN("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ref_and_its_reference_are_told_apart),
		cmocka_unit_test(options_end_the_values_of_identities),
		cmocka_unit_test(the_pin_of_a_format_is_taken_where_it_is_of_these_options),
		cmocka_unit_test(what_is_not_in_the_contract_ends_the_program),
		cmocka_unit_test(a_checksum_is_as_long_as_its_algorithm_says),
	};
	return cmocka_run_group_tests_name("guest_request", tests, NULL, NULL);
}
