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

void
output_path_set(struct output *output, const struct folder *folder, struct span name)
{
	text_clear(&output->path);
	path_add(&output->path, folder);
	text_add(&output->path, name);
	if (output->path.size > OUTPUT_PATH)
		fail_about("a path is too long", text_span(&output->path));
}

/* A result of WASI for the path under way. */
static void
output_check(const struct output *output, int32_t problem)
{
	struct span path = text_span(&output->path);
	if (problem == 0)
		return;
	if (problem == WASI_EXIST)
		fail_about("two entries of one name", path);
	log_about("cannot be written", path);
	if (problem == WASI_NO_SPACE)
		fail("the disk is full");
	fail_number("error of WASI", (uint64_t)problem);
}

/* The path of what is made, which is counted. */
static void
output_path_new(struct output *output, const struct folder *folder, struct span name)
{
	if (++output->files > OUTPUT_FILES)
		fail("more than 2 million files");
	output_path_set(output, folder, name);
}

static int32_t
path_open(struct output *output, uint32_t flags, uint64_t rights)
{
	output_check(output, wasi_path_open(WASI_WORKSPACE, 0, output->path.data, output->path.size,
				     flags, rights, 0, 0, &output->opened));
	return output->opened;
}

int32_t
file_create(struct output *output, const struct folder *folder, struct span name)
{
	output_path_new(output, folder, name);
	return path_open(output, WASI_CREATE | WASI_EXCLUSIVE,
		WASI_RIGHT_READ | WASI_RIGHT_WRITE | WASI_RIGHT_SEEK);
}

void
file_write(struct output *output, int32_t fd, struct span data)
{
	output->bytes += data.size;
	if (output->bytes > OUTPUT_BYTES)
		fail("more than 8 GiB of files");
	while (data.size) {
		output->vector = (struct wasi_iovec){data.data, data.size};
		output_check(output, wasi_fd_write(fd, &output->vector, 1, &output->some));
		data = span_after(data, output->some);
	}
}

void
file_finish(int32_t fd, bool executable, uint8_t digest_out[SUM_BLAKE3])
{
	if ((executable && cab_set_executable(fd) < 0) || cab_close_digest(fd, digest_out) < 0)
		fail("a file cannot be finished");
}

void
file_read_at(struct output *output, int32_t fd, uint64_t offset, uint8_t *data, size_t size)
{
	while (size) {
		output->vector = (struct wasi_iovec){data, size};
		output_check(output, wasi_fd_pread(fd, &output->vector, 1, offset, &output->some));
		if (output->some == 0)
			fail("a file cannot be finished");
		data += output->some;
		offset += output->some;
		size -= output->some;
	}
}

int32_t
file_open(struct output *output, const struct folder *folder, struct span name)
{
	output_path_set(output, folder, name);
	return path_open(output, 0, WASI_RIGHT_READ | WASI_RIGHT_SEEK);
}

void
file_copy(struct output *output, const struct folder *from_folder, struct span from,
	const struct folder *folder, struct span name, uint64_t size, bool executable)
{
	enum { PIECE = 64 << 10 };
	uint8_t *piece = (uint8_t *)heap_take(PIECE);
	int32_t source = file_open(output, from_folder, from);
	int32_t fd = file_create(output, folder, name);
	for (uint64_t at = 0; at < size;) {
		size_t some = size - at < PIECE ? (size_t)(size - at) : PIECE;
		file_read_at(output, source, at, piece, some);
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
	struct text *old = text_new("");
	path_add(old, from_folder);
	text_add(old, from);
	struct span path = output_path(output, folder, name);
	output_check(output, wasi_path_rename(WASI_WORKSPACE, old->data, old->size, WASI_WORKSPACE,
				     path.data, path.size));
	text_free(old);
	if (!executable)
		return;
	int32_t fd = path_open(output, 0, WASI_RIGHT_WRITE);
	(void)cab_set_executable(fd);
	(void)wasi_fd_close(fd);
}

struct folder *
folder_new(const struct folder *parent, struct span name)
{
	struct folder *folder = (struct folder *)heap_take(sizeof *folder);
	*folder = (struct folder){parent, name, parent->depth + 1};
	return folder;
}

void
folder_make(struct output *output, const struct folder *folder, struct span name)
{
	if (folder && folder->depth >= OUTPUT_DEPTH)
		fail("more than 128 folders in each other");
	output_path_new(output, folder, name);
	output_check(output,
		wasi_path_create_directory(WASI_WORKSPACE, output->path.data, output->path.size));
}

void
link_make(struct output *output, const struct folder *folder, struct span name, struct span target)
{
	output_path_new(output, folder, name);
	struct span path = text_span(&output->path);
	if (target.size == 0 || target.size > OUTPUT_TARGET || span_find(target, 0) < target.size)
		fail_about("a symbolic link with no target that can be", path);
	output_check(output,
		wasi_path_symlink(target.data, target.size, WASI_WORKSPACE, path.data, path.size));
}
