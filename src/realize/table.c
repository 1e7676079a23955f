/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/table.h"

#include "store/claim.h"

static bool
table_is_shared(const struct table *table, struct bytes format)
{
	for (size_t at = 0; at < table->shared_count; at++)
		if (bytes_equal(table->shared[at], format))
			return true;
	return false;
}

/* False where the pair is not of the grammar; who calls has checked it. */
static bool
table_fill(const struct table *table, struct bytes format, struct bytes value, struct claim *out)
{
	*out = (struct claim){.program = table->program, .scope = table->scope};
	out->scoped = !table_is_shared(table, format);
	if (format.size > CLAIM_FORMAT_MAX || value.size > CLAIM_VALUE_MAX)
		return false;
	memcpy(out->format, format.data, format.size);
	memcpy(out->value, value.data, value.size);
	return true;
}

bool
table_find(const struct table *table, struct bytes format, struct bytes value, struct cab_hash *out)
{
	struct claim claim;
	struct err miss;
	if (!table_fill(table, format, value, &claim))
		return false;
	bool found = claim_find(table->store, &claim, &miss);
	for (size_t at = 0; !found && !claim.scoped && at < table->believed_count; at++) {
		claim.program = table->believed[at];
		found = claim_find(table->store, &claim, &miss);
	}
	if (found)
		*out = claim.hash;
	return found;
}

void
table_put(const struct table *table, struct bytes format, struct bytes value, const struct cab_hash *hash,
	  uint64_t size, uint64_t files)
{
	struct claim claim;
	if (!table_fill(table, format, value, &claim))
		return;
	claim.hash = *hash;
	claim.size = size;
	claim.files = files;
	claim_put(table->store, &claim);
}

struct digest
table_key(const struct table *table, struct bytes format, struct bytes value)
{
	struct claim claim;
	must(table_fill(table, format, value, &claim), "an identity is of the grammar before it is recorded");
	return claim_key(&claim);
}
