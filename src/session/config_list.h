/* SPDX-License-Identifier: MPL-2.0 */
/* The keys of the configuration: path (`*` is any name), type, one line for the manual. */
CONFIG("root", TEXT, "physical root of the store (CAB_ROOT, /cull for root, ~/.local/share/cab)")
CONFIG("jobs", NUMBER, "native programs run at once (the number of processors)")
CONFIG("islands.*.base", TEXT,
	"what a scheme means: its host, a mirror of it, a server on loopback")
CONFIG("schemes.*.fetcher", TEXT,
	"an expression of the language whose value is the fetcher of a scheme of one's own")
CONFIG("schemes.*.base", TEXT, "what such a scheme means, instead of its fetcher's base")
CONFIG("mirrors.*", TEXTS, "where to go for an origin, tried in order")
CONFIG("caches", CACHES, "stores to copy from: { url = \"file:///…\", trusted = true }")
CONFIG("credentials.*", CREDENTIAL,
	"the secret of an origin, and what it is: { file = … }, { command = […], kind = … }, …")
CONFIG("network.allow", TEXTS, "addresses beyond public ones that may be reached")
CONFIG("network.ca", TEXT, "a file of certificates (PEM) that are believed beside the system's")
CONFIG("network.fetches", NUMBER, "fetches, and requests, at once (16); --max-fetches")
CONFIG("network.connectSeconds", NUMBER, "a connection is made within this time (20)")
CONFIG("network.stallSeconds", NUMBER, "a server that sends nothing for so long is left (60)")
CONFIG("network.retries", COUNT, "times that a request is sent again (3)")
CONFIG("network.waitSeconds", COUNT, "longest wait that a server may ask for (60)")
CONFIG("network.proxy.http", TEXT, "proxy for http:")
CONFIG("network.proxy.https", TEXT, "proxy for https:")
CONFIG("network.ssh", TEXTS, "the program for ssh: URLs, and its first arguments ([\"ssh\"])")
CONFIG("platform.*", TEXT, "platform.NAME, as the package library sees it")
CONFIG("limits.seconds", NUMBER, "a native program may run this long (21600)")
CONFIG("limits.fetchSeconds", NUMBER, "a fetch may take this long (1800)")
CONFIG("limits.silence", NUMBER, "seconds without a sign of life (3600)")
CONFIG("limits.memory", SIZE, "of a native program")
CONFIG("limits.log", SIZE, "kept of a log (64 MiB)")
