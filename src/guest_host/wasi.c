/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/wasi.h"

#include <errno.h>
#include <stddef.h>

static const struct {
	int number;
	enum wasi_errno wasi;
} numbers[] = {
	{0, WASI_SUCCESS},
	{E2BIG, WASI_2BIG},
	{EACCES, WASI_ACCES},
	{EAGAIN, WASI_AGAIN},
	{EBADF, WASI_BADF},
	{EBUSY, WASI_BUSY},
	{EDQUOT, WASI_DQUOT},
	{EEXIST, WASI_EXIST},
	{EFAULT, WASI_FAULT},
	{EFBIG, WASI_FBIG},
	{EINTR, WASI_INTR},
	{EINVAL, WASI_INVAL},
	{EISDIR, WASI_ISDIR},
	{ELOOP, WASI_LOOP},
	{EMFILE, WASI_MFILE},
	{EMLINK, WASI_MLINK},
	{ENAMETOOLONG, WASI_NAMETOOLONG},
	{ENFILE, WASI_NFILE},
	{ENOENT, WASI_NOENT},
	{ENOMEM, WASI_NOMEM},
	{ENOSPC, WASI_NOSPC},
	{ENOTDIR, WASI_NOTDIR},
	{ENOTEMPTY, WASI_NOTEMPTY},
	{EOPNOTSUPP, WASI_NOTSUP},
	{ENXIO, WASI_NXIO},
	{EOVERFLOW, WASI_OVERFLOW},
	{EPERM, WASI_PERM},
	{EPIPE, WASI_PIPE},
	{EROFS, WASI_ROFS},
	{ESPIPE, WASI_SPIPE},
	{ETXTBSY, WASI_TXTBSY},
	/* What RESOLVE_BENEATH says of a path that leaves the folder. */
	{EXDEV, WASI_NOTCAPABLE},
};

enum wasi_errno
wasi_errno_of(int number)
{
	for (size_t at = 0; at < sizeof numbers / sizeof *numbers; at++)
		if (numbers[at].number == number)
			return numbers[at].wasi;
	return WASI_IO;
}
