/* SPDX-License-Identifier: MPL-2.0 */
/*
 * An island's words, one a line: scheme, ref, subpath, then KEY=VALUE of the configuration, where a VALUE of digits is
 * a number and `true` a truth. A scheme that is no builtin one is bound to a fetcher. What is accepted derives, and its
 * texts hold nothing that a lock or a terminal could be hurt by.
 */
#include "island/derive.h"

#include "island/fetcher.h"
#include "island/lock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MODULE "/cull/store/2m73jcvvvx7sngxbokzju2it74cpn4tgeb5hvduxn4xm2vy5isja-island.wasm"

enum { ENTRIES = 8 };

static struct island_entry
entry_of(struct bytes line)
{
	size_t equals = bytes_find(line, '=');
	struct island_entry entry = {.key = bytes_first(line, equals)};
	if (equals == SIZE_MAX)
		return entry;
	entry.text = bytes_from(line, equals + 1);
	if (bytes_equal_text(entry.text, "true")) {
		entry.kind = ISLAND_ENTRY_TRUTH;
		entry.number = 1;
	} else if (entry.text.size == 1) {
		entry.kind = ISLAND_ENTRY_NUMBER;
		entry.number = entry.text.data[0] - '0';
	}
	return entry;
}

/* The lock must read back what it writes for this island. */
static void
check_lock(const struct island *island)
{
	struct identity identity = {BYTES_LITERAL("git"), BYTES_LITERAL("1")};
	struct lock_entry entry = {
		.key = island->text, .identities = &identity, .identity_count = 1};
	cleanup_lock struct lock lock = {0};
	cleanup_lock struct lock again = {0};
	cleanup_buf struct buf text = BUF(BUF_MAX);
	struct err err = {0};
	(void)lock_put(&lock, &entry);
	lock_encode(&lock, &text);
	bool decoded = lock_decode(buf_bytes(&text), &again, &err);
	must(decoded && lock_find(&again, island->text), "a lock holds each island");
}

static void
check(struct arena *arena, const struct island *island)
{
	struct err err = {0};
	struct island_settings settings = {.program = BYTES_LITERAL(MODULE)};
	struct derivation derivation;
	bool derived = island_derive(arena, island, &settings, &derivation, &err);
	must(derived != island_is_local(island), "all but local islands derive");
	must(derivation_is_name(island->name, DERIVATION_NAME), "its object has a name");
	struct bytes pin;
	struct identity identity;
	if (island_pin(arena, island, &pin))
		must(identity_parse(pin, &identity), "a pin is an identity");
	check_lock(island);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = ARENA;
	struct bytes rest = bytes_of(data, size);
	struct bytes line;
	struct island_entry entries[ENTRIES];
	static const struct bytes origins[] = {{(const uint8_t *)"https://h.example", 17}};
	static const struct bytes inputs[] = {{(const uint8_t *)MODULE, sizeof MODULE - 1}};
	static const struct island_fetcher fetcher = {
		.program = {(const uint8_t *)MODULE, sizeof MODULE - 1},
		.inputs = inputs,
		.input_count = 1,
		.origins = origins,
		.origin_count = 1};
	struct island_words words = {.entries = entries, .fetcher = &fetcher};
	if (size == 0)
		return 0;
	(void)(bytes_split(&rest, '\n', &words.scheme) && bytes_split(&rest, '\n', &words.ref) &&
		bytes_split(&rest, '\n', &words.subpath));
	while (words.entry_count < ENTRIES && bytes_split(&rest, '\n', &line))
		entries[words.entry_count++] = entry_of(line);
	struct island island;
	struct err err = {0};
	if (island_parse(&arena, &words, &island, &err))
		check(&arena, &island);
	else
		must(err.kind == ERR_REFUSED, "an error has its kind");
	return 0;
}
