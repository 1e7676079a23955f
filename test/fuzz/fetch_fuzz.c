/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The whole fetcher, against servers that answer whatever they like (guest_world.h): it fails, or what it leaves is what it
 * reports; and where bodies are cut means nothing.
 */
#include "base/must.h"
#include "guest_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void guest_main(void);

static void
run(void *context)
{
	(void)context;
	guest_main();
}

/* What was reported, which is right. */
static struct bytes
reported(void)
{
	struct bytes lines = buf_bytes(&world_find("hash")->content);
	struct bytes rest = lines, line, last = {0};
	static const struct bytes cab = BYTES_LITERAL("cab ");
	while (bytes_split(&rest, '\n', &line))
		if (line.size)
			last = line;
	const struct world_file *out = world_find("out");
	must(out && bytes_has_prefix(last, cab), "what succeeds leaves an output");
	/* What is reused is put there by the realizer alone; "." leaves the digest to it. */
	last = bytes_from(last, cab.size);
	if (world_find("reuse") || bytes_equal_text(last, "."))
		return lines;
	struct digest digest = world_digest(out);
	struct digest_text text = digest_print(&digest);
	must(last.data[0] == out->kind && bytes_equal_text(bytes_from(last, 1), text.text),
		"the output is what is reported");
	return lines;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_buf struct buf whole = BUF(BUF_MAX);
	world_load(bytes_of(data, size));
	int32_t code = world_run(run, NULL, SIZE_MAX);
	if (code == 0)
		buf_add(&whole, reported());
	must(world_run(run, NULL, 1 + size % 7) == code, "where bodies are cut means nothing");
	if (code == 0)
		must(bytes_equal(reported(), buf_bytes(&whole)), "nor for what is reported");
	world_unload();
	return 0;
}
