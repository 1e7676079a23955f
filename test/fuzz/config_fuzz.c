/* SPDX-License-Identifier: MPL-2.0 */
/* The configuration of the network's program: what is taken names origins that are such, and what is refused says which key it is. */
#include "network/config.h"

#include "base/buf.h"
#include "base/must.h"
#include "network/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_origin(const char *text)
{
	struct err err;
	cleanup_buf struct buf origin = BUF(URL_LIMIT);
	must(origin_parse(bytes_text(text), &origin, &err) &&
			bytes_equal_text(buf_bytes(&origin), text),
		"what is named is an origin in its normal form");
}

static void
check(const struct config *config)
{
	for (size_t at = 0; at < config->named.size; at++) {
		check_origin(config->named.data[at]);
		must(config_names(config, bytes_text(config->named.data[at])),
			"what is named is found");
	}
	for (size_t at = 0; at < config->registries.size; at++)
		must(config_registry(config, bytes_text(config->registries.data[at].origin)),
			"a registry is found");
	for (size_t at = 0; at < config->mirrors.size; at++)
		must(config_mirror(config, bytes_text(config->mirrors.data[at].origin)),
			"a mirror is found");
	must(config->ssh.size && config->connections,
		"there is a program, and room for a transfer");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct err err = {0};
	if (config_parse(bytes_of(data, size), &config, &err)) {
		check(&config);
		config_release(&config);
	} else {
		must(err.kind && err.text[0], "an error has its kind and its sentence");
	}
	return 0;
}
