/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/spawner_answer.h"

#include "wire/spawner.h"
#include "wire/wire.h"

bool
spawner_answer_decode(struct bytes packet, struct spawner_answer *out, struct err *err)
{
	struct wire_in in = {packet, false};
	struct spawner_answer answer = {.kind = wire_u32(&in)};
	uint32_t pid = 1;
	answer.run = wire_u32(&in);
	if (answer.kind == SPAWNER_STARTED)
		pid = wire_u32(&in);
	else if (answer.kind == SPAWNER_FAILED)
		answer.why = wire_bytes(&in);
	else
		return err_set(
			err, ERR_CORRUPT, "cab-guest sent a message of kind %u", answer.kind);
	if (!wire_end(&in, err))
		return false;
	if (!pid || pid > INT_MAX || answer.why.size > SPAWNER_WHY)
		return err_set(err, ERR_CORRUPT, "cab-guest sent an answer that cannot be");
	if (answer.kind == SPAWNER_STARTED)
		answer.pid = (int)pid;
	*out = answer;
	return true;
}
