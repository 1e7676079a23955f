/* SPDX-License-Identifier: MPL-2.0 */
#include "realize/guest_message.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "guest/abi.h"
#include "wire/spawner.h"
#include "wire/wire.h"

static bool
is_method(struct bytes text)
{
	for (size_t at = 0; at < text.size; at++)
		if (text.data[at] < 'A' || text.data[at] > 'Z')
			return false;
	return text.size && text.size <= GUEST_METHOD;
}

static bool
is_url(struct bytes text)
{
	for (size_t at = 0; at < text.size; at++)
		if (text.data[at] <= ' ' || text.data[at] >= 0x7f)
			return false;
	return text.size && text.size <= CAB_HTTP_URL;
}

/* Lines that end in "\n"; no other control character but a tab. */
static bool
is_header_lines(struct bytes text)
{
	for (size_t at = 0; at < text.size; at++) {
		uint8_t byte = text.data[at];
		if ((byte < ' ' && byte != '\t' && byte != '\n') || byte == 0x7f)
			return false;
	}
	return text.size <= CAB_HTTP_HEADERS && (!text.size || text.data[text.size - 1] == '\n');
}

static bool
open_check(const struct guest_message *open, struct err *err)
{
	const char *what = !is_method(open->method)          ? "method"
			   : !is_url(open->url)              ? "URL"
			   : !is_header_lines(open->headers) ? "headers"
			   : open->body.size > CAB_HTTP_BODY ? "body"
							     : NULL;
	return !what || err_set(err, ERR_REFUSED,
				"the guest's request %u is not one of the interface: its %s",
				open->id, what);
}

bool
guest_message_decode(struct bytes packet, struct guest_message *out, struct err *err)
{
	struct wire_in in = {packet, false};
	struct guest_message message = {.kind = wire_u32(&in)};
	switch (message.kind) {
	case GUEST_OPEN:
		message.id = wire_u32(&in);
		message.method = wire_bytes(&in);
		message.url = wire_bytes(&in);
		message.headers = wire_bytes(&in);
		message.body = wire_bytes(&in);
		break;
	case GUEST_CLOSE:
		message.id = wire_u32(&in);
		message.received = wire_u64(&in);
		break;
	case GUEST_PROGRESS:
		message.received = wire_u64(&in);
		message.expected = wire_u64(&in);
		message.objects = wire_u64(&in);
		message.memory = wire_u64(&in);
		break;
	case GUEST_FORMER:
		break;
	default:
		return err_set(
			err, ERR_CORRUPT, "the guest sent a message of kind %u", message.kind);
	}
	if (!wire_end(&in, err) || (message.kind == GUEST_OPEN && !open_check(&message, err)))
		return false;
	*out = message;
	return true;
}

bool
guest_message_check_body(int fd, struct err *err)
{
	const int sealed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	struct stat status;
	int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & sealed) != sealed || fstat(fd, &status) < 0)
		return err_set(err, ERR_REFUSED,
			"the guest sent a request's body that is no sealed memory file");
	if (status.st_size > CAB_HTTP_BODY)
		return err_set(err, ERR_REFUSED, "the guest sent a request's body of %lld bytes",
			(long long)status.st_size);
	return true;
}
