/* SPDX-License-Identifier: MPL-2.0 */
/* expect: what a test asks of a guest's end, and of what it left behind. A fault fails the test. */
#pragma once

#include <sys/stat.h>

#include "driver.h"

/* It ended by itself with this status, and what lies beside its folder is as it was. */
void expect_status(struct outcome *outcome, int status);
void log_has(struct outcome *outcome, const char *text);
/* Of a name in the working directory. */
struct stat status_of(const struct outcome *outcome, const char *name);
struct buf contents_of(const struct outcome *outcome, const char *name);
