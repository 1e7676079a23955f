/* SPDX-License-Identifier: MPL-2.0 */
#include "store/file.h"

#include "store_fixture.h"

static void
artifacts_are_hashed_before_use(void **state)
{
	struct place *place = *state;
	struct digest key = digest_of(BYTES_LITERAL("module and engine"));
	struct err failure;
	assert_int_equal(store_artifact_get(place->store, &key, &failure), -1);
	assert_int_equal(failure.kind, ERR_NOT_FOUND);
	good(store_artifact_put(place->store, &key, BYTES_LITERAL("machine code"), &err));
	cleanup_fd int fd = store_artifact_get(place->store, &key, &failure);
	assert_true(fd >= 0);
	char bytes[32];
	assert_int_equal(read(fd, bytes, sizeof bytes), 12);
	assert_memory_equal(bytes, "machine code", 12);
	assert_true(write(fd, "x", 1) < 0);
	char path[200];
	struct digest_text text = digest_print(&key);
	(void)snprintf(path, sizeof path, "cull/artifacts/%.2s/%s", text.text, text.text);
	for (off_t at = 0; at < 15 + DIGEST_TEXT + 1 + 12; at++) {
		flip_byte(place, path, at);
		assert_int_equal(store_artifact_get(place->store, &key, &failure), -1);
		assert_int_equal(failure.kind, ERR_CORRUPT);
		flip_byte(place, path, at);
	}
	good(store_artifact_put(place->store, &key, BYTES_LITERAL("other code"), &err));
	good(store_sync(place->store, &err));
}

static void
derivations_are_found_by_digest_with_or_without_name(void **state)
{
	struct place *place = *state;
	struct bytes json = BYTES_LITERAL("{\"name\":\"hello\"}");
	struct digest digest = digest_of(json);
	good(store_derivation_put(place->store, &digest, "hello-1.0", json, &err));
	good(store_derivation_put(place->store, &digest, "hello-1.0", json, &err));
	cleanup_buf struct buf out = BUF(DERIVATION_FILE_MAX);
	good(store_derivation_get(place->store, &digest, "hello-1.0", &out, &err));
	assert_true(bytes_equal(buf_bytes(&out), json));
	cleanup_buf struct buf name = BUF(256);
	buf_clear(&out);
	good(store_derivation_find(place->store, &digest, &name, &out, &err));
	assert_string_equal(buf_text(&name), "hello-1.0");
	digest.bytes[0] ^= 1;
	bad(store_derivation_find(place->store, &digest, &name, &out, &err), ERR_NOT_FOUND);
	bad(store_derivation_put(place->store, &digest, "../x", json, &err), ERR_REFUSED);
}

static void
a_log_is_written_and_read(void **state)
{
	struct place *place = *state;
	struct digest digest = digest_of(BYTES_LITERAL("derivation"));
	struct err failure;
	assert_int_equal(store_log_open(place->store, &digest, &failure), -1);
	assert_int_equal(failure.kind, ERR_NOT_FOUND);
	for (int round = 0; round < 2; round++) {
		cleanup_fd int log = store_log_create(place->store, &digest, &failure);
		assert_true(log >= 0);
		good(fd_write_all(log, BYTES_LITERAL("line\n"), &err));
	}
	cleanup_fd int log = store_log_open(place->store, &digest, &failure);
	cleanup_buf struct buf text = BUF(100);
	good(fd_read_all(log, &text, &err));
	assert_string_equal(buf_text(&text), "line\n");
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(artifacts_are_hashed_before_use),
		in_place(derivations_are_found_by_digest_with_or_without_name),
		in_place(a_log_is_written_and_read),
	};
	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
