/* SPDX-License-Identifier: MPL-2.0 */
/*
 * repository: one repository at a server that speaks git's smart HTTP: its refs, and packs of it.
 *
 *     git->request, reference, url, base, id_size     are set; all else is zero
 *     git->rank = RANK_NONE;
 *     repository_list(git);                   fills id and rank, or tags
 *     git->id, hex                            what is to be fetched, found so or known
 *     repository_pack(git, &receive, PART_WHOLE, none);
 *
 * What the server turns out to speak is kept for the next request, and where redirects led. A part may be
 * refused, where a server does not filter: then false, and nothing was received.
 */
#pragma once

#include "receive.h"
#include "request.h"

struct repository {
	const struct request *request;
	struct span reference; /* HEAD where none is asked for */
	struct text url;       /* of the repository, and what the last request asked of it */
	size_t base;           /* bytes of the repository's */
	bool speaks_old;       /* the server speaks version 0 */
	bool has_any;          /* the listing named any ref */
	unsigned rank;         /* of the best name met; less is better */
	bool is_short;         /* the reference may be the front of a revision */
	bool is_ambiguous;     /* of several */
	size_t id_size;        /* SUM_SHA1 until a revision or the server says SUM_SHA256 */
	uint8_t id[SUM_ID];
	struct text hex;   /* of the id */
	struct span held;  /* the revision of a former object, or nothing */
	struct text words; /* what the server can do: in version 2 with a fetch */
	bool sends_all;    /* it cannot send one commit alone */
	size_t logged;     /* bytes of the server's own words */
	struct text tags;  /* "ID NAME\n" each, where they are all that is asked for */
};

/* A commit that begins as the short revision does, and no name of it at all. */
enum { RANK_SHORT = 5, RANK_NONE = 9 };
/* As few digits as git itself shows. */
enum { SHORT_REVISION = 7 };

#define TAGS "refs/tags/"

enum repository_part {
	PART_WHOLE,   /* the commit and all that it holds */
	PART_TREES,   /* without contents of files */
	PART_BLOBS,   /* what is listed in `wants` alone */
	PART_COMMITS, /* those since another: repository_count alone */
};

void repository_list(struct repository *git);
bool repository_pack(struct repository *git, struct receive *receive, enum repository_part part,
	struct span wants);
/* How many commits lead to the request's revision and not to the one that it is since, as the server counts them; 0 where it
 * does not tell. Asks nothing else of the repository, and needs no rank. */
void repository_count(struct repository *git);
/* One more id to the list. */
void repository_want(struct text *wants, struct span hex);
