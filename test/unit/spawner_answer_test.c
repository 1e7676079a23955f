/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/spawner_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/spawner.h"
#include "wire/wire.h"

static bool
decode(uint32_t kind, uint32_t pid, struct bytes why, size_t cut, struct spawner_answer *answer,
	struct err *err)
{
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, kind);
	buf_add_u32(&packet, 3);
	if (kind == SPAWNER_STARTED)
		buf_add_u32(&packet, pid);
	else
		wire_add(&packet, why);
	return spawner_answer_decode(
		bytes_first(buf_bytes(&packet), packet.size - cut), answer, err);
}

static void
a_start_names_its_run_and_process(void **state)
{
	(void)state;
	struct spawner_answer answer;
	struct err err;
	assert_true(decode(SPAWNER_STARTED, 4242, bytes_of(NULL, 0), 0, &answer, &err));
	assert_int_equal(answer.kind, SPAWNER_STARTED);
	assert_int_equal(answer.run, 3);
	assert_int_equal(answer.pid, 4242);
	assert_int_equal(answer.why.size, 0);
}

/* 0 and -1 are not a process but many. */
static void
a_number_that_no_process_has_is_refused(void **state)
{
	(void)state;
	static const uint32_t numbers[] = {0, UINT32_MAX, (uint32_t)INT_MAX + 1};
	struct spawner_answer answer = {.run = 1};
	for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++) {
		struct err err;
		assert_false(
			decode(SPAWNER_STARTED, numbers[at], bytes_of(NULL, 0), 0, &answer, &err));
		assert_int_equal(err.kind, ERR_CORRUPT);
	}
	assert_int_equal(answer.run, 1);
}

static void
a_failure_says_why_in_few_words(void **state)
{
	(void)state;
	static const uint8_t much[SPAWNER_WHY + 1];
	struct spawner_answer answer;
	struct err err;
	assert_true(decode(SPAWNER_FAILED, 0, bytes_of(much, SPAWNER_WHY), 0, &answer, &err));
	assert_int_equal(answer.why.size, SPAWNER_WHY);
	assert_int_equal(answer.pid, 0);
	assert_false(decode(SPAWNER_FAILED, 0, bytes_of(much, sizeof much), 0, &answer, &err));
	assert_false(decode(SPAWNER_FAILED, 0, BYTES_LITERAL("no"), 1, &answer, &err));
	assert_false(decode(SPAWNER_START, 0, BYTES_LITERAL("no"), 0, &answer, &err));
	assert_string_equal(err.text, "cab-guest sent a message of kind 1");
	assert_false(spawner_answer_decode(BYTES_LITERAL("abc"), &answer, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_names_its_run_and_process),
		cmocka_unit_test(a_number_that_no_process_has_is_refused),
		cmocka_unit_test(a_failure_says_why_in_few_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
