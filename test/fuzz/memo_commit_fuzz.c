/* SPDX-License-Identifier: MPL-2.0 */
#include "base/must.h"
#include "island/memo_commit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bytes revision =
		BYTES_LITERAL("2222222222222222222222222222222222222222");
	static const struct bytes old = BYTES_LITERAL("1111111111111111111111111111111111111111");
	struct memo_commit commit;
	if (memo_commit_read(bytes_of(data, size), revision, old, &commit))
		must(commit.time >= 0 && commit.time <= 253402300799 && commit.commits < 2,
			"a date can be shown");
	return 0;
}
