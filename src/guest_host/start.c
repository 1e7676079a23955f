/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/start.h"

#include "base/digest.h"
#include "guest_host/limits.h"

enum { START_DIRECTORY, START_CONTROL, START_LOG, START_ARTIFACT };

bool
start_decode(const struct wire_packet *packet, struct start_lists *lists, struct start *out,
	struct err *err)
{
	struct wire_in in = wire_open(packet);
	struct start start = {.run = wire_u32(&in)};
	start.uid = wire_u32(&in);
	start.gid = wire_u32(&in);
	start.memory = wire_u64(&in);
	start.host.seed = wire_bytes(&in);
	start.host.name = wire_bytes(&in);
	start.host.argument_count = wire_list(&in, lists->arguments, SPAWNER_LIST);
	start.host.environment_count = wire_list(&in, lists->environment, SPAWNER_LIST);
	start.inputs.store = wire_bytes(&in);
	start.inputs.count = wire_list(&in, lists->inputs, SPAWNER_INPUTS);
	start.inputs.names = lists->inputs;
	start.host.arguments = lists->arguments;
	start.host.environment = lists->environment;
	if (packet->kind != SPAWNER_START || !wire_end(&in, err))
		return err_set(err, ERR_CORRUPT, "a start message does not decode");
	start.host.directory = packet->fds[START_DIRECTORY];
	start.host.control = packet->fds[START_CONTROL];
	start.host.log = packet->fds[START_LOG];
	start.artifact = packet->fds[START_ARTIFACT];
	if (packet->fd_count <= START_LOG || start.host.seed.size != DIGEST_SIZE)
		return err_set(err, ERR_CORRUPT, "a start message lacks a descriptor or the seed");
	if (!start.memory)
		start.memory = LIMIT_MEMORY_DEFAULT;
	if (start.memory > LIMIT_MEMORY)
		start.memory = LIMIT_MEMORY;
	*out = start;
	return true;
}
