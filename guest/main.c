/* SPDX-License-Identifier: MPL-2.0 */
/*
 * main: island.wasm, the fetcher of all builtin islands.
 *
 * What it is given: scheme, ref and options as arguments (src/island/scheme_list.h), the pin in
 * CAB_PIN. What it leaves: the tree or file `out`, and its identities on the FIFO `hash`. It exits
 * with 0 when all of that is done, or with 1 after one sentence in the log.
 */
#include "download.h"
#include "feature.h"
#include "git.h"
#include "oci.h"
#include "request.h"

void guest_main(void);

void
guest_main(void)
{
	const struct request *request = request_read();
	switch (request->shape) {
	case SHAPE_FORGE:
	case SHAPE_GIT:
		git_fetch(request);
		break;
	case SHAPE_REGISTRY:
		if (feature_whole && request->versions.size) {
			download_file(request);
			break;
		}
		__attribute__((fallthrough));
	case SHAPE_ARCHIVE:
		download_archive(request);
		break;
	case SHAPE_FILE:
		download_file(request);
		break;
	case SHAPE_OCI:
		if (feature_whole)
			oci_fetch(request);
		break;
	case SHAPE_LOCAL:
		break;
	}
}
