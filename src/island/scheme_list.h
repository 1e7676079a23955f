/* SPDX-License-Identifier: MPL-2.0 */
/*
 * scheme_list: one row a builtin island scheme, and one a format of identities, for host, guest and
 * manual alike. Included any number of times; no include guard; needs no other header.
 *
 *     #define SCHEME(name, text, shape, base, redirects, formats) …
 *     #include "island/scheme_list.h"
 *
 * SCHEME(name, text, shape, base, redirects, formats)
 *   text       as it is written
 *   shape      how the ref is written:
 *                FORGE     OWNER/REPO[@REFERENCE]           git at base/OWNER/REPO
 *                GIT       URL[@REFERENCE]                  git at URL
 *                ARCHIVE   //HOST/PATH, with the scheme a URL    unpacked by its content
 *                FILE      URL                              one file, not unpacked
 *                REGISTRY  NAME[@VERSION]                   found by the registry's document on NAME;
 *                                                           npm: also @SCOPE/NAME, and a dist-tag
 *                OCI       HOST/NAME[@TAG] or @sha256:HEX   an image, from https://HOST/v2/NAME
 *                LOCAL     a folder of the evaluating machine; has no derivation
 *   base       what the scheme means; "" where the ref says it. `islands.SCHEME.base` replaces it,
 *              and it stands in a derivation's arguments only then
 *   redirects  1: a redirect to an origin beyond the derivation's is followed (the derivation's
 *              `origins` hold the word "redirects" then)
 *   formats    of the identities that it reports, in their order
 *
 * The arguments of island.wasm: the scheme's text, the ref as it is written (without the
 * configuration), then KEY=VALUE in bytewise order of keys, each only where it is set:
 *
 *     base=URL         the base, without a last '/', where it is not the row's
 *     checksum=ALGORITHM-HEX      sha256 or sha512, lower case
 *     lfs=true         pointers of Git LFS are replaced by what they name
 *     platform=OS/ARCHITECTURE[/VARIANT]      of an image in an index; linux/amd64 without it, on every machine
 *     reference=TEXT   branch or tag, instead of @REFERENCE
 *     revision=HEX     40 or 64 lower-case digits
 *     since=HEX        with a revision: no more is told than how many commits lead to it and not to this one
 *     strip=N          how many leading parts of each name in an archive go away
 *     submodules=true
 *     subpath=a/b      without a leading '/'
 *     versions=true    the tags are listed, or the registry's document is fetched, and nothing more: `out` is a file
 *                      (cab island versions)
 *
 * With CAB_READ in the environment objects of git are wanted, and no tree: `out` is a file of records (cab-island(7)).
 *
 * Without strip, an archive whose entries all lie in one folder is taken without that folder.
 *
 * COMPARE(name, text)
 *   what follows base/OWNER/REPO of a forge in the URL of the page that shows what lies between two revisions: {old}, {new}
 *
 * COST(schemes, format, requests, known)
 *   for the manual and test/e2e: what an identity costs where nothing is pinned and no checksum is
 *   given: the requests sent by then, and what has come of the last of them
 *
 * FORMAT(text, value, known)
 *   for the manual: the format, its value, and when it is known. `ALGORITHM.tar1` names the bytes
 *   of an archive and, by content and options, one way to unpack them; `ALGORITHM.file1` a file's.
 */
#ifdef SCHEME
SCHEME(GITHUB, "github", FORGE, "https://github.com", 0, "git git-tree cab")
SCHEME(GITLAB, "gitlab", FORGE, "https://gitlab.com", 0, "git git-tree cab")
SCHEME(CODEBERG, "codeberg", FORGE, "https://codeberg.org", 0, "git git-tree cab")
SCHEME(SOURCEHUT, "sourcehut", FORGE, "https://git.sr.ht", 0, "git git-tree cab")
SCHEME(GIT, "git", GIT, "", 1, "git git-tree cab")
SCHEME(HTTPS, "https", ARCHIVE, "", 1, "http http-git sha256.tar1 cab")
SCHEME(HTTP, "http", ARCHIVE, "", 1, "http http-git sha256.tar1 cab")
SCHEME(FILE, "file", FILE, "", 1, "http sha256.file1 cab")
SCHEME(CRATES, "crates", REGISTRY, "registry:crates", 1, "sha256.tar1 cab")
SCHEME(NPM, "npm", REGISTRY, "registry:npm", 1, "sha512.tar1 cab")
SCHEME(PYPI, "pypi", REGISTRY, "registry:pypi", 1, "sha256.tar1 cab")
SCHEME(OCI, "oci", OCI, "", 1, "sha256.oci1 cab")
SCHEME(SELF, "self", LOCAL, "", 0, "")
SCHEME(FS, "fs", LOCAL, "", 0, "")
#undef SCHEME
#endif

#ifdef COMPARE
COMPARE(GITHUB, "/compare/{old}...{new}")
COMPARE(GITLAB, "/-/compare/{old}...{new}")
COMPARE(CODEBERG, "/compare/{old}...{new}")
COMPARE(SOURCEHUT, "/log/{new}")
#undef COMPARE
#endif

#ifdef COST
COST("github gitlab codeberg sourcehut git", "git", 1, "the listing of one ref")
COST("github gitlab codeberg sourcehut git", "git-tree", 2,
	"the commit and the trees down to the subpath")
COST("https http", "http", 1, "the head of the archive's response")
COST("https http of a forge", "http-git", 1, "the archive's beginning")
COST("https http", "sha256.tar1", 1, "the archive")
COST("file", "http", 1, "the head of the file's response")
COST("file", "sha256.file1", 1, "the file")
COST("crates", "sha256.tar1", 1, "the package's file of the index")
COST("npm", "sha512.tar1", 1, "the packument, abbreviated")
COST("pypi", "sha256.tar1", 1, "the project's page of the index")
COST("oci", "sha256.oci1", 1, "the manifest")
COST("oci of an index", "sha256.oci1", 2, "the index and the manifest")
#undef COST
#endif

#ifdef FORMAT
FORMAT("git", "REVISION[:SUBPATH][+submodules][+lfs]",
	"from the ref listing, before anything is downloaded")
FORMAT("git-tree", "OBJECT[+submodules][+lfs]",
	"as soon as the commit and the trees down to the subpath are in")
FORMAT("sha256.tar1", "HEX[:SUBPATH][+strip=N]",
	"from a registry, the island's text, or once the archive is in")
FORMAT("sha512.tar1", "HEX[:SUBPATH][+strip=N]",
	"from a registry, the island's text, or once the archive is in")
FORMAT("sha256.file1", "HEX", "from the island's text, or once the file is in")
FORMAT("sha512.file1", "HEX", "from the island's text, or once the file is in")
FORMAT("sha256.oci1", "HEX[:SUBPATH]", "from the image's manifest, before any layer")
FORMAT("http", "BLAKE3 over URL, strong ETag and options", "from the response's head")
FORMAT("http-git", "BLAKE3 over URL, revision and options",
	"from the first kilobyte of what git archived, without a strong ETag")
FORMAT("cab", "the Cab hash, or `.`", "last")
#undef FORMAT
#endif
