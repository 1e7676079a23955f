/* SPDX-License-Identifier: MPL-2.0 */
/*
 * packages: a host's package database. Its fingerprint is the same in whatever order the packages stand, and with
 * more that are not installed; a refusal says why, and leaves the digest alone.
 */
#include "base/buf.h"
#include "base/must.h"
#include "sandbox/host_root.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct finding {
	bool found;
	struct digest digest;
};

static struct finding
find(struct bytes status)
{
	struct finding finding = {0};
	struct err err = {0};
	finding.found = host_root_fingerprint(status, &finding.digest, &err);
	const struct digest none = {0};
	must(finding.found || (err.text[0] && digest_equal(&finding.digest, &none)),
		"a refusal has a reason and no digest");
	return finding;
}

/* The first paragraph behind the others, or, of one alone, as it is; before both a package that is not there. */
static void
turn(struct bytes status, struct buf *out)
{
	size_t end = 0;
	while (end + 1 < status.size && (status.data[end] != '\n' || status.data[end + 1] != '\n'))
		end++;
	buf_add(out, BYTES_LITERAL("Package: none\nStatus: deinstall ok config-files\n\n"));
	if (end + 1 < status.size) {
		buf_add(out, bytes_from(status, end + 2));
		buf_add(out, BYTES_LITERAL("\n\n"));
		status = bytes_first(status, end);
	}
	buf_add(out, status);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_buf struct buf turned = BUF(BUF_MAX);
	turn(bytes_of(data, size), &turned);
	struct finding first = find(bytes_of(data, size));
	struct finding second = find(buf_bytes(&turned));
	must(first.found == second.found && digest_equal(&first.digest, &second.digest),
		"the order of packages means nothing");
	return 0;
}
