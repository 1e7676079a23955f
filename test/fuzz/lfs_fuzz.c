/* SPDX-License-Identifier: MPL-2.0 */
/* Files that may be pointers of LFS, and a server's answers on them (guest_world.h). A pointer is taken to the byte, and what
 * is written in its place is what it names. */
#include "lfs.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/must.h"
#include "guest_world.h"
#include "heap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEX = 64, NAME = 24 };

static const struct bytes front =
	BYTES_LITERAL("version https://git-lfs.github.com/spec/v1\noid sha256:");

static void
file_name(size_t at, char name[NAME])
{
	(void)snprintf(name, NAME, "%zu", at);
}

/* Three lines, whole. */
static void
check_pointer(struct bytes content)
{
	static const struct bytes size = BYTES_LITERAL("\nsize ");
	must(bytes_has_prefix(content, front), "a pointer has a version and a kind of sum");
	content = bytes_from(content, front.size);
	for (size_t at = 0; at < HEX; at++)
		must(at < content.size && strchr("0123456789abcdef", content.data[at]),
			"a sum is hexadecimal");
	content = bytes_from(content, HEX);
	must(bytes_has_prefix(content, size) && content.data[content.size - 1] == '\n' &&
			content.size > size.size + 1,
		"a pointer has a size");
	for (size_t at = size.size; at < content.size - 1; at++)
		must(content.data[at] >= '0' && content.data[at] <= '9', "a size is digits");
}

static void
run(void *context)
{
	const struct bytes *given;
	size_t count = world_given(&given);
	bool *noted = (bool *)context;
	struct output output = {0};
	struct lfs lfs = {0};
	char *names = (char *)heap_take((size_t)WORLD_BLOCKS * NAME);
	for (size_t at = 0; at < count; at++) {
		struct bytes content = given[at], line;
		char *name = names + at * NAME;
		file_name(at, name);
		if (!bytes_split(&content, '\n', &line) || !content.data ||
			content.size >= LFS_POINTER)
			continue;
		noted[at] = lfs_note(&lfs, &output, span_of(content.data, content.size), NULL,
			span_text(name), at % 2);
		if (noted[at])
			check_pointer(content);
	}
	lfs_fetch(&lfs, &output, SPAN("https://h.example/o/r/"));
}

static void
check_file(struct bytes pointer, size_t at)
{
	char name[NAME], hex[2 * HASH_SIZE_MAX + 1];
	uint8_t sum[HASH_SIZE_MAX];
	struct err err;
	file_name(at, name);
	const struct world_file *file = world_find(name);
	must(file && file->kind == (at % 2 ? 'x' : 'f'), "each content is written");
	struct hasher *hasher = hasher_new(HASH_SHA256);
	hasher_add(hasher, buf_bytes(&file->content));
	hex_print(bytes_of(sum, hasher_finish(hasher, sum, &err)), hex);
	hasher_free(hasher);
	must(memcmp(pointer.data + bytes_find(pointer, '\n') + 1 + front.size, hex, HEX) == 0,
		"it is what its pointer names");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes *given;
	world_load(bytes_of(data, size));
	size_t count = world_given(&given);
	int32_t codes[2] = {0};
	for (size_t turn = 0; turn < 2; turn++) {
		bool noted[WORLD_BLOCKS] = {0};
		codes[turn] = world_run(run, noted, turn ? 1 + size % 7 : SIZE_MAX);
		for (size_t at = 0; codes[turn] == 0 && at < count; at++)
			if (noted[at])
				check_file(given[at], at);
	}
	must(codes[0] == codes[1], "where bodies are cut means nothing");
	world_unload();
	return 0;
}
