/* SPDX-License-Identifier: MPL-2.0 */
/*
 * parse_test: goldens of the front end, one TAP line a case.
 *
 *     parse_test parse FOLDER      NAME.cab parsed; NAME.out is its tree, NAME.err its diagnostics
 *     parse_test check FOLDER      the same with its names resolved; NAME.out is absent
 *
 * A golden that is absent stands for no text. Cases of `check` whose name begins with "imported" are
 * not the entry file. With CAB_BLESS in the environment the goldens are written instead (tools/bless).
 * A tree is also printed, read back and compared.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "lang/scope.h"

enum { WIDTH = 80, CASES_MAX = 4096 };

static const char *const builtins[] = {
	"assert", "filter", "fold", "import", "length", "map", "throw", "toString"};
static const char *const ambient[] = {"packages", "platform", "system"};

struct golden {
	struct buf out;
	struct buf err;
};

static bool
reads_back(const struct tree *tree, struct buf *printed)
{
	struct err err;
	struct diagnostics diagnostics = DIAGNOSTICS;
	struct source *source = source_new("printed", buf_bytes(printed), &err);
	struct tree *again = tree_new(source);
	bool equal = syntax_parse(again, &diagnostics) && syntax_equal(tree->root, again->root);
	tree_free(again);
	source_free(source);
	diagnostics_release(&diagnostics);
	return equal;
}

/* False where a tree that was printed does not read back. */
static bool
case_run(const char *name, struct bytes text, bool check, struct golden *golden)
{
	struct err err;
	struct diagnostics diagnostics = DIAGNOSTICS;
	struct source *source = source_new(name, text, &err);
	struct tree *tree = tree_new(source);
	bool sound = true;
	struct scope_names names = {.builtins = builtins,
		.builtin_count = sizeof builtins / sizeof *builtins,
		.ambient = ambient,
		.ambient_count = sizeof ambient / sizeof *ambient,
		.entry = strncmp(name, "imported", 8) != 0};
	if (syntax_parse(tree, &diagnostics)) {
		syntax_print(tree->root, &golden->out);
		sound = reads_back(tree, &golden->out);
		buf_add_byte(&golden->out, '\n');
	}
	if (check)
		(void)!scope_resolve(tree, &names, &diagnostics);
	if (check)
		buf_clear(&golden->out);
	diagnostics_sort(&diagnostics);
	diagnostics_render(&diagnostics, (struct diagnostic_style){.width = WIDTH}, &golden->err);
	tree_free(tree);
	source_free(source);
	diagnostics_release(&diagnostics);
	return sound;
}

static bool
golden_read(int folder, const char *name, struct buf *out)
{
	struct err err;
	return faccessat(folder, name, F_OK, 0) != 0 || fd_read_file(folder, name, out, &err);
}

static bool
golden_meet(int folder, const char *name, struct buf *text)
{
	struct err err;
	if (getenv("CAB_BLESS")) {
		if (text->size)
			return fd_replace_file(folder, name, buf_bytes(text), 0644, &err);
		return unlinkat(folder, name, 0) == 0 || errno == ENOENT;
	}
	cleanup_buf struct buf wanted = BUF(SOURCE_MAX);
	if (golden_read(folder, name, &wanted) && bytes_equal(buf_bytes(&wanted), buf_bytes(text)))
		return true;
	(void)printf("# %s is\n%s# but should be\n%s", name, buf_text(text), buf_text(&wanted));
	return false;
}

static bool
case_meets(int folder, const char *name, bool check)
{
	struct err err;
	char file[300];
	size_t size = strlen(name) - 4;
	cleanup_buf struct buf text = BUF(SOURCE_MAX);
	if (!fd_read_file(folder, name, &text, &err))
		return false;
	struct golden golden = {BUF(BUF_MAX), BUF(BUF_MAX)};
	bool met = case_run(name, buf_bytes(&text), check, &golden);
	if (!met)
		(void)printf("# the tree does not read back\n%s", buf_text(&golden.out));
	(void)snprintf(file, sizeof file, "%.*s.out", (int)size, name);
	met = golden_meet(folder, file, &golden.out) && met;
	(void)snprintf(file, sizeof file, "%.*s.err", (int)size, name);
	met = golden_meet(folder, file, &golden.err) && met;
	buf_release(&golden.out);
	buf_release(&golden.err);
	return met;
}

static int
is_case(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);
	return size > 4 && strcmp(entry->d_name + size - 4, ".cab") == 0;
}

int
main(int count, char **arguments)
{
	struct dirent **cases = NULL;
	int found = count == 3 ? scandir(arguments[2], &cases, is_case, alphasort) : -1;
	int folder = found > 0 ? open(arguments[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (folder < 0) {
		(void)fprintf(stderr, "usage: parse_test parse|check FOLDER\n");
		return 2;
	}
	bool check = strcmp(arguments[1], "check") == 0;
	(void)printf("1..%d\n", found);
	for (int at = 0; at < found; at++) {
		bool met = case_meets(folder, cases[at]->d_name, check);
		(void)printf("%sok %d - %s\n", met ? "" : "not ", at + 1, cases[at]->d_name);
		free(cases[at]);
	}
	free(cases);
	(void)close(folder);
	return 0;
}
