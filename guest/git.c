/* SPDX-License-Identifier: MPL-2.0 */
#include "git.h"

#include "checkout.h"
#include "feature.h"
#include "former.h"
#include "heap.h"
#include "report.h"
#include "repository.h"
#include "submodule.h"

/* Contents that are asked for by name, 50 bytes each; the whole commit costs less than more of them. */
enum { PART_MAX = 4096 };

static bool
reference_is_short(struct span text)
{
	size_t digits = 0;
	while (digits < text.size && hex_digit(text.data[digits]) >= 0)
		digits++;
	return digits == text.size && digits >= SHORT_REVISION;
}

static void
revision_find(struct repository *git)
{
	git->rank = RANK_NONE;
	repository_list(git);
	if (git->is_ambiguous && git->rank == RANK_SHORT)
		fail_about("several commits begin so: write more of the revision", git->reference);
	if (feature_whole && git->is_short && git->rank == RANK_NONE)
		fail_about("no branch or tag has this name or a commit that begins so, and "
			   "servers find no others: write the revision in full",
			git->reference);
	if (git->rank == RANK_NONE)
		fail_about(git->has_any || git->request->reference.size
				   ? "no branch or tag of this name"
				   : "the repository is empty",
			git->reference);
}

/* The file `out`: what the server calls tags, and the commits that they mean; or how many commits there are since another. */
static void
listing_write(struct repository *git, struct output *output)
{
	uint8_t digest[SUM_BLAKE3];
	if (git->request->since.size) {
		repository_count(git);
		if (git->tags.size)
			report_identity(SPAN("commits"), text_span(&git->tags), span_of(NULL, 0));
	} else {
		git->reference = SPAN(TAGS);
		repository_list(git);
	}
	int32_t fd = file_create(output, NULL, SPAN("out"));
	file_write(output, fd, text_span(&git->tags));
	file_finish(fd, false, digest);
	report_cab('f', digest);
}

/* Whether it is an id of either kind; the repository's ids are of this kind then. */
static bool
revision_read(struct repository *git, struct span text)
{
	git->id_size = text.size / 2;
	if ((text.size == (size_t)2 * SUM_SHA1 ||
		    (feature_whole && text.size == (size_t)2 * SUM_SHA256)) &&
		hex_read(text, git->id, git->id_size))
		return true;
	git->id_size = SUM_SHA1;
	return false;
}

/* True where the revision is known without asking. */
static bool
revision_given(struct repository *git)
{
	const struct request *request = git->request;
	struct span pinned = request_pin(request, SPAN("git"), (size_t)2 * SUM_ID);
	struct span given = request->revision;
	if (given.size == 0 && revision_read(git, request->reference))
		given = request->reference;
	if (pinned.size && given.size && !span_equal(pinned, given))
		fail_about("the island has another checksum or revision than the pin", given);
	if (pinned.size)
		given = pinned;
	if (given.size == 0)
		return false;
	if (!revision_read(git, given))
		fail_about("a revision is 40 or 64 lower-case hexadecimal digits", given);
	return true;
}

static void
revision_report(struct repository *git)
{
	text_hex(&git->hex, span_of(git->id, id_size(git->id_size)));
	report_identity(SPAN("git"), text_span(&git->hex), text_span(&git->request->options));
}

/* The trees, then what of the subpath is missing: true where that was all. Else the whole commit is to
 * follow, and nothing is lost: what has come is kept. */
static bool
part_fetch(struct repository *git, struct checkout *checkout, struct receive *receive)
{
	const struct table *table = &checkout->objects->table;
	uint32_t count = 0;
	if (!repository_pack(git, receive, PART_TREES, span_of(NULL, 0))) {
		static const char sentence[] =
			"the server sends no part of a commit: all of it is fetched";
		cab_log(sentence, sizeof sentence - 1);
		return false;
	}
	struct text *wants = text_new("");
	memset(receive, 0, sizeof *receive);
	receive_init(receive, checkout->objects, checkout);
	for (size_t at = 0; at < table->slot_count && count <= PART_MAX; at++) {
		const struct object *object = (const struct object *)table->slots[at];
		if (!object || !object->wants)
			continue;
		struct text *hex = text_new("");
		text_hex(hex, span_of(object->id, id_size(git->id_size)));
		repository_want(wants, text_span(hex));
		text_free(hex);
		count++;
	}
	bool is_done =
		count == 0 || (count <= PART_MAX && !checkout->awaited &&
				      repository_pack(git, receive, PART_BLOBS, text_span(wants)));
	text_free(wants);
	return is_done;
}

/* What evaluation reads: the commit with its trees where CAB_READ says "trees", or the contents whose ids it lists; nothing,
 * where the server sends no parts. */
static void
read_fetch(struct repository *git, const struct checkout *checkout, struct receive *receive)
{
	struct text *wants = text_new("");
	for (struct span rest = checkout->read; rest.size;)
		repository_want(wants, span_word(&rest, ' '));
	(void)repository_pack(git, receive, *checkout->read.data == 't' ? PART_TREES : PART_BLOBS,
		text_span(wants));
}

/* A commit, as `out` or as a submodule; or what evaluation reads of it, as a file of records. */
static void
commit_fetch(struct repository *git, struct checkout *checkout, struct objects *objects)
{
	struct receive *receive = (struct receive *)heap_zero(sizeof *receive);
	receive_init(receive, objects, checkout);
	checkout_begin(checkout, objects, git->id);
	if (feature_whole && checkout->read.size) {
		read_fetch(git, checkout, receive);
		return;
	}
	bool is_done =
		feature_whole && ((!checkout->awaited && !checkout->missing) ||
					 (checkout->subpath.size && !checkout->has_submodules &&
						 part_fetch(git, checkout, receive)));
	if (!is_done)
		(void)repository_pack(git, receive, PART_WHOLE, span_of(NULL, 0));
	checkout_finish(checkout);
}

/* All repositories have their objects in one table: an id means one content, wherever it comes from. */
void
git_submodule(const struct superproject *super, struct span url, const struct link *link)
{
	struct repository *git = (struct repository *)heap_zero(sizeof *git);
	struct checkout *checkout = (struct checkout *)heap_zero(sizeof *checkout);
	struct objects *objects = super->checkout->objects;
	struct text *held = text_new("");
	struct request *request = (struct request *)heap_zero(sizeof *request);
	git->request = request;
	git->id_size = objects->id_size;
	memcpy(git->id, link->commit->id, SUM_ID);
	text_hex(&git->hex, span_of(git->id, git->id_size));
	text_add(&git->url, url);
	git->base = git->url.size;
	if (former_submodule(objects, link->folder, held))
		git->held = text_span(held);
	checkout_init(checkout, super->checkout->output, span_of(NULL, 0));
	checkout->has_submodules = true;
	checkout->place = link->folder;
	if (super->checkout->lfs) {
		request->lfs = SPAN("true");
		checkout->lfs = (struct lfs *)heap_zero(sizeof *checkout->lfs);
	}
	commit_fetch(git, checkout, objects);
	if (checkout->lfs)
		lfs_fetch(checkout->lfs, checkout->output, url);
	struct superproject inner = {
		checkout, url, span_of(NULL, 0), super->depth + 1, super->count};
	submodules_fetch(&inner);
}

/* What the commit names and has not. */
static void
rest_fetch(const struct request *request, struct checkout *checkout)
{
	struct text *url = text_new("");
	uint32_t count = 0;
	request_url(request, url);
	if (checkout->lfs)
		lfs_fetch(checkout->lfs, checkout->output, text_span(url));
	struct superproject super = {checkout, text_span(url), request->subpath, 0, &count};
	submodules_fetch(&super);
}

static const struct folder scratch_folder = {NULL, {(const uint8_t *)"scratch", 7}, 0};

void
git_fetch(const struct request *request)
{
	struct repository *git = (struct repository *)heap_zero(sizeof *git);
	struct output *output = (struct output *)heap_zero(sizeof *output);
	struct checkout *checkout = (struct checkout *)heap_zero(sizeof *checkout);
	git->request = request;
	git->id_size = SUM_SHA1;
	git->reference = request->reference.size ? request->reference : SPAN("HEAD");
	request_url(request, &git->url);
	git->base = git->url.size;
	if (feature_whole && (request->versions.size || request->since.size)) {
		listing_write(git, output);
		return;
	}
	git->is_short = feature_whole && reference_is_short(request->reference);
	if (!revision_given(git))
		revision_find(git);
	revision_report(git);

	checkout_init(checkout, output, request->subpath);
	if (feature_whole)
		checkout->read = span_text(environment_find("CAB_READ"));
	checkout->has_submodules = request->submodules.size != 0;
	if (feature_whole && request->lfs.size)
		checkout->lfs = (struct lfs *)heap_zero(sizeof *checkout->lfs);
	struct objects *objects = (struct objects *)heap_zero(sizeof *objects);
	folder_make(output, NULL, scratch_folder.name);
	objects_init(objects, output, &scratch_folder, git->id_size);
	former_open(request, objects);
	git->held = former_revision(objects);
	commit_fetch(git, checkout, objects);
	if (feature_whole)
		rest_fetch(request, checkout);
	if (checkout->read.size || checkout->root_kind == TREE_FOLDER)
		former_leave(objects, git->id, checkout->read);
	/* What is not made of this commit alone is hashed by the realizer, which does so anyway. */
	if (feature_whole && request->submodules.size + request->lfs.size + checkout->read.size)
		report_identity(SPAN("cab"), SPAN("."), span_of(NULL, 0));
	else
		checkout_hash(checkout);
}
