/* SPDX-License-Identifier: MPL-2.0 */
/* precedence: three versions, a line each: an order is the same from both sides, goes through, and is the fetcher's own. */
#include "island/precedence.h"

#include "base/must.h"
#include "version.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int order(struct bytes left, struct bytes right);

static int
sign(int number)
{
	return (number > 0) - (number < 0);
}

static void
check(order *compare, const struct bytes *versions)
{
	for (size_t at = 0; at < 9; at++) {
		struct bytes left = versions[at / 3];
		struct bytes right = versions[at % 3];
		must(sign(compare(left, right)) == -sign(compare(right, left)),
			"an order has two sides");
	}
	for (size_t at = 0; at < 3; at++) {
		struct bytes middle = versions[(at + 1) % 3];
		int first = sign(compare(versions[at], middle));
		int second = sign(compare(middle, versions[(at + 2) % 3]));
		if (first == second || !first || !second)
			must(sign(compare(versions[at], versions[(at + 2) % 3])) ==
					(first ? first : second),
				"an order goes through");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = bytes_of(data, size);
	struct bytes none = BYTES_LITERAL("");
	struct bytes versions[3] = {none, none, none};
	for (size_t at = 0; at < 3 && bytes_split(&rest, '\n', &versions[at]);)
		at++;
	check(precedence_semantic, versions);
	check(precedence_python, versions);
	struct span left = span_of(versions[0].data, versions[0].size);
	struct span right = span_of(versions[1].data, versions[1].size);
	must(sign(version_compare(left, right)) ==
			sign(precedence_semantic(versions[0], versions[1])),
		"it is the fetcher's order");
	if (version_is_final_python(left) && version_is_final_python(right))
		must(sign(version_compare_python(left, right)) ==
				sign(precedence_python(versions[0], versions[1])),
			"it is the fetcher's order");
	return 0;
}
