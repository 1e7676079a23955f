/* SPDX-License-Identifier: MPL-2.0 */
/*
 * failure: the sentence for a step that failed inside, said by the parent.
 */
#pragma once

#include "base/err.h"
#include "sandbox/spec.h"
#include "sandbox/step.h"

/* Always false, with *err filled: "sandbox: /a at /b: Permission denied". */
bool failure_set(
	const struct sandbox_failure *failure, const struct sandbox_spec *spec, struct err *err);

/* Where the kernel's number means that namespaces are refused: ERR_REFUSED, and which setting of this
 * host does it is added to the text. Else *err stays as it is. Always false. */
bool failure_explain(int number, struct err *err);
