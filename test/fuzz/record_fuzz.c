/* SPDX-License-Identifier: MPL-2.0 */
/* Records of every kind. The first byte chooses the kind. The rest is taken as it is, and once more
 * with the check that belongs to it, so that the lines behind the check are reached too. */
#include "store/record.h"

#include "base/must.h"
#include "store/claim.h"
#include "store/commit.h"
#include "store/memo.h"
#include "store/object.h"
#include "store/read.h"
#include "store/realization.h"
#include "store/root.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The digest of the first line of this word. */
static struct digest
record_digest(struct bytes data, const char *word)
{
	struct digest digest = {{0}};
	struct bytes line;
	struct bytes prefix = bytes_text(word);
	while (bytes_split(&data, '\n', &line))
		if (bytes_has_prefix(line, prefix) &&
			digest_parse(
				bytes_first(bytes_from(line, prefix.size), DIGEST_TEXT), &digest))
			break;
	return digest;
}

/* The key that the record itself says it lies under, so that decoding goes past that. */
static struct digest
record_key(struct bytes data, uint8_t kind)
{
	struct digest program = record_digest(data, "program ");
	struct digest derivation = record_digest(data, "derivation ");
	return kind == 5 ? memo_key(&program, &derivation) : record_digest(data, "path ");
}

/* What is taken is written as one text, which is taken again. */
static void
record_commit(struct bytes data)
{
	struct err err;
	struct git_id id = {.size = GIT_ID_SHA1};
	struct commit_record commit = {0};
	struct commit_record again = {0};
	cleanup_buf struct buf text = BUF(BUF_MAX);
	if (commit_record_decode(data, &id, &commit, &err)) {
		commit_record_encode(&commit, &text);
		must(commit_record_decode(buf_bytes(&text), &id, &again, &err) &&
				again.parts.size == commit.parts.size,
			"a record that is taken can be written");
	}
	commit_record_release(&commit);
	commit_record_release(&again);
}

static void
record_decode(struct bytes data, uint8_t kind)
{
	struct err err;
	struct digest key = record_key(data, kind);
	struct object object;
	struct realization realization;
	struct claim claim;
	struct read_record read;
	struct root root;
	struct cab_hash hash = {'d', {{0}}};
	switch (kind) {
	case 0:
		if (object_decode(data, &key, &object, &err))
			object_release(&object);
		break;
	case 1:
		while (data.size && realization_decode(&data, &key, &realization, &err))
			realization_release(&realization);
		break;
	case 2:
		while (data.size && claim_decode(&data, &key, &claim, &err))
			;
		break;
	case 3:
		if (read_record_decode(data, &hash, &read, &err))
			read_record_release(&read);
		break;
	case 5:
		for (int whole = 0; whole < 2; whole++) {
			struct memo memo;
			if (memo_decode(data, &key, whole, &memo, &err))
				must(memo.identity_count <= MEMO_IDENTITIES, "identities fit");
		}
		break;
	case 6:
		record_commit(data);
		break;
	case 4:
		if (root_decode(data, &root, &err))
			must(root.path[0] == '/', "a root's path is absolute");
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	uint8_t kind = data[0] % 7;
	struct bytes text = bytes_of(data + 1, size - 1);
	record_decode(text, kind);
	cleanup_buf struct buf checked = BUF(BUF_MAX);
	buf_add(&checked, text);
	record_finish(&checked, 0);
	record_decode(buf_bytes(&checked), kind);
	return 0;
}
