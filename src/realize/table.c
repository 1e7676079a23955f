/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/table.h"

#include "realize/program.h"
#include "store/claim.h"

/* Nothing but the module itself decides what it does with its arguments and what it is sent. */
static bool
table_is_alone(const struct derivation *derivation)
{
	if (derivation->input_count != 1 || derivation->environment_count)
		return false;
	struct bytes input = derivation->inputs[0];
	struct bytes rest = bytes_from(derivation->program, input.size);
	return bytes_has_prefix(derivation->program, input) &&
	       (rest.size == 0 || rest.data[0] == '/');
}

struct table
table_of_module(struct store *store, const struct derivation *derivation,
	const struct digest *resolved, struct bytes module)
{
	struct table table = {.store = store, .scope = *resolved, .program = digest_of(module)};
	if (table_is_alone(derivation))
		table.shared_count = program_formats(module, table.shared, TABLE_FORMATS);
	return table;
}

struct table
table_of_program(
	struct store *store, const struct derivation *derivation, const struct digest *resolved)
{
	return (struct table){
		.store = store, .scope = *resolved, .program = digest_of(derivation->program)};
}

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
	if (format.size > sizeof out->format - 1 || value.size > sizeof out->value - 1)
		return false;
	memcpy(out->format, format.data, format.size);
	memcpy(out->value, value.data, value.size);
	return true;
}

bool
table_find(const struct table *table, struct bytes format, struct bytes value, struct cab_hash *out,
	const char **cache_out)
{
	struct claim record;
	struct err miss;
	if (!table_fill(table, format, value, &record))
		return false;
	bool found = claim_find(table->store, &record, &miss);
	for (size_t at = 0; !found && !record.scoped && at < table->believed_count; at++) {
		record.program = table->believed[at];
		found = claim_find(table->store, &record, &miss);
	}
	if (found) {
		*out = record.hash;
		*cache_out = record.cache;
	}
	return found;
}

void
table_put(const struct table *table, struct bytes format, struct bytes value,
	const struct cab_hash *hash, uint64_t size, uint64_t files)
{
	struct claim record;
	if (!table_fill(table, format, value, &record))
		return;
	record.hash = *hash;
	record.size = size;
	record.files = files;
	claim_put(table->store, &record);
}

struct digest
table_key(const struct table *table, struct bytes format, struct bytes value)
{
	struct claim record;
	must(table_fill(table, format, value, &record),
		"an identity is of the grammar before it is recorded");
	return claim_key(&record);
}
