/* SPDX-License-Identifier: MPL-2.0 */
/* git_sample: objects of git made by a test, their ids, and files of records. */
#pragma once

#include <stdio.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/must.h"
#include "store/git_object.h"

static inline struct git_id
git_sample_id(const char *type, struct bytes content, bool sha256)
{
	char head[32];
	struct err err;
	uint8_t sum[HASH_SIZE_MAX];
	struct git_id id = {.size = sha256 ? GIT_ID_MAX : GIT_ID_SHA1};
	int size = snprintf(head, sizeof head, "%s %zu", type, content.size);
	struct hasher *hasher = hasher_new(sha256 ? HASH_SHA256 : HASH_SHA1);
	hasher_add(hasher, bytes_of(head, (size_t)size + 1));
	hasher_add(hasher, content);
	must(hasher_finish(hasher, sum, &err), "a sample has no collision");
	hasher_free(hasher);
	memcpy(id.bytes, sum, id.size);
	return id;
}

static inline void
git_sample_entry(struct buf *tree, const char *mode, const char *name, const struct git_id *id)
{
	buf_format(tree, "%s %s", mode, name);
	buf_add_byte(tree, 0);
	buf_add(tree, bytes_of(id->bytes, id->size));
}

static inline void
git_sample_commit(struct buf *commit, const struct git_id *tree)
{
	buf_format(commit, "tree %s\nauthor n <e> 1 +0000\n\nm\n", git_id_print(tree).text);
}

static inline void
git_sample_record(struct buf *records, const struct git_id *id, struct bytes content)
{
	if (!records->size)
		buf_add_text(records, "cab git 1\n");
	buf_add(records, git_id_key(id));
	buf_add_u32(records, (uint32_t)content.size);
	buf_add(records, content);
}
