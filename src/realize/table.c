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

struct table
table_of_shared(struct store *store, const struct digest *program, struct bytes module)
{
	struct table table = {.store = store, .program = *program};
	table.shared_count = program_formats(module, table.shared, TABLE_FORMATS);
	return table;
}

void
table_believe(struct table *table, const struct digest *programs, size_t count)
{
	for (size_t at = 0; at < count && table->believed_count < TABLE_BELIEVED; at++)
		table->believed[table->believed_count++] = programs[at];
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
table_find_claim(
	const struct table *table, struct bytes format, struct bytes value, struct claim *out)
{
	struct err miss;
	if (!table_fill(table, format, value, out))
		return false;
	bool found = claim_find(table->store, out, &miss);
	for (size_t at = 0; !found && !out->scoped && at < table->believed_count; at++) {
		out->program = table->believed[at];
		found = claim_find(table->store, out, &miss);
	}
	return found;
}

bool
table_find(const struct table *table, struct bytes format, struct bytes value, struct cab_hash *out,
	const char **cache_out)
{
	struct claim record;
	if (!table_find_claim(table, format, value, &record))
		return false;
	*out = record.hash;
	*cache_out = record.cache;
	return true;
}

void
table_put(const struct table *table, struct bytes format, struct bytes value,
	const struct cab_hash *hash, uint64_t size, uint64_t files)
{
	struct identity line = {format, value};
	table_put_lines(table, &line, 1, hash, size, files);
}

static bool
table_is_cab(struct identity line)
{
	return bytes_equal_text(line.format, "cab");
}

void
table_put_lines(const struct table *table, const struct identity *lines, size_t count,
	const struct cab_hash *hash, uint64_t size, uint64_t files)
{
	for (size_t at = 0; at < count; at++) {
		struct claim record;
		if (table_is_cab(lines[at]) ||
			!table_fill(table, lines[at].format, lines[at].value, &record))
			continue;
		record.hash = *hash;
		record.size = size;
		record.files = files;
		bool room = true;
		for (size_t behind = at + 1; room && behind < count; behind++)
			if (!table_is_cab(lines[behind]))
				room = claim_add_then(
					&record, lines[behind].format, lines[behind].value);
		claim_put(table->store, &record);
	}
}

size_t
table_follow(const struct table *table, struct identity line, const struct cab_hash *hash,
	struct arena *arena, struct identity *out, size_t capacity)
{
	struct claim record;
	size_t count = 0;
	if (!table_find_claim(table, line.format, line.value, &record) ||
		!cab_hash_equal(&record.hash, hash))
		return 0;
	struct bytes rest = bytes_text(record.then);
	struct bytes text;
	while (count < capacity && bytes_split(&rest, '\n', &text)) {
		struct identity next;
		struct cab_hash said;
		const char *cache = NULL;
		if (identity_parse(text, &next) &&
			table_find(table, next.format, next.value, &said, &cache) &&
			cab_hash_equal(&said, hash))
			out[count++] = (struct identity){
				arena_copy(arena, next.format), arena_copy(arena, next.value)};
	}
	return count;
}

struct digest
table_key(const struct table *table, struct bytes format, struct bytes value)
{
	struct claim record;
	must(table_fill(table, format, value, &record),
		"an identity is of the grammar before it is recorded");
	return claim_key(&record);
}
