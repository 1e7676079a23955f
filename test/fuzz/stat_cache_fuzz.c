/* SPDX-License-Identifier: MPL-2.0 */
/* The rows of a stat cache, as a file of the right folder and digest would bring them. */
#include <stdint.h>

#include "store/stat_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char folder[] = "/f";
	static const char *const paths[] = {"", "a", "a/b", "a-b", "b\xff"};
	struct bytes given = bytes_of(data, size);
	struct bytes rows;
	(void)stat_cache_decode(given, folder, &rows);

	cleanup_buf struct buf file = BUF(1 << 20);
	buf_add_text(&file, "cab stat 1\n");
	buf_add_u32(&file, sizeof folder - 1);
	buf_add_text(&file, folder);
	buf_add(&file, given);
	struct digest digest = digest_of(buf_bytes(&file));
	buf_add(&file, digest_bytes(&digest));
	if (!buf_check(&file, &(struct err){0}, "the file"))
		return 0;
	must(stat_cache_decode(buf_bytes(&file), folder, &rows) && bytes_equal(rows, given),
		"what is framed well is taken");
	must(!stat_cache_decode(buf_bytes(&file), "/g", &rows), "another folder's is not");

	struct stat_cache cache = {.rest = given};
	struct stat status = {.st_ino = 1, .st_size = 2};
	for (size_t at = 0; at < sizeof paths / sizeof *paths; at++) {
		size_t before = cache.rest.size;
		const struct digest *known =
			stat_cache_find(&cache, bytes_text(paths[at]), &status);
		must(cache.rest.size <= before, "rows are passed once");
		must(!known || ((const uint8_t *)known >= data &&
				       (const uint8_t *)known + DIGEST_SIZE <= data + size),
			"a digest lies in the file");
	}
	return 0;
}
