/* SPDX-License-Identifier: MPL-2.0 */
#include <stdio.h>

int
main(void)
{
	return puts("hello") < 0;
}
