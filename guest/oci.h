/* SPDX-License-Identifier: MPL-2.0 */
/*
 * oci: the tree of a container image, from a registry that speaks the OCI Distribution Specification 1.0 or
 * Docker's Registry HTTP API V2.
 *
 * The reference is a tag or a manifest's digest. An index (or list) of images is one request more: the image
 * for the platform that is wanted is taken from it. The digest of the image's own manifest is reported before
 * any layer is asked for. Every document and every layer is held to the SHA-256 by which it is named; a layer
 * is read as it comes, and nothing is reported of the tree before its last byte is verified. Layers lie on each other
 * as layer.h says; owners, modes beyond the executable bit and times are not kept, devices are refused.
 *
 * Ceilings: OCI_DOCUMENT bytes a document, OCI_LAYERS layers, and those of file.h for all layers together.
 */
#pragma once

#include "request.h"

enum { OCI_DOCUMENT = 4 << 20, OCI_LAYERS = 1000 };

void oci_fetch(const struct request *request);
