/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/wasi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>

static void
kernel_errors_have_their_preview_1_numbers(void **state)
{
	(void)state;
	assert_int_equal(wasi_errno_of(0), 0);
	assert_int_equal(wasi_errno_of(ENOENT), 44);
	assert_int_equal(wasi_errno_of(EEXIST), 20);
	assert_int_equal(wasi_errno_of(ENOTEMPTY), 55);
	assert_int_equal(wasi_errno_of(EISDIR), 31);
}

static void
a_path_that_leads_out_is_not_capable(void **state)
{
	(void)state;
	assert_int_equal(wasi_errno_of(EXDEV), WASI_NOTCAPABLE);
}

static void
an_error_without_a_number_is_never_success(void **state)
{
	(void)state;
	for (int number = 1; number < 200; number++)
		assert_int_not_equal(wasi_errno_of(number), WASI_SUCCESS);
	assert_int_equal(wasi_errno_of(ENOSTR), WASI_IO);
	assert_int_equal(wasi_errno_of(-1), WASI_IO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_errors_have_their_preview_1_numbers),
		cmocka_unit_test(a_path_that_leads_out_is_not_capable),
		cmocka_unit_test(an_error_without_a_number_is_never_success),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
