/* SPDX-License-Identifier: MPL-2.0 */
/*
 * spawner: the mode of cab-guest that makes a process for each run; wire/spawner.h has its
 * messages.
 */
#pragma once

/* Serves SPAWNER_SOCKET until it closes. The exit status: 0, or 1 with one line on standard error.
 */
int spawner_main(void);
