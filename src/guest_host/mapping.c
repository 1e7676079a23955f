/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_host/mapping.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

bool
mapping_open(int fd, uint64_t ceiling, struct mapping *out, struct err *err)
{
	struct stat status;
	if (fstat(fd, &status) < 0)
		return err_system(err, errno, "status");
	if (!S_ISREG(status.st_mode))
		return err_set(err, ERR_REFUSED, "not a memory file");
	if ((uint64_t)status.st_size > ceiling)
		return err_set(err, ERR_LIMIT, "%llu bytes, at most %llu are taken",
			(unsigned long long)status.st_size, (unsigned long long)ceiling);
	size_t size = (size_t)status.st_size;
	void *data = NULL;
	if (size)
		data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return err_system(err, errno, "map");
	out->bytes = bytes_of(data, size);
	out->address = data;
	return true;
}

void
mapping_close(struct mapping *mapping)
{
	if (mapping->address)
		(void)munmap(mapping->address, mapping->bytes.size);
	mapping->address = NULL;
	mapping->bytes = bytes_of(NULL, 0);
}
