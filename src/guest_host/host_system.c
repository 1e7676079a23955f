/* SPDX-License-Identifier: MPL-2.0 */
/* What a guest knows of its run: arguments, environment, a clock that stands, a stream of bytes. */
#include "guest_host/host_functions.h"

#include <unistd.h>

#include "base/digest.h"

/* Item `at` of argv: the name, then the arguments. */
static struct bytes
argument_at(const struct host_start *start, size_t at)
{
	return at ? start->arguments[at - 1] : start->name;
}

static struct bytes
variable_at(const struct host_start *start, size_t at)
{
	return start->environment[at];
}

typedef struct bytes item_at(const struct host_start *start, size_t at);

/* Pointers at `pointers`, texts with their NULs from `texts` on. */
static int32_t
put_texts(struct host *host, item_at *item, size_t count, uint64_t pointers, uint64_t texts)
{
	for (size_t at = 0; at < count; at++) {
		struct bytes text = item(host->start, at);
		uint8_t *to = host_span(host, texts, text.size + 1);
		if (!to || !host_put_u32(host, pointers, (uint32_t)texts))
			return WASI_FAULT;
		if (text.size)
			memcpy(to, text.data, text.size);
		to[text.size] = 0;
		texts += text.size + 1;
		pointers += 4;
	}
	return WASI_SUCCESS;
}

static int32_t
put_sizes(struct host *host, item_at *item, size_t count, uint64_t count_at, uint64_t size_at)
{
	uint64_t size = 0;
	for (size_t at = 0; at < count; at++)
		size += item(host->start, at).size + 1;
	if (!host_put_u32(host, count_at, (uint32_t)count) ||
		!host_put_u32(host, size_at, (uint32_t)size))
		return WASI_FAULT;
	return WASI_SUCCESS;
}

int32_t
host_args_get(struct host *host, const uint64_t *arguments)
{
	return put_texts(
		host, argument_at, host->start->argument_count + 1, arguments[0], arguments[1]);
}

int32_t
host_args_sizes_get(struct host *host, const uint64_t *arguments)
{
	return put_sizes(
		host, argument_at, host->start->argument_count + 1, arguments[0], arguments[1]);
}

int32_t
host_environ_get(struct host *host, const uint64_t *arguments)
{
	return put_texts(
		host, variable_at, host->start->environment_count, arguments[0], arguments[1]);
}

int32_t
host_environ_sizes_get(struct host *host, const uint64_t *arguments)
{
	return put_sizes(
		host, variable_at, host->start->environment_count, arguments[0], arguments[1]);
}

int32_t
host_clock_res_get(struct host *host, const uint64_t *arguments)
{
	if (arguments[0] >= WASI_CLOCKS)
		return WASI_INVAL;
	return host_put_u64(host, arguments[1], WASI_NOW) ? WASI_SUCCESS : WASI_FAULT;
}

int32_t
host_clock_time_get(struct host *host, const uint64_t *arguments)
{
	if (arguments[0] >= WASI_CLOCKS)
		return WASI_INVAL;
	return host_put_u64(host, arguments[2], WASI_NOW) ? WASI_SUCCESS : WASI_FAULT;
}

/* Block n of the stream is derive_key("cab guest random 1", seed and n as u64). Each call begins
 * with a new block, so the stream depends on the sizes that were asked for. */
int32_t
host_random_get(struct host *host, const uint64_t *arguments)
{
	uint8_t *to = host_span(host, arguments[0], arguments[1]);
	if (!to)
		return WASI_FAULT;
	size_t left = arguments[1] & UINT32_MAX;
	uint8_t key[DIGEST_SIZE + 8] = {0};
	struct bytes seed = bytes_first(host->start->seed, DIGEST_SIZE);
	memcpy(key, seed.data, seed.size);
	while (left) {
		uint64_t block = host->random_block++;
		for (size_t at = 0; at < 8; at++)
			key[DIGEST_SIZE + at] = (uint8_t)(block >> (8 * at));
		struct digest digest =
			digest_derive("cab guest random 1", bytes_of(key, sizeof key));
		size_t size = left < DIGEST_SIZE ? left : DIGEST_SIZE;
		memcpy(to, digest.bytes, size);
		to += size;
		left -= size;
	}
	return WASI_SUCCESS;
}

int32_t
host_sched_yield(struct host *host, const uint64_t *arguments)
{
	(void)host;
	(void)arguments;
	return WASI_SUCCESS;
}

/* The guest is the process. A code that an exit status cannot hold must not become 0. */
int32_t
host_proc_exit(struct host *host, const uint64_t *arguments)
{
	host_end(host);
	_exit(arguments[0] > 255 ? 255 : (int)arguments[0]);
}

int32_t
host_log_text(struct host *host, const uint64_t *arguments)
{
	struct bytes text;
	if (host_bytes(host, arguments[0], arguments[1], &text))
		host_log(host, text);
	return 0;
}
