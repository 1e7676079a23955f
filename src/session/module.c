/* SPDX-License-Identifier: MPL-2.0 */
#include "session/module.h"

/* The assembler finds the file in the build's own folder, by the -I that meson gives it. */
__asm__(".section .rodata\n"
	".balign 16\n"
	".globl module_island_start\n"
	".globl module_island_end\n"
	"module_island_start:\n"
	".incbin \"island.wasm\"\n"
	"module_island_end:\n"
	".byte 0\n"
	".previous\n");

extern const uint8_t module_island_start[];
extern const uint8_t module_island_end[];

struct bytes
module_island(void)
{
	return bytes_of(module_island_start, (size_t)(module_island_end - module_island_start));
}
