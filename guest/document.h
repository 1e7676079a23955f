/* SPDX-License-Identifier: MPL-2.0 */
/*
 * document: what servers answer in JSON (json.h): registries of packages and images, and LFS.
 *
 *     struct span text = http_whole(&http, LIMIT, "manifest");
 *     document_expect(text, "manifest");                          it is well formed, or the program ends
 *     struct span link = document_string(json_find(text.data, "link"));
 */
#pragma once

#include "text.h"

void document_expect(struct span text, const char *name);
/* A string, unescaped, which stays; empty where the value is none. */
struct span document_string(const uint8_t *value);
/* Whether a URL that stands in one is of http or https. */
bool url_is_http(struct span url);
