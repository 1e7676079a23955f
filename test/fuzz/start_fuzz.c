/* SPDX-License-Identifier: MPL-2.0 */
/* What a guest process is started with, as the packet that says so: all of it, within its ceilings; inputs are names in a folder. */
#include "guest_host/start.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/must.h"
#include "base/path.h"
#include "guest_host/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct bytes packet, const struct start *start)
{
	struct err err;
	cleanup_buf struct buf again = BUF(BUF_MAX);
	must(start->memory && start->memory <= LIMIT_MEMORY, "memory has a ceiling");
	must(start->host.seed.size == DIGEST_SIZE, "a seed is whole");
	wire_begin(&again, SPAWNER_START);
	buf_add_u32(&again, start->run);
	buf_add_u32(&again, start->uid);
	buf_add_u32(&again, start->gid);
	buf_add(&again, bytes_first(bytes_from(packet, again.size), 8));
	wire_add(&again, start->host.seed);
	wire_add(&again, start->host.name);
	wire_add_list(&again, start->host.arguments, start->host.argument_count);
	wire_add_list(&again, start->host.environment, start->host.environment_count);
	wire_add(&again, start->inputs.store);
	wire_add_list(&again, start->inputs.names, start->inputs.count);
	must(bytes_equal(buf_bytes(&again), packet), "a start is all of its packet");
	if (!inputs_check(&start->inputs, &err))
		return;
	for (size_t at = 0; at < start->inputs.count; at++)
		must(path_is_name(start->inputs.names[at]), "an input is one name");
	must(!start->inputs.count || start->inputs.store.data[0] == '/', "a store is absolute");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4 || size > WIRE_PACKET)
		return 0;
	struct err err = {0};
	struct start start;
	struct wire_packet *packet = (struct wire_packet *)memory_new(sizeof *packet);
	struct start_lists *lists = (struct start_lists *)memory_new(sizeof *lists);
	memcpy(packet->data, data, size);
	packet->size = size;
	packet->kind = data[0];
	packet->fd_count = 3;
	for (size_t at = 0; at < WIRE_FDS; at++)
		packet->fds[at] = -1;
	if (start_decode(packet, lists, &start, &err)) {
		packet->data[1] = packet->data[2] = packet->data[3] = 0;
		check(wire_whole(packet), &start);
	} else {
		must(err.kind == ERR_CORRUPT, "a broken start has a reason");
	}
	free(lists);
	free(packet);
	return 0;
}
