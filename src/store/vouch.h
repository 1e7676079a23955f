/* SPDX-License-Identifier: MPL-2.0 */
/*
 * vouch: the line of a record that names who says so; the last before its check.
 */
#pragma once

#include "store/object.h"
#include "store/record.h"

void vouch_encode(const struct vouch *vouch, struct buf *out);
MUST_CHECK bool vouch_decode(struct record *record, struct vouch *out, struct err *err);
