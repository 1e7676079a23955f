/* SPDX-License-Identifier: MPL-2.0 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "network/network.h"
#include "wire/network.h"

int
main(void)
{
	int type;
	socklen_t size = sizeof type;
	if (getsockopt(NETWORK_SOCKET, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
		type != SOCK_SEQPACKET) {
		(void)fprintf(stderr, "cab-network: it is started by cab, with a socket to it\n");
		return 2;
	}
	/* Ctrl-C is the realizer's to act on: it closes its end. A pipe's reader that is gone is an
	 * errno. Secrets do not go into core files. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	const struct rlimit none = {0, 0};
	(void)setrlimit(RLIMIT_CORE, &none);

	struct err err = {0};
	if (network_run(NETWORK_SOCKET, &err))
		return 0;
	(void)fprintf(stderr, "cab-network: %s\n", err.text);
	return 1;
}
