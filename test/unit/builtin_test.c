/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/fd.h"
#include "lang/builtin.h"
#include "lang/eval.h"
#include "lang/heap.h"
#include "memory_host.h"

static void
every_example_is_true(void **state)
{
	(void)state;
	struct memory_host *host = memory_host_new();
	struct evaluator *evaluator = evaluator_new(memory_host_functions(host), (size_t)64 << 20);
	for (size_t family = 0; family < builtin_family_count(); family++) {
		for (size_t row = 0; row < builtin_family(family)->count; row++) {
			const struct builtin *builtin = &builtin_family(family)->rows[row];
			struct value *value = eval_text(evaluator, builtin->name,
				bytes_text(builtin->example), NULL, "/x", EVAL_IMPORTED);
			cleanup_buf struct buf out = BUF(BUF_MAX);
			if (value)
				eval_print(evaluator, value, &out);
			else
				diagnostics_render(evaluator_diagnostics(evaluator),
					(struct diagnostic_style){0}, &out);
			if (strcmp(buf_text(&out), "true") != 0)
				fail_msg("%s: %s gives %s", builtin->name, builtin->example,
					buf_text(&out));
		}
	}
	evaluator_free(evaluator);
	memory_host_free(host);
}

static void
every_row_is_whole_and_every_name_stands_once(void **state)
{
	(void)state;
	for (size_t family = 0; family < builtin_family_count(); family++) {
		for (size_t row = 0; row < builtin_family(family)->count; row++) {
			const struct builtin *builtin = &builtin_family(family)->rows[row];
			assert_true(builtin->arity <= BUILTIN_ARITY_MAX);
			assert_ptr_equal(builtin_find(bytes_text(builtin->name)), builtin);
			assert_true(strlen(builtin->summary) > 8);
			assert_true(strlen(builtin->type) > 0);
			assert_non_null(strstr(builtin->example, builtin->name));
			char last = builtin->summary[strlen(builtin->summary) - 1];
			assert_int_equal(last, '.');
		}
	}
}

/* A text as scdoc wants it. */
static void
add_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("*_\\", *text))
			buf_add_byte(out, '\\');
		buf_add_byte(out, (uint8_t)*text);
	}
}

static void
add_family(struct buf *out, const struct builtin_family *family)
{
	buf_format(out, "\n## %s\n", family->title);
	for (size_t row = 0; row < family->count; row++) {
		const struct builtin *builtin = &family->rows[row];
		buf_format(out, "\n*%s* : ", builtin->name);
		add_escaped(out, builtin->type);
		buf_add_text(out, "\n\t");
		add_escaped(out, builtin->summary);
		buf_add_text(out, "++\nExample: ");
		add_escaped(out, builtin->example);
		buf_add_text(out, "\n");
	}
}

static void
the_manual_says_what_the_table_says(void **state)
{
	(void)state;
	static const char heading[] = "# BUILTINS\n", next[] = "\n# SEE ALSO\n";
	cleanup_buf struct buf path = BUF(BUF_MAX);
	cleanup_buf struct buf manual = BUF((size_t)1 << 20);
	cleanup_buf struct buf wanted = BUF(BUF_MAX);
	struct err err = {0};
	/* The tests are compiled by paths from the build folder, in which they run. */
	buf_add(&path, bytes_first(BYTES_LITERAL(__FILE__),
			       strlen(__FILE__) - strlen("test/unit/builtin_test.c")));
	buf_add_text(&path, "doc/cab-language.5.scd");
	if (!fd_read_file(AT_FDCWD, buf_text(&path), &manual, &err))
		fail_msg("%s", err.text);
	const char *text = buf_text(&manual);
	const char *start = strstr(text, heading), *end = strstr(text, next);
	assert_true(start && end && start < end);
	buf_add(&wanted, bytes_of(text, (size_t)(start - text) + strlen(heading)));
	for (size_t family = 0; family < builtin_family_count(); family++)
		add_family(&wanted, builtin_family(family));
	buf_add_text(&wanted, end);
	if (getenv("CAB_BLESS")) {
		assert_true(
			fd_replace_file(AT_FDCWD, buf_text(&path), buf_bytes(&wanted), 0644, &err));
		return;
	}
	if (!bytes_equal(buf_bytes(&wanted), buf_bytes(&manual)))
		fail_msg("doc/cab-language.5.scd is not as the table: tools/bless builtin writes "
			 "it");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_is_true),
		cmocka_unit_test(every_row_is_whole_and_every_name_stands_once),
		cmocka_unit_test(the_manual_says_what_the_table_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
