/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/host.h"

#include "host_fixture.h"

static void
each_import_is_there_once_and_takes_what_its_letters_say(void **state)
{
	(void)state;
	for (size_t at = 0; at < HOST_IMPORTS; at++) {
		const struct host_import *import = &host_imports[at];
		assert_non_null(import->name);
		assert_non_null(import->function);
		assert_true(strlen(import->parameters) <= HOST_PARAMETERS);
		assert_int_equal(strspn(import->parameters, "iI"), strlen(import->parameters));
		for (size_t other = 0; other < at; other++)
			assert_false(strcmp(import->name, host_imports[other].name) == 0 &&
				     strcmp(import->module, host_imports[other].module) == 0);
	}
}

static void
a_span_is_there_wholly_or_not_at_all(void **state)
{
	struct host *host = ((struct host_fixture *)*state)->host;
	assert_ptr_equal(host_span(host, 0, 0), host->memory);
	assert_ptr_equal(host_span(host, 0, FIXTURE_MEMORY), host->memory);
	assert_ptr_equal(host_span(host, FIXTURE_MEMORY, 0), host->memory + FIXTURE_MEMORY);
	assert_null(host_span(host, FIXTURE_MEMORY, 1));
	assert_null(host_span(host, FIXTURE_MEMORY + 1, 0));
	assert_null(host_span(host, 1, FIXTURE_MEMORY));
	assert_null(host_span(host, UINT32_MAX, 1));
	assert_null(host_span(host, UINT32_MAX, UINT32_MAX));
	assert_null(host_span(host, 1, UINT32_MAX));
	uint8_t *memory = host->memory;
	host->memory = NULL;
	host->memory_size = 0;
	assert_null(host_span(host, 0, 0));
	host->memory = memory;
	host->memory_size = FIXTURE_MEMORY;
}

static void
numbers_are_little_endian_and_never_cut(void **state)
{
	struct host *host = ((struct host_fixture *)*state)->host;
	assert_true(host_put_u32(host, FIXTURE_MEMORY - 4, 0x04030201));
	assert_memory_equal(host->memory + FIXTURE_MEMORY - 4, "\1\2\3\4", 4);
	assert_false(host_put_u32(host, FIXTURE_MEMORY - 3, 0));
	assert_true(host_put_u64(host, 8, 0x0807060504030201));
	assert_memory_equal(host->memory + 8, "\1\2\3\4\5\6\7\10", 8);
	assert_false(host_put_u64(host, FIXTURE_MEMORY - 7, 0));
}

static void
a_long_log_text_is_cut_to_one_line(void **state)
{
	struct host_fixture *fixture = *state;
	char room[3 * CAB_LOG_LINE];
	memset(fixture->host->memory, 'x', (size_t)2 * CAB_LOG_LINE);
	host_log(fixture->host, bytes_of(fixture->host->memory, (size_t)2 * CAB_LOG_LINE));
	assert_int_equal(strlen(fixture_log(fixture, room, sizeof room)), CAB_LOG_LINE);
	assert_int_equal(room[CAB_LOG_LINE - 1], '\n');
	host_complain(fixture->host, "%s: %d", "number", 7);
	assert_string_equal(fixture_log(fixture, room, sizeof room), "number: 7\n");
}

/* Every import but the one that ends the process, with odd numbers everywhere. What it does is
 * tested elsewhere; here a sanitizer watches. */
static void
no_import_trusts_a_number(void **state)
{
	struct host_fixture *fixture = *state;
	static const uint64_t numbers[] = {0, 1, 3, 4, 5, 127, 128, FIXTURE_MEMORY - 1,
		FIXTURE_MEMORY, 0x7fffffff, 0x80000000, UINT32_MAX - 7, UINT32_MAX};
	for (size_t at = 0; at < HOST_IMPORTS; at++) {
		if (strcmp(host_imports[at].name, "proc_exit") == 0)
			continue;
		bool closes = strcmp(host_imports[at].name, "fd_close") == 0;
		for (size_t number = 0; number < sizeof numbers / sizeof *numbers; number++) {
			uint64_t arguments[HOST_PARAMETERS];
			for (size_t each = 0; each < HOST_PARAMETERS; each++)
				arguments[each] = numbers[number];
			if (!closes || numbers[number] != FIXTURE_WORK)
				(void)host_imports[at].function(fixture->host, arguments);
			for (size_t each = 1; each < HOST_PARAMETERS; each++)
				arguments[each] = UINT32_MAX - each;
			arguments[0] = FIXTURE_WORK;
			if (!closes)
				(void)host_imports[at].function(fixture->host, arguments);
		}
	}
	assert_int_equal(CALL(fixture, "fd_prestat_get", FIXTURE_WORK, 0), WASI_SUCCESS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_import_is_there_once_and_takes_what_its_letters_say),
		FIXTURE_TEST(a_span_is_there_wholly_or_not_at_all),
		FIXTURE_TEST(numbers_are_little_endian_and_never_cut),
		FIXTURE_TEST(a_long_log_text_is_cut_to_one_line),
		FIXTURE_TEST(no_import_trusts_a_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
