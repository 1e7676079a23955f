/* SPDX-License-Identifier: MPL-2.0 */
#include "feature.h"

#ifdef GUEST_SMALL
const bool feature_whole = false;
#else
const bool feature_whole = true;
#endif
