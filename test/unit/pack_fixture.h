/* SPDX-License-Identifier: MPL-2.0 */
/*
 * pack_fixture: a pack that git makes of the repository `r` in a folder of the test's own, received and checked out
 * there, in a child.
 *
 *     guest_runs(receive_run, &(struct trial){.pack = ALL}, 0)      work/out, and work/hash as it was said
 */
#pragma once

#include "guest_native.h"

#include "../fetch/native.h"
#include "base/path.h"
#include "receive.h"

static char folder[] = "/tmp/cab-pack-XXXXXX";

#define GIT                                                                                        \
	"git -c user.name=n -c user.email=e -c commit.gpgSign=false -c gc.auto=0 "                 \
	"-c pack.threads=1 -C r "

struct trial {
	const char *pack;     /* the command that prints it, in the folder that holds `r` */
	size_t step;          /* bytes at a time; 0: all at once */
	size_t cut;           /* bytes that are missing at its end */
	size_t flip;          /* a byte, counted from the end, that is another; 0: none */
	const char *more;     /* bytes behind it */
	const char *revision; /* what the checkout begins with; NULL: HEAD */
	const char *subpath;
	uint32_t files; /* counted beforehand */
	uint64_t made;  /* bytes of objects, so too */
};

static inline struct buf
in_folder(const char *command)
{
	char line[8192];
	(void)snprintf(line, sizeof line, "cd %s && { %s; }", folder, command);
	return command_output(line);
}

static inline void
receive_run(void *context)
{
	const struct trial *trial = context;
	static const struct folder scratch = {NULL, {(const uint8_t *)"scratch", 7}, 0};
	static struct objects objects;
	static struct output output;
	static struct checkout checkout;
	static struct receive receive;
	char work[64];
	uint8_t id[SUM_ID] = {0};
	struct buf pack = in_folder(trial->pack);
	char ask[300];
	(void)snprintf(ask, sizeof ask,
		"rm -rf work && mkdir work && : >work/hash && " GIT "rev-parse %s",
		trial->revision ? trial->revision : "HEAD");
	struct buf revision = in_folder(ask);
	(void)snprintf(work, sizeof work, "%s/work", folder);
	native_enter(work);
	output.files = trial->files;
	(void)hex_read(span_of(revision.data, 40), id, SUM_SHA1);
	folder_make(&output, scratch.parent, scratch.name);
	objects_init(&objects, &output, &scratch, SUM_SHA1);
	checkout_init(&checkout, &output, span_text(trial->subpath ? trial->subpath : ""));
	checkout_begin(&checkout, &objects, id);
	receive_init(&receive, &objects, &checkout);
	receive.total = trial->made;
	if (trial->flip)
		pack.data[pack.size - trial->flip] ^= 0x55;
	pack.size -= trial->cut;
	if (trial->more)
		buf_add_text(&pack, trial->more);
	size_t step = trial->step ? trial->step : pack.size;
	for (size_t at = 0; at < pack.size; at += step)
		receive_add(&receive,
			span_of(pack.data + at, at + step < pack.size ? step : pack.size - at));
	receive_finish(&receive);
	checkout_finish(&checkout);
	checkout_hash(&checkout);
}

#define ALL                                                                                        \
	GIT "rev-list --objects --all | cut -c1-40 | " GIT                                         \
	    "pack-objects -q --stdout --delta-base-offset"

static inline int
remove_repository(void **state)
{
	(void)state;
	struct err err;
	return path_remove(AT_FDCWD, folder, &err) ? 0 : -1;
}
