/* SPDX-License-Identifier: MPL-2.0 */
/*
 * object: a tree in the store under a path that its content gives it.
 *
 * The path digest is derive_key("cab path 1", encoding) over (cab-store(5)):
 *
 *     kind          1   of the Cab hash
 *     digest       32   of the tree with each self-reference blanked by 52 times '0' (0x30)
 *     count         4   self-references, little-endian; each, sorted by path and offset:
 *       length      4   path inside the object, "" for the root itself
 *       path            parts joined by '/'
 *       offset      8   of the 52 letters, in the file's bytes or the symlink's target
 *     length        2   name
 *     name
 *     count         4   references, without itself; sorted bytewise, none twice
 *       digest     32   path digest
 *
 * Names are [A-Za-z0-9+._?=-]{1,200} and do not begin with '.'. The text of a path is
 * "/cull/store/<52 letters>-<name>" in every text, wherever the store really lies.
 */
#pragma once

#include "base/array.h"
#include "store/tree.h"

enum {
	OBJECT_NAME_MAX = 200,
	OBJECT_FILE_MAX = DIGEST_TEXT + 1 + OBJECT_NAME_MAX,
	STORE_PATH_MAX = 12 + OBJECT_FILE_MAX,
	OBJECT_REFERENCES_MAX = 1 << 16,
	OBJECT_SELVES_MAX = 1 << 20,
};

#define STORE_PREFIX "/cull/store/"

struct store_path {
	char text[STORE_PATH_MAX + 1];
};

/* "<52 letters>-<name>", the file name in store/. */
struct object_file {
	char text[OBJECT_FILE_MAX + 1];
};

/* What one object says about another: enough to spell its path. */
struct object_reference {
	struct digest path;
	char name[OBJECT_NAME_MAX + 1];
};

/* Where an object names itself: 52 letters of its own path digest. */
struct object_self {
	struct bytes path; /* inside the object, "" for the root */
	uint64_t offset;
};

typedef ARRAY(struct object_reference) object_references;
typedef ARRAY(struct object_self) object_selves;

/* Who says so. Text: "self", "key NAME", "realizer NAME"; NAME is 1-200 printable ASCII characters
 * without space. */
enum vouch_kind {
	VOUCH_SELF, /* this store made it and looked at every byte */
	VOUCH_KEY,
	VOUCH_REALIZER, /* the realizer or cache of that name */
};

enum { VOUCH_NAME_MAX = 200 };

struct vouch {
	enum vouch_kind kind;
	char name[VOUCH_NAME_MAX + 1]; /* "" for VOUCH_SELF */
};

struct object {
	struct digest path;
	char name[OBJECT_NAME_MAX + 1];
	struct cab_hash hash; /* of the bytes as they lie on disk */
	uint64_t size;        /* bytes of all files */
	uint64_t files;       /* names in the tree, the root included */
	struct vouch vouch;
	object_references references; /* sorted by path digest, without itself */
	object_selves selves;         /* sorted; the paths belong to the object */
};

void object_release(struct object *object);
#define cleanup_object __attribute__((cleanup(object_release)))
/* Moves all out; the source is empty then. */
struct object object_take(struct object *object);
void object_copy(const struct object *object, struct object *out);

bool object_is_name(struct bytes name);

/* The path digest. `blanked` is the hash of the tree with its self-references blanked, which is the
 * Cab hash itself where there are none; references and selves are sorted here (in place). */
struct digest object_path(const struct cab_hash *blanked, const char *name,
	object_references *references, object_selves *selves);
/* The same for what has no references, as every output of a fetch: from pin and name alone. */
struct digest object_plain_path(const struct cab_hash *hash, const char *name);

/* The orders of a path's encoding; references also lose repeats. */
void object_references_sort(object_references *references);
void object_selves_sort(object_selves *selves);

struct object_file object_file_print(const struct digest *path, const char *name);
MUST_CHECK bool object_file_parse(struct bytes text, struct object_reference *out);
struct store_path store_path_print(const struct digest *path, const char *name);
/* A whole "/cull/store/<digest>-<name>", and nothing after it. */
MUST_CHECK bool store_path_parse(struct bytes text, struct object_reference *out);

/* The record objects/<aa>/<path digest>; `path` is what the file's name says, and must follow from
 * the content. Decoding fails with ERR_CORRUPT or ERR_LIMIT. The blanked digest stands in the
 * record where selves exist: it is proved by `store verify`. */
void object_encode(const struct object *object, const struct cab_hash *blanked, struct buf *out);
MUST_CHECK bool object_decode(
	struct bytes record, const struct digest *path, struct object *out, struct err *err);

bool vouch_equal(const struct vouch *left, const struct vouch *right);
