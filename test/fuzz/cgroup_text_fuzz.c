/* SPDX-License-Identifier: MPL-2.0 */
/* The first byte says which controller and which word; the rest is each of the kernel's files. */
#include "sandbox/cgroup_text.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_path(struct bytes table, const char *controller)
{
	struct bytes path, part;
	if (!cgroup_text_path(table, controller, &path))
		return;
	must(path.size && path.data[0] == '/', "a path is absolute");
	must(bytes_find(path, 0) == SIZE_MAX && bytes_find(path, '\n') == SIZE_MAX,
		"a path is one, and can be opened");
	while (bytes_split(&path, '/', &part))
		must(!bytes_equal_text(part, ".."), "a path leads nowhere else");
}

static void
check_words(struct bytes text, const char *word)
{
	cleanup_buf struct buf longer = BUF(BUF_MAX);
	uint64_t count = cgroup_text_count(text, word);
	bool has = cgroup_text_has(text, word);
	must(has || !count, "what is counted is there");
	/* The first counts. */
	buf_add(&longer, text);
	buf_add_text(&longer, "\n");
	buf_add_text(&longer, word);
	buf_add_text(&longer, " 7\n");
	must(cgroup_text_has(buf_bytes(&longer), word), "a word at the end is found");
	uint64_t more = cgroup_text_count(buf_bytes(&longer), word);
	must(count ? more == count : more == 0 || more == 7, "what stands first counts");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const controllers[] = {"", "memory", "pids"};
	static const char *const words[] = {"oom_kill", "max", "memory", "pids"};
	if (!size)
		return 0;
	struct bytes text = bytes_of(data + 1, size - 1);
	check_path(text, controllers[data[0] % 3]);
	check_words(text, words[data[0] / 3 % 4]);
	return 0;
}
