/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What gc looks for in the bytes of a lock and in a result's target: each thing that is found stands there, and text before and
 * behind it hides none.
 */
#include "store/root.h"

#include <string.h>

#include "base/must.h"
#include "store/git_object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct found {
	cab_hash_list hashes;
	git_word_list words;
	ARRAY(struct digest) paths;
};

static bool
holds(struct bytes text, const char *part)
{
	return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

static void
find(struct bytes text, struct found *found)
{
	struct bytes target = text;
	struct digest path;
	*found = (struct found){0};
	root_search(text, &found->hashes);
	root_search_git(text, &found->words);
	while (root_next_path(&target, &path))
		*array_push(&found->paths) = path;
}

static void
release(struct found *found)
{
	array_release(&found->hashes);
	array_release(&found->words);
	array_release(&found->paths);
}

static void
check(struct bytes text, const struct found *found)
{
	struct git_id id;
	for (size_t at = 0; at < found->hashes.size; at++)
		must(holds(text, cab_hash_print(&found->hashes.data[at]).text),
			"a hash stands in the text");
	for (size_t at = 0; at < found->paths.size; at++)
		must(holds(text, digest_print(&found->paths.data[at]).text),
			"a path stands in the target");
	for (size_t at = 0; at < found->words.size; at++) {
		struct bytes word = found->words.data[at];
		must(word.data >= text.data && word.data + word.size <= text.data + text.size,
			"a word is of the text");
		must(git_id_parse(word, &id), "a word is an id");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char before[] = "{\"dfxl\":1}\n/", after[] = "/,\n0123";
	struct found one, other;
	cleanup_buf struct buf longer = BUF(BUF_MAX);
	buf_add_text(&longer, before);
	buf_add(&longer, bytes_of(data, size));
	buf_add_text(&longer, after);
	find(bytes_of(data, size), &one);
	find(buf_bytes(&longer), &other);
	check(bytes_of(data, size), &one);
	check(buf_bytes(&longer), &other);
	must(one.hashes.size == other.hashes.size && one.words.size == other.words.size &&
			one.paths.size == other.paths.size,
		"what stands around them hides none");
	release(&one);
	release(&other);
	return 0;
}
