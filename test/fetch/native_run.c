/* SPDX-License-Identifier: MPL-2.0 */
/*
 * native_run FOLDER SCHEME REF [KEY=VALUE...]: runs the fetcher's C as an ordinary program in a
 * folder, which gets `out` and, in the file `hash`, the identities. The pin is CAB_PIN of the
 * environment. CAB_TEST_MEMORY=1 prints how large the heap became.
 */
#include "native.h"

#include <stdio.h>
#include <stdlib.h>

void guest_main(void);

int
main(int count, char **arguments)
{
	if (count < 4) {
		(void)fprintf(stderr, "usage: native_run FOLDER SCHEME REF [KEY=VALUE...]\n");
		return 2;
	}
	native_enter(arguments[1]);
	native_arguments(count - 1, arguments + 1);
	guest_main();
	if (getenv("CAB_TEST_MEMORY"))
		(void)fprintf(stderr, "heap %zu\n", native_memory());
	return 0;
}
