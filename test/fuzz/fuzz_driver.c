/* SPDX-License-Identifier: MPL-2.0 */
/*
 * fuzz_driver: replays a corpus through LLVMFuzzerTestOneInput, without libFuzzer: every file of the
 * folder named on the command line, and every prefix of the small ones, for truncated input is what
 * decoders meet most.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fd.h"

enum { FILE_MAX = 16 << 20, PREFIXES = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of its own: a read past the end is seen by the sanitizer. */
static void
run(struct bytes input)
{
	uint8_t *copy = memory_new(input.size + (input.size == 0));
	if (input.size > 0)
		memcpy(copy, input.data, input.size);
	(void)LLVMFuzzerTestOneInput(copy, input.size);
	free(copy);
}

static bool
replay(int folder, const char *name, struct err *err)
{
	cleanup_buf struct buf input = BUF(FILE_MAX);
	if (!fd_read_file(folder, name, &input, err) || !buf_check(&input, err, "%s", name))
		return false;
	run(buf_bytes(&input));
	for (size_t size = 0; input.size <= PREFIXES && size < input.size; size++)
		run(bytes_first(buf_bytes(&input), size));
	return true;
}

int
main(int count, char **arguments)
{
	struct err err = {0};
	DIR *folder = count == 2 ? opendir(arguments[1]) : NULL;
	if (!folder) {
		(void)fprintf(stderr, "fuzz_driver: a folder with a corpus is wanted\n");
		return 2;
	}
	size_t files = 0;
	const struct dirent *entry;
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		if (!replay(dirfd(folder), entry->d_name, &err)) {
			(void)fprintf(stderr, "fuzz_driver: %s\n", err.text);
			return 1;
		}
		files++;
	}
	(void)closedir(folder);
	(void)printf("%zu inputs\n", files);
	return files == 0;
}
