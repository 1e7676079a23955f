/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Any bytes parse or are reported; what parses is printed and read back as the same tree (where the
 * brackets that printing adds do not pass the limit); names are resolved either way; what is reported
 * is rendered.
 */
#include "lang/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_round(const struct tree *tree)
{
	struct err err;
	cleanup_buf struct buf printed = BUF(SOURCE_MAX);
	syntax_print(tree->root, &printed);
	if (printed.over)
		return;
	struct source *source = source_new("printed.cab", buf_bytes(&printed), &err);
	struct tree *again = tree_new(source);
	struct diagnostics diagnostics = DIAGNOSTICS;
	if (syntax_parse(again, &diagnostics)) {
		must(syntax_equal(tree->root, again->root), "parse(print(x)) must be x");
	} else {
		struct bytes title = diagnostics.found.data[0]->title;
		must(bytes_has_prefix(title, BYTES_LITERAL("nesting deeper")),
			"what was printed must parse");
	}
	diagnostics_release(&diagnostics);
	tree_free(again);
	source_free(source);
}

static void
check_shown(struct diagnostics *diagnostics)
{
	cleanup_buf struct buf out = BUF(64 << 20);
	diagnostics_sort(diagnostics);
	diagnostics_render(diagnostics, (struct diagnostic_style){.width = 60}, &out);
	for (size_t at = 0; at < out.size; at++)
		must(out.data[at] >= ' ' || out.data[at] == '\n', "no control reaches a terminal");
	buf_clear(&out);
	diagnostics_encode_json(diagnostics, &out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const builtins[] = {"map", "import"};
	struct scope_names names = {.builtins = builtins, .builtin_count = 2};
	struct err err;
	struct source *source = source_new("fuzz.cab", bytes_of(data, size), &err);
	if (!source)
		return 0;
	struct tree *tree = tree_new(source);
	struct diagnostics diagnostics = DIAGNOSTICS;
	if (syntax_parse(tree, &diagnostics))
		check_round(tree);
	(void)!scope_resolve(tree, &names, &diagnostics);
	check_shown(&diagnostics);
	diagnostics_release(&diagnostics);
	tree_free(tree);
	source_free(source);
	return 0;
}
