/* SPDX-License-Identifier: MPL-2.0 */
/*
 * again: the same module with the same inputs, run many times by many realizers at once, every tenth run stopped and continued
 * again and again.
 *
 *     if (!again_writes_the_same(program, artifact, &driver, 1000)) …
 *
 * `artifact` is that of the probe, of which `driver` runs the first two.
 */
#pragma once

#include <stdbool.h>

#include "driver.h"

bool again_writes_the_same(const char *program, int artifact, struct driver *driver, int runs);
