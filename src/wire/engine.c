/* SPDX-License-Identifier: MPL-2.0 */
#include "wire/engine.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

static void
processor_print(struct buf *out)
{
#if defined(__x86_64__)
	/* Those that Cranelift looks at. */
	static const char *const names[] = {"sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "avx",
		"avx2", "fma", "bmi", "bmi2", "avx512bitalg", "avx512dq", "avx512f", "avx512vl",
		"avx512vbmi", "lzcnt"};
	/* Not every compiler knows lzcnt by name: bit 5 of ecx at 0x80000001, by AMD's manual. */
	unsigned eax, ebx, edx, ecx = 0;
	(void)__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx);
	const bool has[] = {__builtin_cpu_supports("sse3"), __builtin_cpu_supports("ssse3"),
		__builtin_cpu_supports("sse4.1"), __builtin_cpu_supports("sse4.2"),
		__builtin_cpu_supports("popcnt"), __builtin_cpu_supports("avx"),
		__builtin_cpu_supports("avx2"), __builtin_cpu_supports("fma"),
		__builtin_cpu_supports("bmi"), __builtin_cpu_supports("bmi2"),
		__builtin_cpu_supports("avx512bitalg"), __builtin_cpu_supports("avx512dq"),
		__builtin_cpu_supports("avx512f"), __builtin_cpu_supports("avx512vl"),
		__builtin_cpu_supports("avx512vbmi"), ecx & 1 << 5};
	buf_add_text(out, " x86_64");
	for (size_t at = 0; at < sizeof has / sizeof *has; at++)
		if (has[at])
			buf_format(out, " %s", names[at]);
#elif defined(__aarch64__)
	buf_format(out, " aarch64 %lx %lx", getauxval(AT_HWCAP), getauxval(AT_HWCAP2));
#else
	buf_add_text(out, " other");
#endif
}

void
engine_print(struct buf *out)
{
	buf_format(out, "wasmtime %s settings %d", ENGINE_VERSION, ENGINE_SETTINGS);
	processor_print(out);
}
