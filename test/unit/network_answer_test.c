/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/network_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/network.h"
#include "wire/wire.h"

static void
begin(struct buf *packet, uint32_t kind)
{
	wire_begin(packet, kind);
	buf_add_u32(packet, 7);
}

static void
each_kind_has_its_fields(void **state)
{
	(void)state;
	struct network_answer answer;
	struct err err;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	begin(&packet, NETWORK_HEAD);
	buf_add_u32(&packet, 404);
	wire_add(&packet, BYTES_LITERAL("https://o/x"));
	wire_add(&packet, BYTES_LITERAL("a: b\n"));
	assert_true(network_answer_decode(buf_bytes(&packet), &answer, &err));
	assert_true(answer.id == 7 && answer.status == 404);
	assert_true(bytes_equal_text(answer.url, "https://o/x"));
	assert_true(bytes_equal_text(answer.headers, "a: b\n"));
	for (uint32_t kind = NETWORK_REACHED; kind <= NETWORK_NOTE; kind++) {
		begin(&packet, kind);
		wire_add(&packet, BYTES_LITERAL("https://o"));
		assert_true(network_answer_decode(buf_bytes(&packet), &answer, &err));
		assert_int_equal(answer.kind, kind);
		assert_true(bytes_equal_text(answer.text, "https://o"));
	}
	begin(&packet, NETWORK_MOVED);
	buf_add_u64(&packet, 77);
	assert_true(network_answer_decode(buf_bytes(&packet), &answer, &err));
	assert_true(answer.received == 77);
	begin(&packet, NETWORK_END);
	buf_add_u32(&packet, 1);
	buf_add_u64(&packet, 5);
	buf_add_u64(&packet, 77);
	buf_add_u32(&packet, 2);
	wire_add(&packet, BYTES_LITERAL("why"));
	assert_true(network_answer_decode(buf_bytes(&packet), &answer, &err));
	assert_true(answer.end.refused && answer.end.size == 5 && answer.end.received == 77 &&
		    answer.end.requests == 2 && bytes_equal_text(answer.end.why, "why"));
	for (size_t size = 0; size < packet.size; size++)
		assert_false(network_answer_decode(
			bytes_first(buf_bytes(&packet), size), &answer, &err));
}

static void
what_only_the_realizer_says_is_no_answer(void **state)
{
	(void)state;
	struct network_answer answer = {.id = 1};
	struct err err;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	begin(&packet, NETWORK_PAUSE);
	assert_false(network_answer_decode(buf_bytes(&packet), &answer, &err));
	assert_string_equal(err.text, "cab-network sent a message of kind 34");
	assert_int_equal(err.kind, ERR_CORRUPT);
	assert_int_equal(answer.id, 1);
}

/* What is told on to a guest fits a packet there: one that hears no end would wait for it. */
static void
texts_have_a_ceiling(void **state)
{
	(void)state;
	static const uint8_t much[NETWORK_TEXT + 1];
	for (size_t size = NETWORK_TEXT; size <= NETWORK_TEXT + 1; size++) {
		struct network_answer answer;
		struct err err;
		cleanup_buf struct buf packet = BUF(WIRE_PACKET);
		begin(&packet, NETWORK_NOTE);
		wire_add(&packet, bytes_of(much, size));
		assert_true(network_answer_decode(buf_bytes(&packet), &answer, &err) ==
			    (size == NETWORK_TEXT));
		begin(&packet, NETWORK_END);
		buf_add(&packet, bytes_of(much, 24));
		wire_add(&packet, bytes_of(much, size));
		assert_true(network_answer_decode(buf_bytes(&packet), &answer, &err) ==
			    (size == NETWORK_TEXT));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_fields),
		cmocka_unit_test(what_only_the_realizer_says_is_no_answer),
		cmocka_unit_test(texts_have_a_ceiling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
