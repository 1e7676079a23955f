/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_data.h"

#include "pkt.h"

/* The events of some bytes as letters, the lines between them; in steps of so many bytes. */
static void
events_are(const char *bytes, size_t size, const char *expected)
{
	for (size_t step = 1; step <= size; step++) {
		struct buf out = BUF(BUF_MAX);
		struct pkt pkt;
		pkt_start(&pkt);
		bool is_bad = false;
		for (size_t at = 0; at < size && !is_bad; at += step) {
			struct span input =
				span_of(bytes + at, size - at < step ? size - at : step);
			struct span data;
			enum pkt_event event;
			while (!is_bad && (event = pkt_step(&pkt, &input, &data)) != PKT_INPUT) {
				if (event == PKT_DATA)
					buf_add(&out, bytes_of(data.data, data.size));
				else
					buf_add_byte(&out, (uint8_t) "ID;FRZB"[event]);
				is_bad = event == PKT_BAD;
			}
		}
		assert_string_equal(buf_text(&out), expected);
		if (!is_bad)
			assert_int_equal(pkt_is_between(&pkt),
				expected[0] != '\0' &&
					strchr(";FRZ", expected[strlen(expected) - 1]) != NULL);
		buf_release(&out);
	}
}

static void
lines_and_frames_come_in_order_whatever_the_steps(void **state)
{
	(void)state;
	events_are("0009hello0000", 13, "hello;F");
	events_are("0004000100020006a\n", 18, ";RZa\n;");
	events_are("000Ahello\n", 10, "hello\n;");
	events_are("000ahello\n", 10, "hello\n;");
}

static void
lengths_that_cannot_be_are_bad(void **state)
{
	(void)state;
	events_are("0003", 4, "B");
	events_are("fff1", 4, "B");
	events_are("00g0", 4, "B");
	events_are("-001", 4, "B");
	events_are("0000 000", 8, "FB");
}

static void
a_cut_off_line_is_not_between_frames(void **state)
{
	(void)state;
	events_are("0009hel", 7, "hel");
	struct pkt pkt;
	struct span input = span_of("00", 2);
	struct span data;
	pkt_start(&pkt);
	assert_true(pkt_is_between(&pkt));
	assert_int_equal(pkt_step(&pkt, &input, &data), PKT_INPUT);
	assert_false(pkt_is_between(&pkt));
}

static void
the_longest_line_is_65516_bytes(void **state)
{
	(void)state;
	struct pkt pkt;
	struct span input = span_of("fff0", 4);
	struct span data;
	pkt_start(&pkt);
	assert_int_equal(pkt_step(&pkt, &input, &data), PKT_INPUT);
	assert_int_equal(pkt.left, 65516);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_and_frames_come_in_order_whatever_the_steps),
		cmocka_unit_test(lengths_that_cannot_be_are_bad),
		cmocka_unit_test(a_cut_off_line_is_not_between_frames),
		cmocka_unit_test(the_longest_line_is_65516_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
