/* SPDX-License-Identifier: MPL-2.0 */
/*
 * forge: a memo of a store, rewritten to tell a lie that its own check bears out.
 *
 *     forge FILE object DIGEST-NAME CABHASH      it belongs to another object
 *     forge FILE identity FORMAT VALUE           its first identity is another
 *     forge FILE swap HEX HEX                    these bytes of its data change places, wherever they stand
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "store/memo.h"

static bool
swap(struct bytes data, const char *left_hex, const char *right_hex)
{
	uint8_t left[64];
	uint8_t right[64];
	size_t size = strlen(left_hex) / 2;
	if (size > sizeof left || strlen(right_hex) != 2 * size)
		return false;
	for (size_t at = 0; at < size; at++) {
		char pair[3] = {left_hex[2 * at], left_hex[2 * at + 1], '\0'};
		left[at] = (uint8_t)strtoul(pair, NULL, 16);
		memcpy(pair, right_hex + 2 * at, 2);
		right[at] = (uint8_t)strtoul(pair, NULL, 16);
	}
	bool found = false;
	for (uint8_t *at = (uint8_t *)(uintptr_t)data.data; at + size <= data.data + data.size;
		at++) {
		if (memcmp(at, left, size) == 0)
			memcpy(at, right, size);
		else if (memcmp(at, right, size) == 0)
			memcpy(at, left, size);
		else
			continue;
		found = true;
		at += size - 1;
	}
	return found;
}

static bool
lie(struct memo *memo, char **words)
{
	struct bytes first = bytes_text(words[1]);
	if (strcmp(words[0], "object") == 0)
		return object_file_parse(first, &memo->object) &&
		       cab_hash_parse(bytes_text(words[2]), &memo->hash);
	if (strcmp(words[0], "identity") == 0) {
		memo->identities[0] = (struct memo_identity){first, bytes_text(words[2])};
		return memo->identity_count > 0;
	}
	return strcmp(words[0], "swap") == 0 && swap(memo->data, words[1], words[2]);
}

int
main(int count, char **arguments)
{
	struct err err = {0};
	struct memo memo;
	cleanup_buf struct buf file = BUF((size_t)MEMO_MAX + MEMO_HEAD_MAX);
	cleanup_buf struct buf forged = BUF(BUF_MAX);
	const char *name = count == 5 ? strrchr(arguments[1], '/') : NULL;
	struct digest key;
	bool done = name && digest_parse(bytes_text(name + 1), &key) &&
		    fd_read_file(AT_FDCWD, arguments[1], &file, &err) &&
		    memo_decode(buf_bytes(&file), &key, true, &memo, &err) &&
		    lie(&memo, arguments + 2);
	if (done) {
		memo_encode(&memo, &forged);
		done = fd_replace_file(AT_FDCWD, arguments[1], buf_bytes(&forged), 0444, &err);
	}
	if (!done)
		(void)fprintf(stderr, "forge: %s\n", err.text);
	return done ? 0 : 1;
}
