/* SPDX-License-Identifier: MPL-2.0 */
#include "network/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/wire.h"

static void
what_runs_is_named(void **state)
{
	(void)state;
	static const uint32_t kinds[] = {
		NETWORK_PAUSE, NETWORK_RESUME, NETWORK_CANCEL, NETWORK_CLOSE};
	for (size_t at = 0; at < sizeof kinds / sizeof *kinds; at++) {
		struct order order;
		struct err err;
		cleanup_buf struct buf packet = BUF(WIRE_PACKET);
		wire_begin(&packet, kinds[at]);
		buf_add_u32(&packet, 7);
		assert_true(order_decode(buf_bytes(&packet), &order, &err));
		assert_true(order.kind == kinds[at] && order.id == 7);
		buf_add_byte(&packet, 0);
		assert_false(order_decode(buf_bytes(&packet), &order, &err));
		assert_int_equal(err.kind, ERR_CORRUPT);
	}
}

static void
a_proxy_has_its_origins(void **state)
{
	(void)state;
	struct bytes origins[NETWORK_ORIGINS + 1];
	struct order order = {.id = 1};
	struct err err;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	for (size_t at = 0; at <= NETWORK_ORIGINS; at++)
		origins[at] = BYTES_LITERAL("https://o");
	for (size_t count = 0; count <= NETWORK_ORIGINS + 1; count++) {
		wire_begin(&packet, NETWORK_LISTEN);
		buf_add_u32(&packet, 7);
		buf_add_u32(&packet, count % 2 ? NETWORK_REDIRECTS : 0);
		wire_add_list(&packet, origins, count);
		assert_true(order_decode(buf_bytes(&packet), &order, &err) ==
			    (count <= NETWORK_ORIGINS));
		if (count > NETWORK_ORIGINS)
			continue;
		assert_int_equal(order.origin_count, count);
		assert_true(order.is_open == (count % 2 == 1));
	}
	/* One that is refused leaves what was there. */
	assert_int_equal(order.origin_count, NETWORK_ORIGINS);
	assert_true(bytes_equal_text(order.origins[NETWORK_ORIGINS - 1], "https://o"));
}

static void
anything_else_is_no_order(void **state)
{
	(void)state;
	struct order order;
	struct err err;
	cleanup_buf struct buf packet = BUF(WIRE_PACKET);
	wire_begin(&packet, NETWORK_HEAD);
	buf_add_u32(&packet, 7);
	assert_false(order_decode(buf_bytes(&packet), &order, &err));
	assert_string_equal(err.text, "a message of kind 37 is no order");
	assert_false(order_decode(bytes_of(NULL, 0), &order, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_runs_is_named),
		cmocka_unit_test(a_proxy_has_its_origins),
		cmocka_unit_test(anything_else_is_no_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
