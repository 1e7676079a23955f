/* SPDX-License-Identifier: MPL-2.0 */
#include "file.h"

#include "heap.h"

static void
path_add(struct text *path, const struct folder *folder)
{
	/* At most OUTPUT_DEPTH + 1 names: a folder is only made beneath that. */
	const struct folder *chain[OUTPUT_DEPTH + 2];
	size_t count = 0;
	for (; folder; folder = folder->parent)
		chain[count++] = folder;
	while (count) {
		text_add(path, chain[--count]->name);
		text_byte(path, '/');
	}
}

struct span
output_path(struct output *output, const struct folder *folder, struct span name)
{
	text_clear(&output->path);
	path_add(&output->path, folder);
	text_add(&output->path, name);
	struct span path = text_span(&output->path);
	if (path.size > OUTPUT_PATH)
		fail("a path is longer than %u bytes: %b", (uint64_t)OUTPUT_PATH, &path);
	return path;
}

COLD static _Noreturn void
file_fail(const char *what, const struct span *path, int32_t problem)
{
	if (problem == WASI_EXIST)
		fail("two entries of one name: %b", path);
	fail("cannot %s %b: error %u of WASI", what, path, (uint64_t)problem);
}

static void
output_count(struct output *output)
{
	if (++output->files > OUTPUT_FILES)
		fail("more than %u files", (uint64_t)OUTPUT_FILES);
}

static int32_t
file_open(struct span path, uint32_t flags, uint64_t rights)
{
	int32_t fd = -1;
	int32_t problem =
		wasi_path_open(WASI_WORKSPACE, 0, path.data, path.size, flags, rights, 0, 0, &fd);
	if (problem)
		file_fail("open", &path, problem);
	return fd;
}

int32_t
file_create(struct output *output, const struct folder *folder, struct span name)
{
	output_count(output);
	return file_open(
		output_path(output, folder, name), WASI_CREATE | WASI_EXCLUSIVE, WASI_RIGHT_WRITE);
}

void
file_write(struct output *output, int32_t fd, struct span data)
{
	output->bytes += data.size;
	if (output->bytes > OUTPUT_BYTES)
		fail("the source unpacks to more than %u GiB", OUTPUT_BYTES >> 30);
	while (data.size) {
		struct wasi_iovec vector = {data.data, data.size};
		size_t written = 0;
		int32_t problem = wasi_fd_write(fd, &vector, 1, &written);
		if (problem || written == 0)
			fail("cannot write a file: error %u of WASI", (uint64_t)problem);
		data = span_after(data, written);
	}
}

void
file_finish(int32_t fd, bool executable, uint8_t digest_out[SUM_BLAKE3])
{
	if ((executable && cab_set_executable(fd) < 0) || cab_close_digest(fd, digest_out) < 0)
		fail("cannot finish a file");
}

void
file_make(struct output *output, const struct folder *folder, struct span name, struct span content,
	bool executable, uint8_t digest_out[SUM_BLAKE3])
{
	int32_t fd = file_create(output, folder, name);
	file_write(output, fd, content);
	file_finish(fd, executable, digest_out);
}

void
scratch_read(int32_t fd, uint64_t offset, uint8_t *data, size_t size)
{
	while (size) {
		struct wasi_iovec vector = {data, size};
		size_t some = 0;
		int32_t problem = wasi_fd_pread(fd, &vector, 1, offset, &some);
		if (problem || some == 0)
			fail("cannot read a file back: error %u of WASI", (uint64_t)problem);
		data += some;
		offset += some;
		size -= some;
	}
}

void
scratch_write(int32_t fd, uint64_t offset, struct span data)
{
	while (data.size) {
		struct wasi_iovec vector = {data.data, data.size};
		size_t some = 0;
		int32_t problem = wasi_fd_pwrite(fd, &vector, 1, offset, &some);
		if (problem || some == 0)
			fail("cannot write a scratch file: error %u of WASI", (uint64_t)problem);
		data = span_after(data, some);
		offset += some;
	}
}

int32_t
scratch_open(struct output *output, const struct folder *folder, struct span name)
{
	return file_open(output_path(output, folder, name), WASI_CREATE | WASI_EXCLUSIVE,
		WASI_RIGHT_READ | WASI_RIGHT_WRITE | WASI_RIGHT_SEEK);
}

void
file_read(struct output *output, const struct folder *folder, struct span name, uint8_t *data,
	size_t size)
{
	int32_t fd =
		file_open(output_path(output, folder, name), 0, WASI_RIGHT_READ | WASI_RIGHT_SEEK);
	scratch_read(fd, 0, data, size);
	(void)wasi_fd_close(fd);
}

void
file_copy(struct output *output, const struct folder *from_folder, struct span from,
	const struct folder *folder, struct span name, uint64_t size, bool executable)
{
	enum { PIECE = 64 << 10 };
	uint8_t *piece = (uint8_t *)heap_take(PIECE);
	int32_t source = file_open(
		output_path(output, from_folder, from), 0, WASI_RIGHT_READ | WASI_RIGHT_SEEK);
	int32_t fd = file_create(output, folder, name);
	for (uint64_t at = 0; at < size;) {
		size_t some = size - at < PIECE ? (size_t)(size - at) : PIECE;
		scratch_read(source, at, piece, some);
		file_write(output, fd, span_of(piece, some));
		at += some;
	}
	uint8_t digest[SUM_BLAKE3];
	file_finish(fd, executable, digest);
	(void)wasi_fd_close(source);
	heap_give(piece, PIECE);
}

void
file_move(struct output *output, const struct folder *from_folder, struct span from,
	const struct folder *folder, struct span name, bool executable)
{
	struct text old = {0};
	path_add(&old, from_folder);
	text_add(&old, from);
	struct span path = output_path(output, folder, name);
	int32_t problem = wasi_path_rename(
		WASI_WORKSPACE, old.data, old.size, WASI_WORKSPACE, path.data, path.size);
	if (problem)
		file_fail("name", &path, problem);
	text_release(&old);
	if (!executable)
		return;
	int32_t fd = file_open(path, 0, WASI_RIGHT_WRITE);
	if (cab_set_executable(fd) < 0)
		fail("cannot make a file executable: %b", &path);
	(void)wasi_fd_close(fd);
}

void
folder_make(struct output *output, const struct folder *folder, struct span name)
{
	output_count(output);
	if (folder && folder->depth >= OUTPUT_DEPTH)
		fail("more than %u folders in each other", (uint64_t)OUTPUT_DEPTH);
	struct span path = output_path(output, folder, name);
	int32_t problem = wasi_path_create_directory(WASI_WORKSPACE, path.data, path.size);
	if (problem)
		file_fail("make the folder", &path, problem);
}

void
link_make(struct output *output, const struct folder *folder, struct span name, struct span target)
{
	output_count(output);
	struct span path = output_path(output, folder, name);
	if (target.size == 0 || target.size > OUTPUT_TARGET || span_find(target, 0) < target.size)
		fail("a symbolic link without a target that can be: %b", &path);
	int32_t problem =
		wasi_path_symlink(target.data, target.size, WASI_WORKSPACE, path.data, path.size);
	if (problem)
		file_fail("make the link", &path, problem);
}

void
file_remove(struct output *output, const struct folder *folder, struct span name)
{
	struct span path = output_path(output, folder, name);
	(void)wasi_path_unlink_file(WASI_WORKSPACE, path.data, path.size);
}

void
folder_remove(struct output *output, const struct folder *folder, struct span name)
{
	struct span path = output_path(output, folder, name);
	(void)wasi_path_remove_directory(WASI_WORKSPACE, path.data, path.size);
}
