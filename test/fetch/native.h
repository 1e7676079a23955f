/* SPDX-License-Identifier: MPL-2.0 */
/*
 * native: the imports of the guest ABI over plain files and sockets, to run the fetcher's own C as
 * an ordinary program: for tests of trees, and as the bench's native half. It is no sandbox and
 * applies no policy. HTTP is version 1.1 over a plain socket to a numeric address, a connection a
 * request; "registry:NAME/..." goes to CAB_TEST_REGISTRY/....
 *
 *     native_enter(folder)                  the working directory, which holds `hash`
 *     native_arguments(count, arguments)    what the guest sees; its environment is ours
 *     guest_main();                         ends by exit() where the guest fails
 */
#pragma once

#include "port.h"

void native_enter(const char *folder);
void native_arguments(int count, char **arguments);
/* Bytes of the heap taken so far. */
size_t native_memory(void);
/* Drops the hashes that are under way. */
void native_hashes_end(void);
