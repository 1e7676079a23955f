/* SPDX-License-Identifier: MPL-2.0 */
/* A lock: what is accepted writes a lock that reads and writes the same. */
#include "island/lock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {0};
	cleanup_lock struct lock lock = {0};
	if (!lock_decode(bytes_of(data, size), &lock, &err)) {
		must(err.kind == ERR_CORRUPT || err.kind == ERR_LIMIT, "an error has its kind");
		return 0;
	}
	cleanup_buf struct buf first = BUF(BUF_MAX);
	cleanup_buf struct buf second = BUF(BUF_MAX);
	cleanup_lock struct lock again = {0};
	lock_encode(&lock, &first);
	bool decoded = lock_decode(buf_bytes(&first), &again, &err);
	must(decoded, "what was written reads back");
	lock_encode(&again, &second);
	must(bytes_equal(buf_bytes(&first), buf_bytes(&second)), "one text a lock");
	return 0;
}
