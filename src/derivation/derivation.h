/* SPDX-License-Identifier: MPL-2.0 */
/*
 * derivation: a closed, serialisable description of one program run. The manual is
 * cab-derivation(5); the contract is DESIGN section 7.
 *
 * A struct derivation is plain data whose spans are borrowed from an arena (derivation_decode,
 * derivation_copy, derivation_resolve) or from whoever fills one in. It is not changed once made.
 *
 *     struct derivation derivation = {.name = …, …};       fill in, sorted as said below
 *     if (!derivation_check(&derivation, err)) …            the rules, each with its sentence
 *     struct digest digest = derivation_digest(&derivation);
 *     struct bytes file = derivation_file_name(arena, &derivation, &digest);
 *
 * Canonical JSON: one object without white space, keys in bytewise order, strings as RFC 8785 says:
 *
 *     {"arguments":[…],"environment":{…},"fixed":"self"|["FORMAT VALUE",…,"cab HASH"],"inputs":[…],
 *      "name":…,"origins":[…],"outputs":[…],"program":…,"requiredRealizerFeatures":[…]}
 *
 * All keys are there but `fixed` and `origins`, which are absent where there is none. Lists but
 * `arguments` and `fixed` are sorted bytewise, without repeats. The digest is BLAKE3 of these
 * bytes, the file is named "<digest>-<name>.drv".
 *
 * An input is an object, "/cull/store/<digest>-<name>", or an output of a derivation,
 * "<digest>-<name>.drv#<output>". What stands in texts (program, arguments, values of the
 * environment) for an output is its placeholder path, and for the derivation's own output the path
 * that it has while the program runs:
 *
 *     placeholder   /cull/store/<X>-<outname>   X = derive_key("cab placeholder 1", D NUL output)
 *     own output    /cull/store/<X>-<outname>   X = derive_key("cab out 1", name NUL output)
 *     pinned        /cull/store/<X>-<outname>   X = derive_key("cab pinned 1", P NUL output)
 *
 * where D is the derivation's digest in text form, P a pin ("FORMAT VALUE") or a pinned digest in
 * text form (graph.h), NUL one zero byte, X in text form, and outname the derivation's name for
 * `out`, else "<name>-<output>".
 *
 * Ceilings: DERIVATION_SIZE bytes of JSON (ERR_LIMIT), DERIVATION_NAME bytes of a name,
 * DERIVATION_OUTPUT of an output's. Whatever else is wrong is ERR_CORRUPT in derivation_decode and
 * ERR_REFUSED in derivation_check.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "derivation/identity.h"

#define STORE_PREFIX "/cull/store/"

enum {
	DERIVATION_SIZE = 16 << 20,
	DERIVATION_NAME = 160,
	DERIVATION_OUTPUT = 32,
	DERIVATION_OBJECT = 200, /* an object's name, as store/object.h has it */
	DERIVATION_IDENTITIES = 16,
	DERIVATION_ORIGINS = 64,
};

enum derivation_fixed {
	DERIVATION_ORDINARY,
	DERIVATION_SELF,  /* the program reports the hash of its output */
	DERIVATION_FIXED, /* `identities` says it beforehand */
};

struct derivation_variable {
	struct bytes name;
	struct bytes value;
};

struct derivation {
	struct bytes name;
	struct bytes program;
	const struct bytes *arguments;
	size_t argument_count;
	const struct derivation_variable *environment; /* sorted by name, distinct */
	size_t environment_count;
	const struct bytes *inputs; /* sorted, distinct */
	size_t input_count;
	const struct bytes *outputs; /* sorted, distinct, at least one */
	size_t output_count;
	const struct bytes *features; /* sorted, distinct */
	size_t feature_count;
	enum derivation_fixed fixed;
	const struct identity *identities; /* of DERIVATION_FIXED; the last is `cab` */
	size_t identity_count;
	const struct bytes *origins; /* sorted, distinct */
	size_t origin_count;
};

/* Letters, digits and "+-._?=", 1 to `limit` of them, the first neither '.' nor '-'. */
bool derivation_is_name(struct bytes name, size_t limit);

/* Every rule that a derivation keeps; the sentence says which is broken. */
MUST_CHECK bool derivation_check(const struct derivation *derivation, struct err *err);
/* Of a derivation that derivation_check accepts. */
void derivation_encode(const struct derivation *derivation, struct buf *out);
/* Strict: what is accepted encodes to the same bytes. */
MUST_CHECK bool derivation_decode(
	struct arena *arena, struct bytes json, struct derivation *out, struct err *err);
struct derivation derivation_copy(struct arena *arena, const struct derivation *derivation);

struct digest derivation_digest(const struct derivation *derivation);
/* "<digest>-<name>.drv". */
struct bytes derivation_file_name(
	struct arena *arena, const struct derivation *derivation, const struct digest *digest);

bool derivation_has_feature(const struct derivation *derivation, struct bytes feature);
bool derivation_has_output(const struct derivation *derivation, struct bytes output);

/* An entry of `inputs`, taken apart; spans are borrowed from it. */
struct derivation_input {
	bool is_object;
	struct digest digest; /* path digest of an object, digest of a derivation */
	struct bytes name;    /* of the object or the derivation */
	struct bytes output;  /* of a derivation; empty for an object */
};

MUST_CHECK bool derivation_input_parse(struct bytes input, struct derivation_input *out);
/* "<digest>-<name>.drv#<output>". */
struct bytes derivation_input_print(struct arena *arena, const struct derivation *derivation,
	const struct digest *digest, struct bytes output);

/* "<name>" for `out`, "<name>-<output>" for any other. */
struct bytes derivation_output_name(struct arena *arena, struct bytes name, struct bytes output);
/* Where an output stands in the texts of its consumers: "/cull/store/<placeholder>-<outname>". */
struct bytes derivation_placeholder(
	struct arena *arena, const struct digest *digest, struct bytes name, struct bytes output);
/* Where an output lies while its own program runs. */
struct bytes derivation_own_path(struct arena *arena, struct bytes name, struct bytes output);

/*
 * What stands for an input of a derivation from now on: a store path. Every such input needs one
 * (ERR_NOT_FOUND names the first without); objects stay as they are. Inputs are sorted anew, and
 * two that became one path are one. The result borrows from the arena and from `derivation`.
 */
struct derivation_resolution {
	struct bytes input;
	struct bytes path;
};

MUST_CHECK bool derivation_resolve(struct arena *arena, const struct derivation *derivation,
	const struct derivation_resolution *resolutions, size_t count, struct derivation *out,
	struct err *err);

/*
 * What stands beside a feature in the pinned and the resolved digest, never in the derivation:
 * "host-root:debian-12" becomes "host-root:debian-12=<value>". Annotations of features that the
 * derivation does not require have no effect.
 */
struct derivation_annotation {
	struct bytes feature;
	struct bytes value;
};

/* The digest with the annotations; of a resolved derivation, its resolved digest. */
struct digest derivation_digest_annotated(const struct derivation *derivation,
	const struct derivation_annotation *annotations, size_t count);
