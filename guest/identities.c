/* SPDX-License-Identifier: MPL-2.0 */
/*
 * identities: the custom section that names the formats of identities this module may vouch for,
 * whoever runs it: each is either proved by the bytes received or carries its URL in its value.
 */
#define FORMAT(text, value, known) "\t.ascii \"" text "\\n\"\n"
__asm__("\t.section .custom_section.cab.identities,\"\",@\n"
#include "island/scheme_list.h"
	"\t.text\n");
