/* SPDX-License-Identifier: MPL-2.0 */
#include "island/memo_commit.h"

#include "base/digest.h"

enum { ID = 32, SIZE = 4 };

static const struct bytes magic = {(const uint8_t *)"cab git 1\n", 10};
/* 9999-12-31: what a calendar of four digits can show. */
static const int64_t latest = 253402300799;

/* The content of the first record, where it is of this revision. */
static bool
record_find(struct bytes memo, struct bytes revision, struct bytes *out)
{
	uint8_t id[ID] = {0};
	struct bytes rest = bytes_from(memo, magic.size);
	if (!bytes_has_prefix(memo, magic) || rest.size < ID + SIZE ||
		(revision.size != 40 && revision.size != 64) || !hex_parse(revision, id) ||
		memcmp(rest.data, id, ID) != 0)
		return false;
	const uint8_t *size = rest.data + ID;
	uint32_t length = (uint32_t)size[0] | (uint32_t)size[1] << 8 | (uint32_t)size[2] << 16 |
			  (uint32_t)size[3] << 24;
	rest = bytes_from(rest, ID + SIZE);
	*out = bytes_first(rest, length);
	return length <= rest.size;
}

/* "NAME <MAIL> SECONDS ZONE" */
static bool
time_read(struct bytes line, int64_t *out)
{
	int64_t seconds = 0;
	size_t end = line.size;
	while (end && line.data[end - 1] != '>')
		end--;
	struct bytes rest = bytes_from(line, end + 1);
	struct bytes digits = bytes_first(rest, bytes_find(rest, ' '));
	for (size_t at = 0; at < digits.size; at++) {
		if (digits.data[at] < '0' || digits.data[at] > '9' || seconds > latest / 10)
			return false;
		seconds = seconds * 10 + (digits.data[at] - '0');
	}
	*out = seconds;
	return end && digits.size && seconds <= latest;
}

bool
memo_commit_read(
	struct bytes memo, struct bytes revision, struct bytes old, struct memo_commit *out)
{
	static const struct bytes parent = {(const uint8_t *)"parent ", 7};
	static const struct bytes committer = {(const uint8_t *)"committer ", 10};
	struct bytes rest, line;
	size_t parents = 0;
	bool follows = false;
	if (!record_find(memo, revision, &rest))
		return false;
	while (bytes_split(&rest, '\n', &line) && line.size) {
		if (bytes_has_prefix(line, parent)) {
			parents++;
			follows = bytes_equal(bytes_from(line, parent.size), old);
		} else if (bytes_has_prefix(line, committer)) {
			int64_t time;
			if (!time_read(bytes_from(line, committer.size), &time))
				return false;
			*out = (struct memo_commit){time, follows && parents == 1};
			return true;
		}
	}
	return false;
}
