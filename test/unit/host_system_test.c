/* SPDX-License-Identifier: MPL-2.0 */
#include "base/digest.h"

#include "host_fixture.h"

static void
arguments_are_the_name_and_the_rest(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(CALL(fixture, "args_sizes_get", 0, 4), 0);
	assert_int_equal(fixture_u32(fixture, 0), 3);
	assert_int_equal(fixture_u32(fixture, 4), 8 + 4 + 1);
	assert_int_equal(CALL(fixture, "args_get", 0, 100), 0);
	assert_int_equal(fixture_u32(fixture, 0), 100);
	assert_int_equal(fixture_u32(fixture, 4), 108);
	assert_int_equal(fixture_u32(fixture, 8), 112);
	assert_memory_equal(fixture->host->memory + 100, "program\0one\0", 13);
}

static void
the_environment_is_what_was_given(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(CALL(fixture, "environ_sizes_get", 0, 4), 0);
	assert_int_equal(fixture_u32(fixture, 0), 1);
	assert_int_equal(CALL(fixture, "environ_get", 0, 100), 0);
	assert_string_equal((const char *)fixture->host->memory + 100, "NAME=value");
}

static void
texts_that_do_not_fit_are_a_fault(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(CALL(fixture, "args_get", 0, FIXTURE_MEMORY - 12), WASI_FAULT);
	assert_int_equal(CALL(fixture, "args_get", 0, FIXTURE_MEMORY - 13), WASI_SUCCESS);
	assert_int_equal(CALL(fixture, "args_get", FIXTURE_MEMORY - 8, 0), WASI_FAULT);
	assert_int_equal(CALL(fixture, "environ_get", 0, FIXTURE_MEMORY - 10), WASI_FAULT);
}

static void
the_clock_stands(void **state)
{
	struct host_fixture *fixture = *state;
	for (uint64_t clock = 0; clock < WASI_CLOCKS; clock++) {
		assert_int_equal(CALL(fixture, "clock_time_get", clock, 0, 8), 0);
		assert_int_equal(fixture_u64(fixture, 8), 1000000000);
		assert_int_equal(CALL(fixture, "clock_res_get", clock, 16), 0);
	}
	assert_int_equal(CALL(fixture, "clock_time_get", WASI_CLOCKS, 0, 8), WASI_INVAL);
	assert_int_equal(CALL(fixture, "clock_res_get", WASI_CLOCKS, 8), WASI_INVAL);
}

static void
random_bytes_are_blocks_derived_from_the_seed(void **state)
{
	struct host_fixture *fixture = *state;
	assert_int_equal(CALL(fixture, "random_get", 0, 40), 0);
	assert_int_equal(CALL(fixture, "random_get", 40, 32), 0);
	uint8_t key[40] = "0123456789abcdef0123456789abcdef";
	struct digest blocks[3];
	for (uint8_t block = 0; block < 3; block++) {
		key[32] = block;
		blocks[block] = digest_derive("cab guest random 1", bytes_of(key, sizeof key));
	}
	/* The vector of cab-guest(7). */
	uint8_t vector[40];
	assert_true(hex_parse(
		bytes_text("29f8c8a38d195ffc9500a30721aa18ea35c7acf1b717a2a9fc84e777d654df5e"
			   "b2fcf10944a60da3"),
		vector));
	assert_memory_equal(fixture->host->memory, vector, sizeof vector);
	assert_memory_equal(fixture->host->memory, blocks[0].bytes, 32);
	assert_memory_equal(fixture->host->memory + 32, blocks[1].bytes, 8);
	assert_memory_equal(fixture->host->memory + 40, blocks[2].bytes, 32);
	assert_int_equal(fixture->host->memory[72], 0);
}

static void
log_texts_are_lines(void **state)
{
	struct host_fixture *fixture = *state;
	char room[100];
	fixture_put(fixture, 10, BYTES_LITERAL("a line"));
	assert_int_equal(CALL(fixture, "log", 10, 6), 0);
	assert_int_equal(CALL(fixture, "log", FIXTURE_MEMORY - 1, 2), 0);
	assert_string_equal(fixture_log(fixture, room, sizeof room), "a line\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(arguments_are_the_name_and_the_rest),
		FIXTURE_TEST(the_environment_is_what_was_given),
		FIXTURE_TEST(texts_that_do_not_fit_are_a_fault),
		FIXTURE_TEST(the_clock_stands),
		FIXTURE_TEST(random_bytes_are_blocks_derived_from_the_seed),
		FIXTURE_TEST(log_texts_are_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
