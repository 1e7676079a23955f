/* SPDX-License-Identifier: MPL-2.0 */
/*
 * reach: a bare connection to a host, made by libcurl: names are looked up beside everything else,
 * addresses are tried side by side and judged as for any request, and the proxy of the configuration
 * is gone through.
 *
 *     struct reach reach = {0};
 *     if (!reach_start(&reach, multi, config, &url, is_named, easy, err)) return false;
 *     CURLcode code = ...                                     `easy` is told
 *     int fd = reach_finish(&reach, code, err);               -1: why not
 *     reach_release(&reach);                                  at any time
 *
 * Nothing is sent, no TLS is begun, and no credential is added.
 */
#pragma once

#include "network/config.h"
#include "network/hop.h"
#include "network/origin.h"

struct reach {
	const struct config *config;
	struct hop_easy owner;
	CURLM *multi;
	CURL *easy;
	bool is_named, is_proxied;
	struct err failure;
	char text[CURL_ERROR_SIZE];
};

MUST_CHECK bool reach_start(struct reach *reach, CURLM *multi, const struct config *config,
	const struct url *url, bool is_named, struct hop_easy easy, struct err *err);
/* The socket, non-blocking, the caller's. */
int reach_finish(struct reach *reach, CURLcode code, struct err *err);
void reach_release(struct reach *reach);
