/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/start.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/digest.h"
#include "guest_host/limits.h"

static struct wire_packet packet;
static struct start_lists lists;

/* As the realizer packs it. */
static void
pack(uint64_t memory, size_t seed_size, size_t argument_count, size_t fd_count)
{
	static const uint8_t seed[DIGEST_SIZE + 1] = {7};
	static struct bytes words[SPAWNER_LIST + 1];
	struct bytes input = BYTES_LITERAL("abc-x");
	cleanup_buf struct buf out = BUF(WIRE_PACKET);
	wire_begin(&out, SPAWNER_START);
	buf_add_u32(&out, 3);
	buf_add_u32(&out, 1000);
	buf_add_u32(&out, 1001);
	buf_add_u64(&out, memory);
	wire_add(&out, bytes_of(seed, seed_size));
	wire_add(&out, BYTES_LITERAL("island"));
	wire_add_list(&out, words, argument_count);
	wire_add_list(&out, words, 1);
	wire_add(&out, BYTES_LITERAL("/cull/store"));
	wire_add_list(&out, &input, 1);
	packet.kind = SPAWNER_START;
	packet.size = out.size;
	memcpy(packet.data, out.data, out.size);
	packet.fd_count = fd_count;
	for (size_t at = 0; at < WIRE_FDS; at++)
		packet.fds[at] = at < fd_count ? 100 + (int)at : -1;
}

static void
a_start_has_its_fields(void **state)
{
	(void)state;
	struct start start;
	struct err err;
	pack(4096, DIGEST_SIZE, 2, 4);
	assert_true(start_decode(&packet, &lists, &start, &err));
	assert_true(start.run == 3 && start.uid == 1000 && start.gid == 1001);
	assert_true(start.memory == 4096);
	assert_true(start.host.seed.size == DIGEST_SIZE && start.host.seed.data[0] == 7);
	assert_true(bytes_equal_text(start.host.name, "island"));
	assert_true(start.host.argument_count == 2 && start.host.environment_count == 1);
	assert_true(bytes_equal_text(start.inputs.store, "/cull/store"));
	assert_true(start.inputs.count == 1 && bytes_equal_text(start.inputs.names[0], "abc-x"));
	assert_true(start.host.directory == 100 && start.host.control == 101 &&
		    start.host.log == 102 && start.artifact == 103);
}

static void
memory_has_a_default_and_a_ceiling(void **state)
{
	(void)state;
	struct start start;
	struct err err;
	pack(0, DIGEST_SIZE, 0, 3);
	assert_true(start_decode(&packet, &lists, &start, &err));
	assert_true(start.memory == LIMIT_MEMORY_DEFAULT);
	assert_int_equal(start.artifact, -1);
	pack(UINT64_MAX, DIGEST_SIZE, 0, 3);
	assert_true(start_decode(&packet, &lists, &start, &err));
	assert_true(start.memory == LIMIT_MEMORY);
}

static void
what_lacks_something_is_corrupt(void **state)
{
	(void)state;
	struct start start = {.run = 1};
	struct err err;
	pack(0, DIGEST_SIZE, 0, 2);
	assert_false(start_decode(&packet, &lists, &start, &err));
	assert_string_equal(err.text, "a start message lacks a descriptor or the seed");
	pack(0, DIGEST_SIZE - 1, 0, 3);
	assert_false(start_decode(&packet, &lists, &start, &err));
	pack(0, DIGEST_SIZE + 1, 0, 3);
	assert_false(start_decode(&packet, &lists, &start, &err));
	pack(0, DIGEST_SIZE, SPAWNER_LIST + 1, 3);
	assert_false(start_decode(&packet, &lists, &start, &err));
	assert_string_equal(err.text, "a start message does not decode");
	pack(0, DIGEST_SIZE, SPAWNER_LIST, 3);
	assert_true(start_decode(&packet, &lists, &start, &err));
	packet.kind = SPAWNER_STARTED;
	assert_false(start_decode(&packet, &lists, &start, &err));
	pack(0, DIGEST_SIZE, 0, 3);
	for (size_t size = packet.size; size-- > 4;) {
		packet.size = size;
		assert_false(start_decode(&packet, &lists, &start, &err));
		assert_int_equal(err.kind, ERR_CORRUPT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_has_its_fields),
		cmocka_unit_test(memory_has_a_default_and_a_ceiling),
		cmocka_unit_test(what_lacks_something_is_corrupt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
