/* SPDX-License-Identifier: MPL-2.0 */
/* The keys of the configuration: path (`*` is any name), type, one line for the manual. */
CONFIG("root", TEXT, "physical root of the store (CAB_ROOT, /cull for root, ~/.local/share/cab)")
CONFIG("jobs", NUMBER, "native programs run at once (the number of processors)")
CONFIG("islands.*.base", TEXT,
	"what a scheme means: its host, a mirror of it, a server on loopback")
CONFIG("mirrors.*", TEXTS, "where to go for an origin, tried in order")
CONFIG("caches", CACHES, "stores to copy from: { url = \"file:///…\", trusted = true }")
CONFIG("credentials.*", CREDENTIAL,
	"of an origin: { file = … }, { command = […] } or { environment = … }")
CONFIG("network.allow", TEXTS, "addresses beyond public ones that may be reached")
CONFIG("network.proxy.http", TEXT, "proxy for http:")
CONFIG("network.proxy.https", TEXT, "proxy for https:")
CONFIG("platform.*", TEXT, "platform.NAME, as the package library sees it")
CONFIG("limits.seconds", NUMBER, "a native program may run this long (21600)")
CONFIG("limits.fetchSeconds", NUMBER, "a fetch may take this long (1800)")
CONFIG("limits.silence", NUMBER, "seconds without a sign of life (3600)")
CONFIG("limits.memory", SIZE, "of a native program")
CONFIG("limits.log", SIZE, "kept of a log (64 MiB)")
