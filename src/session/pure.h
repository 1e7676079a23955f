/* SPDX-License-Identifier: MPL-2.0 */
/* pure: a host that reaches nothing: for configuration, which is the language alone. */
#pragma once

#include "lang/eval_host.h"

extern const struct eval_host pure_host;
