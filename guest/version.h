/* SPDX-License-Identifier: MPL-2.0 */
/*
 * version: the order of versions, as their registries define it. Texts are a stranger's: whatever they
 * hold, there is an answer, and numbers of any length are compared. Imports nothing.
 */
#pragma once

#include "port.h"

/* Below 0, 0, or above 0. Semantic Versioning 2.0.0, section 11. */
int version_compare(struct span left, struct span right);
/* Whether it has a pre-release. */
bool version_is_early(struct span version);

/* PEP 440, of final and post releases alone ("[N!]N(.N)*[.postN]"), what else there is refused by
 * the second. */
int version_compare_python(struct span left, struct span right);
bool version_is_final_python(struct span version);
/* Equal letter for letter, or two finals that are one version ("1.0" and "1.0.0"). */
bool version_is_same_python(struct span left, struct span right);
