/* SPDX-License-Identifier: MPL-2.0 */
/*
 * host_fuzz: a hostile guest, and a realizer that talks nonsense.
 *
 *     u8 size of a packet, the packet: from the realizer, before it goes away
 *     then calls: u8 which import, u16 for each parameter, 0xfff0 and above being far away
 *
 * The memory begins as the input itself, so names and pieces come from it. What must hold: nothing
 * is read or written outside of the memory, nothing is made outside of the working directory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "guest_host/host.h"
#include "wire/wire.h"

enum { MEMORY = 4096, CALLS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t
take_byte(struct bytes *input)
{
	if (!input->size)
		return 0;
	uint8_t byte = *input->data;
	*input = bytes_from(*input, 1);
	return byte;
}

static uint64_t
take_argument(struct bytes *input)
{
	unsigned number = take_byte(input);
	number |= (unsigned)take_byte(input) << 8;
	return number >= 0xfff0 ? UINT32_MAX - (0xffff - number) : number;
}

static void
call(struct host *host, struct bytes input)
{
	for (size_t calls = 0; calls < CALLS && input.size; calls++) {
		const struct host_import *import = &host_imports[take_byte(&input) % HOST_IMPORTS];
		uint64_t arguments[HOST_PARAMETERS] = {0};
		for (size_t at = 0; import->parameters[at]; at++)
			arguments[at] = take_argument(&input);
		if (strcmp(import->name, "proc_exit") != 0)
			(void)import->function(host, arguments);
	}
}

/* A socket with one packet in it, whose other end is closed. */
static int
control_with(struct bytes packet)
{
	struct err err;
	int ours;
	int theirs;
	must(wire_pair(&ours, &theirs, &err), "a socket pair can be had");
	must(!packet.size || send(theirs, packet.data, packet.size, MSG_NOSIGNAL) ==
				     (ssize_t)packet.size,
		"a packet can be sent");
	fd_close(theirs);
	return ours;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err;
	struct bytes input = bytes_of(data, size);
	char folder[] = "/tmp/cab-host-fuzz.XXXXXX";
	must(mkdtemp(folder), "a folder can be made");
	cleanup_fd int outside = fd_open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, &err);
	must(outside >= 0 && mkdirat(outside, "work", 0755) == 0, "a folder can be made");
	cleanup_fd int work = fd_open_at(outside, "work", O_RDONLY | O_DIRECTORY, 0, &err);
	cleanup_fd int null = fd_open_at(AT_FDCWD, "/dev/null", O_WRONLY, 0, &err);
	struct bytes packet = bytes_first(bytes_from(input, 1), take_byte(&input));
	input = bytes_from(input, packet.size);
	cleanup_fd int control = control_with(packet);
	must(work >= 0 && null >= 0, "what was made can be opened");

	const struct bytes text = BYTES_LITERAL("text");
	const struct host_start start = {.name = text,
		.arguments = &text,
		.argument_count = 1,
		.environment = &text,
		.environment_count = 1,
		.seed = text,
		.directory = work,
		.control = control,
		.log = null};
	struct host *host = host_new(&start);
	host->memory = memory_zero(1, MEMORY);
	host->memory_size = MEMORY;
	if (size)
		memcpy(host->memory, data, size < MEMORY ? size : MEMORY);
	call(host, input);
	free(host->memory);
	host_free(host);

	must(unlinkat(outside, "work", AT_REMOVEDIR) == 0 || path_remove(outside, "work", &err),
		"the working directory is still there");
	must(rmdir(folder) == 0, "nothing was made outside");
	return 0;
}
