/* SPDX-License-Identifier: MPL-2.0 */
/* Packets of all the realizer's children: what decodes is within its ceilings, and says all that the packet says. */
#include "realize/guest_message.h"
#include "realize/network_answer.h"
#include "realize/spawner_answer.h"

#include "base/must.h"
#include "guest/abi.h"
#include "wire/network.h"
#include "wire/spawner.h"
#include "wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_guest(struct bytes packet, const struct guest_message *message)
{
	cleanup_buf struct buf again = BUF(BUF_MAX);
	wire_begin(&again, message->kind);
	if (message->kind == GUEST_OPEN || message->kind == GUEST_CLOSE)
		buf_add_u32(&again, message->id);
	if (message->kind == GUEST_OPEN) {
		wire_add(&again, message->method);
		wire_add(&again, message->url);
		wire_add(&again, message->headers);
		wire_add(&again, message->body);
		must(message->url.size <= CAB_HTTP_URL && message->body.size <= CAB_HTTP_BODY &&
				message->headers.size <= CAB_HTTP_HEADERS &&
				message->method.size <= GUEST_METHOD,
			"a request has ceilings");
	}
	if (message->kind == GUEST_CLOSE || message->kind == GUEST_PROGRESS)
		buf_add_u64(&again, message->received);
	if (message->kind == GUEST_PROGRESS) {
		buf_add_u64(&again, message->expected);
		buf_add_u64(&again, message->objects);
		buf_add_u64(&again, message->memory);
	}
	must(bytes_equal(buf_bytes(&again), packet), "a guest's message is all of its packet");
}

static void
check_spawner(struct bytes packet, const struct spawner_answer *answer)
{
	cleanup_buf struct buf again = BUF(BUF_MAX);
	wire_begin(&again, answer->kind);
	buf_add_u32(&again, answer->run);
	if (answer->kind == SPAWNER_STARTED)
		buf_add_u32(&again, (uint32_t)answer->pid);
	else
		wire_add(&again, answer->why);
	must(answer->kind != SPAWNER_STARTED || answer->pid > 0, "a process has a number");
	must(answer->why.size <= SPAWNER_WHY, "a reason has a ceiling");
	must(bytes_equal(buf_bytes(&again), packet), "the spawner's answer is all of its packet");
}

static void
check_network(struct bytes packet, const struct network_answer *answer)
{
	cleanup_buf struct buf again = BUF(BUF_MAX);
	wire_begin(&again, answer->kind);
	buf_add_u32(&again, answer->id);
	if (answer->kind == NETWORK_HEAD) {
		buf_add_u32(&again, answer->status);
		wire_add(&again, answer->url);
		wire_add(&again, answer->headers);
	} else if (answer->kind == NETWORK_MOVED) {
		buf_add_u64(&again, answer->received);
	} else if (answer->kind == NETWORK_END) {
		/* Any number but 0 says that it was refused. */
		buf_add(&again, bytes_first(bytes_from(packet, again.size), 4));
		buf_add_u64(&again, answer->end.size);
		buf_add_u64(&again, answer->end.received);
		buf_add_u32(&again, answer->end.requests);
		wire_add(&again, answer->end.why);
	} else {
		wire_add(&again, answer->text);
	}
	must(answer->text.size <= NETWORK_TEXT && answer->end.why.size <= NETWORK_TEXT,
		"a text has a ceiling");
	must(bytes_equal(buf_bytes(&again), packet), "the network's answer is all of its packet");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes packet = bytes_of(data, size);
	struct guest_message message;
	struct spawner_answer spawner;
	struct network_answer network;
	struct err err[3] = {{0}};
	size_t taken = 0;
	if (guest_message_decode(packet, &message, &err[0])) {
		check_guest(packet, &message);
		taken++;
	}
	if (spawner_answer_decode(packet, &spawner, &err[1])) {
		check_spawner(packet, &spawner);
		taken++;
	}
	if (network_answer_decode(packet, &network, &err[2])) {
		check_network(packet, &network);
		taken++;
	}
	must(taken <= 1, "a packet is of one protocol");
	must(taken || (err[0].text[0] && err[1].text[0] && err[2].text[0]),
		"a refusal has a reason");
	return 0;
}
