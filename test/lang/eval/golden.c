/* SPDX-License-Identifier: MPL-2.0 */
/*
 * golden: evaluates one file of this folder as an entry and compares what it gives with the file
 * beside it: NAME.out (the value, with everything forced, then what reached the host) or NAME.err
 * (the diagnostics). With CAB_BLESS set the file is written instead.
 *
 *     golden FOLDER NAME
 *
 * The local tree is FOLDER/files, islands are FOLDER/islands/SCHEME/REF; the library is
 * /packages.cab of the local tree.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "lang/eval.h"
#include "lang/heap.h"
#include "memory_host.h"

static struct memory_host *host;
static const char *root;

/* FOLDER/files/x is /x, FOLDER/islands/github/o/r/x is <github:o/r>/x. */
static int
add_file(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)walk;
	if (kind != FTW_F)
		return 0;
	cleanup_buf struct buf text = BUF((size_t)1 << 20);
	cleanup_buf struct buf name = BUF(BUF_MAX);
	struct err err = {0};
	if (!fd_read_file(AT_FDCWD, path, &text, &err)) {
		(void)fprintf(stderr, "golden: %s\n", err.text);
		return 1;
	}
	const char *rest = path + strlen(root);
	if (strncmp(rest, "/files/", 7) != 0 && strncmp(rest, "/islands/", 9) != 0)
		return 0;
	if (strncmp(rest, "/files/", 7) == 0) {
		buf_add_text(&name, rest + 6);
	} else {
		char scheme[64], owner[64], repository[64];
		int used = 0;
		if (sscanf(rest, "/islands/%63[^/]/%63[^/]/%63[^/]%n", scheme, owner, repository,
			    &used) != 3)
			return 1;
		buf_format(&name, "<%s:%s/%s>%s", scheme, owner, repository, rest + used);
	}
	memory_host_add(host, buf_text(&name), buf_bytes(&text));
	return 0;
}

/* The value's text or, on failure, the diagnostics. */
static bool
run(struct evaluator *evaluator, const char *name, struct bytes text, struct buf *out)
{
	cleanup_buf struct buf path = BUF(BUF_MAX);
	buf_format(&path, "/%s.cab", name);
	struct value *system = eval_new_string(evaluator, BYTES_LITERAL("test-system"));
	const struct bytes names[] = {BYTES_LITERAL("root"), BYTES_LITERAL("system")};
	struct value *const values[] = {
		eval_new_string(evaluator, BYTES_LITERAL("host-root:test")), system};
	struct value *platform = eval_new_set(evaluator, names, values, 2);
	const struct bytes input_names[] = {
		BYTES_LITERAL("packages"), BYTES_LITERAL("platform"), BYTES_LITERAL("system")};
	struct value *library = eval_lazy_import(evaluator, NULL, "/packages.cab");
	struct value *const input_values[] = {
		eval_lazy_call(evaluator, library, platform), platform, system};
	struct value *inputs = eval_new_set(evaluator, input_names, input_values, 3);
	for (unsigned at = 0; at < AMBIENT_COUNT; at++)
		evaluator_set_ambient(evaluator, (enum ambient)at, input_values[at]);
	struct value *value =
		eval_text(evaluator, buf_text(&path) + 1, text, NULL, buf_text(&path), EVAL_ENTRY);
	if (value)
		value = eval_enter(evaluator, value, inputs);
	bool lazy = strncmp(name, "lazy", 4) == 0;
	if (value && !lazy)
		value = eval_deep(evaluator, value);
	if (value) {
		eval_print(evaluator, value, out);
		buf_add_byte(out, '\n');
		buf_add(out, buf_bytes(memory_host_log(host)));
	}
	diagnostics_render(
		evaluator_diagnostics(evaluator), (struct diagnostic_style){false, 100}, out);
	return value != NULL;
}

static int
compare(const char *wanted_name, struct bytes got)
{
	cleanup_buf struct buf wanted = BUF((size_t)1 << 24);
	struct err err = {0};
	if (getenv("CAB_BLESS"))
		return fd_replace_file(AT_FDCWD, wanted_name, got, 0644, &err) ? 0 : 1;
	if (!fd_read_file(AT_FDCWD, wanted_name, &wanted, &err)) {
		(void)printf("%s\ngot:\n%.*s", err.text, BYTES_ARGS(got));
		return 1;
	}
	if (bytes_equal(buf_bytes(&wanted), got))
		return 0;
	(void)printf("wanted (%s):\n%.*s\ngot:\n%.*s", wanted_name, BYTES_ARGS(buf_bytes(&wanted)),
		BYTES_ARGS(got));
	return 1;
}

int
main(int argument_count, char **arguments)
{
	if (argument_count != 3)
		return 2;
	root = arguments[1];
	host = memory_host_new();
	if (nftw(root, add_file, 16, FTW_PHYS) != 0)
		return 2;
	cleanup_buf struct buf path = BUF(BUF_MAX);
	cleanup_buf struct buf text = BUF((size_t)1 << 20);
	cleanup_buf struct buf out = BUF(BUF_MAX);
	struct err err = {0};
	buf_format(&path, "%s/%s.cab", root, arguments[2]);
	if (!fd_read_file(AT_FDCWD, buf_text(&path), &text, &err)) {
		(void)printf("%s\n", err.text);
		return 2;
	}
	struct evaluator *evaluator = evaluator_new(memory_host_functions(host), (size_t)256 << 20);
	bool good = run(evaluator, arguments[2], buf_bytes(&text), &out);
	evaluator_free(evaluator);
	memory_host_free(host);
	buf_clear(&path);
	buf_format(&path, "%s/%s.%s", root, arguments[2], good ? "out" : "err");
	return compare(buf_text(&path), buf_bytes(&out));
}
