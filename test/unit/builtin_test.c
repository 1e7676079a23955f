/* SPDX-License-Identifier: MPL-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_is_true),
		cmocka_unit_test(every_row_is_whole_and_every_name_stands_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
