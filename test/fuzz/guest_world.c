/* SPDX-License-Identifier: MPL-2.0 */
#include "guest_world.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "../fetch/native.h"
#include "base/must.h"
#include "heap.h"

enum { DESCRIPTORS = 64, FIRST = 4, NOSPC = 51, VARIABLES = 9, ARGUMENTS = 16 };

struct transfer {
	struct bytes head, body;
	char *url;
	bool is_open;
};

static struct {
	char *arguments[ARGUMENTS], *variables[VARIABLES];
	size_t argument_count, variable_count, given_count, answer_count;
	struct bytes given[WORLD_BLOCKS], answers[WORLD_BLOCKS];
	uint8_t given_kinds[WORLD_BLOCKS];
	/* Of one run. */
	size_t written, file_count, asked, piece;
	struct world_file *files, *open[DESCRIPTORS];
	struct transfer transfers[CAB_HTTP_HANDLES];
	jmp_buf end;
	int32_t code;
} world;

static char *
text_of(struct bytes bytes)
{
	char *text = (char *)memory_new(bytes.size + 1);
	if (bytes.size)
		memcpy(text, bytes.data, bytes.size);
	text[bytes.size] = 0;
	return text;
}

struct bytes
world_block(struct bytes *rest)
{
	static const char separator[] = "\n%%\n";
	const uint8_t *end = rest->size ? memmem(rest->data, rest->size, separator, 4) : NULL;
	struct bytes block = bytes_first(*rest, end ? (size_t)(end - rest->data) : rest->size);
	*rest = bytes_from(*rest, block.size + 4);
	return block;
}

void
world_start(struct bytes line)
{
	struct bytes word;
	while (world.argument_count < ARGUMENTS && bytes_split(&line, ' ', &word))
		world.arguments[world.argument_count++] = text_of(word);
	world.variables[world.variable_count++] = text_of(BYTES_LITERAL("CAB_FORMER=/former"));
}

void
world_take(struct bytes block)
{
	static const struct bytes variable = BYTES_LITERAL("env ");
	static const struct {
		struct bytes word;
		uint8_t kind;
	} kinds[] = {{BYTES_LITERAL("file "), 'f'}, {BYTES_LITERAL("exec "), 'x'},
		{BYTES_LITERAL("link "), 'l'}, {BYTES_LITERAL("void "), 'd'}};
	for (size_t at = 0; at < sizeof kinds / sizeof kinds[0]; at++) {
		if (!bytes_has_prefix(block, kinds[at].word))
			continue;
		if (world.given_count < WORLD_BLOCKS) {
			world.given_kinds[world.given_count] = kinds[at].kind;
			world.given[world.given_count++] = bytes_from(block, kinds[at].word.size);
		}
		return;
	}
	if (!bytes_has_prefix(block, variable)) {
		if (world.answer_count < WORLD_BLOCKS)
			world.answers[world.answer_count++] = block;
		return;
	}
	block = bytes_from(block, variable.size);
	/* Which is the realizer's word. */
	if (world.variable_count < VARIABLES &&
		!bytes_has_prefix(block, BYTES_LITERAL("CAB_FORMER")))
		world.variables[world.variable_count++] = text_of(block);
}

void
world_load(struct bytes input)
{
	world_start(world_block(&input));
	while (input.size)
		world_take(world_block(&input));
}

/* What the last run left. */
static void
world_clear(void)
{
	world_heap_end();
	while (world.files) {
		struct world_file *next = world.files->next;
		buf_release(&world.files->content);
		free(world.files->path);
		free(world.files);
		world.files = next;
	}
	for (size_t at = 0; at < CAB_HTTP_HANDLES; at++)
		free(world.transfers[at].url);
	memset(world.transfers, 0, sizeof world.transfers);
	memset(world.open, 0, sizeof world.open);
	world.written = world.file_count = world.asked = 0;
	native_hashes_end();
}

void
world_unload(void)
{
	world_clear();
	while (world.argument_count)
		free(world.arguments[--world.argument_count]);
	while (world.variable_count)
		free(world.variables[--world.variable_count]);
	world.given_count = world.answer_count = 0;
}

size_t
world_given(const struct bytes **given_out)
{
	*given_out = world.given;
	return world.given_count;
}

static struct world_file *
find(struct bytes path)
{
	struct world_file *file = world.files;
	while (file && !bytes_equal(path, bytes_of(file->path, file->size)))
		file = file->next;
	return file;
}

const struct world_file *
world_find(const char *path)
{
	return find(bytes_text(path));
}

struct world_file *
world_add(struct bytes path, uint8_t kind)
{
	struct world_file *file = (struct world_file *)memory_zero(1, sizeof *file);
	*file = (struct world_file){world.files, text_of(path), path.size, kind, BUF(WORLD_BYTES)};
	world.files = file;
	world.file_count++;
	return file;
}

const struct world_file *
world_files(void)
{
	return world.files;
}

struct bytes
world_folder(struct bytes path)
{
	while (path.size && path.data[path.size - 1] != '/')
		path.size--;
	return bytes_first(path, path.size - (path.size > 0));
}

static struct bytes
path_check(const void *data, size_t size)
{
	struct bytes path = bytes_of(data, size);
	must(span_is_path(span_of(data, size)) && !memchr(data, 0, size),
		"a path is names between slashes");
	struct bytes folder = world_folder(path);
	const struct world_file *parent = folder.size ? find(folder) : NULL;
	must(!folder.size || (parent && parent->kind == 'd'), "a path leads through folders");
	return path;
}

/* A new entry, and WASI's result. */
static int32_t
make(const void *data, size_t size, uint8_t kind, struct world_file **out)
{
	struct bytes path = path_check(data, size);
	if (find(path))
		return WASI_EXIST;
	if (world.file_count >= WORLD_FILES)
		return NOSPC;
	*out = world_add(path, kind);
	return 0;
}

/* A hint's files, with the folders around them. */
static void
files_give(void)
{
	static const struct bytes former = BYTES_LITERAL("former");
	(void)world_add(BYTES_LITERAL("hash"), 'f');
	for (size_t at = 0; at < world.given_count; at++) {
		struct bytes content = world.given[at], path;
		if (!bytes_split(&content, '\n', &path) || !bytes_has_prefix(path, former) ||
			!span_is_path(span_of(path.data, path.size)) ||
			memchr(path.data, 0, path.size) || find(path))
			continue;
		for (size_t end = 0; end < path.size; end++) {
			struct bytes folder = bytes_first(path, end);
			if (path.data[end] == '/' && !find(folder))
				(void)world_add(folder, 'd');
		}
		const struct world_file *parent = find(world_folder(path));
		if (!parent || parent->kind == 'd')
			buf_add(&world_add(path, world.given_kinds[at])->content, content);
	}
}

int32_t
world_run(void (*run)(void *context), void *context, size_t piece)
{
	world_clear();
	world.piece = piece;
	world.code = 0;
	files_give();
	if (setjmp(world.end) == 0)
		run(context);
	return world.code;
}

/* The program. */

static void
strings_put(char *const *list, char **out, char *text, size_t count)
{
	for (size_t at = 0; at < count; at++) {
		out[at] = text;
		text = stpcpy(text, list[at]) + 1;
	}
}

static size_t
strings_size(char *const *list, size_t count)
{
	size_t size = 0;
	for (size_t at = 0; at < count; at++)
		size += strlen(list[at]) + 1;
	return size;
}

int32_t
wasi_args_sizes_get(size_t *count, size_t *size)
{
	*count = world.argument_count;
	*size = strings_size(world.arguments, *count);
	return 0;
}

int32_t
wasi_args_get(char **arguments, char *text)
{
	strings_put(world.arguments, arguments, text, world.argument_count);
	return 0;
}

int32_t
wasi_environ_sizes_get(size_t *count, size_t *size)
{
	*count = world.variable_count;
	*size = strings_size(world.variables, *count);
	return 0;
}

int32_t
wasi_environ_get(char **variables, char *text)
{
	strings_put(world.variables, variables, text, world.variable_count);
	return 0;
}

void
wasi_proc_exit(int32_t code)
{
	must(code == 0 || code == 1, "a program succeeds or fails");
	world.code = code;
	longjmp(world.end, 1);
}

void
cab_log(const void *text, size_t size)
{
	must(size && text, "a log has words");
}

void
cab_progress(uint64_t received, uint64_t expected, uint64_t objects)
{
	(void)received;
	(void)expected;
	(void)objects;
}

/* Files. */

static struct world_file **
slot_of(int32_t fd)
{
	must(fd >= FIRST && fd < FIRST + DESCRIPTORS && world.open[fd - FIRST],
		"a descriptor is open");
	return &world.open[fd - FIRST];
}

int32_t
wasi_path_open(int32_t folder, uint32_t lookup, const void *path, size_t path_size, uint32_t flags,
	uint64_t rights, uint64_t inherited, uint32_t fd_flags, int32_t *fd_out)
{
	(void)lookup;
	(void)rights;
	(void)inherited;
	(void)fd_flags;
	must(folder == WASI_WORKSPACE, "there is one folder");
	int32_t at = 0;
	while (at < DESCRIPTORS && world.open[at])
		at++;
	must(at < DESCRIPTORS, "few descriptors are open at once");
	struct world_file *file = find(bytes_of(path, path_size));
	int32_t result = file && file->kind != 'l' && file->kind != 'd' ? 0 : WASI_NOENT;
	if (flags & WASI_CREATE) {
		must(flags & WASI_EXCLUSIVE, "no file is written over");
		result = make(path, path_size, 'f', &file);
	}
	if (result != 0)
		return result;
	world.open[at] = file;
	*fd_out = at + FIRST;
	return 0;
}

int32_t
wasi_fd_write(int32_t fd, const struct wasi_iovec *vectors, size_t count, size_t *written_out)
{
	struct world_file *file = *slot_of(fd);
	size_t size = count ? vectors->size : 0;
	if (size > WORLD_BYTES - world.written)
		return NOSPC;
	world.written += size;
	buf_add(&file->content, bytes_of(size ? vectors->data : NULL, size));
	*written_out = size;
	return 0;
}

int32_t
wasi_fd_pread(int32_t fd, const struct wasi_iovec *vectors, size_t count, uint64_t offset,
	size_t *read_out)
{
	struct bytes rest = buf_bytes(&(*slot_of(fd))->content);
	rest = bytes_first(bytes_from(rest, offset), count ? vectors->size : 0);
	if (rest.size)
		memcpy((void *)(uintptr_t)vectors->data, rest.data, rest.size);
	*read_out = rest.size;
	return 0;
}

int32_t
wasi_fd_close(int32_t fd)
{
	*slot_of(fd) = NULL;
	return 0;
}

int32_t
cab_close_digest(int32_t fd, void *sum)
{
	struct digest digest = world_digest(*slot_of(fd));
	memcpy(sum, digest.bytes, sizeof digest.bytes);
	return wasi_fd_close(fd);
}

int32_t
cab_set_executable(int32_t fd)
{
	(*slot_of(fd))->kind = 'x';
	return 0;
}

int32_t
wasi_path_create_directory(int32_t folder, const void *path, size_t path_size)
{
	must(folder == WASI_WORKSPACE, "there is one folder");
	struct world_file *made;
	return make(path, path_size, 'd', &made);
}

int32_t
wasi_path_symlink(
	const void *target, size_t target_size, int32_t folder, const void *path, size_t path_size)
{
	must(folder == WASI_WORKSPACE, "there is one folder");
	must(target_size && !memchr(target, 0, target_size), "a link has a target");
	struct world_file *file;
	int32_t result = make(path, path_size, 'l', &file);
	if (result == 0)
		buf_add(&file->content, bytes_of(target, target_size));
	return result;
}

int32_t
wasi_path_rename(int32_t folder, const void *path, size_t path_size, int32_t new_folder,
	const void *new_path, size_t new_path_size)
{
	must(folder == WASI_WORKSPACE && new_folder == WASI_WORKSPACE, "there is one folder");
	struct bytes from = path_check(path, path_size);
	struct bytes to = path_check(new_path, new_path_size);
	must(find(from) && !find(to), "what is there is moved to where nothing is");
	for (struct world_file *file = world.files; file; file = file->next) {
		struct bytes old = bytes_text(file->path);
		if (!bytes_has_prefix(old, from) ||
			(old.size > from.size && old.data[from.size] != '/'))
			continue;
		cleanup_buf struct buf name = BUF(BUF_MAX);
		buf_add(&name, to);
		buf_add(&name, bytes_from(old, from.size));
		free(file->path);
		file->size = name.size;
		file->path = buf_take_text(&name);
	}
	return 0;
}

/* Requests. */

static struct transfer *
transfer_of(int32_t handle)
{
	must(handle >= 0 && handle < CAB_HTTP_HANDLES && world.transfers[handle].is_open,
		"a request is open");
	return &world.transfers[handle];
}

/* The head's line of this name; false where there is none. */
static bool
header_find(const struct transfer *transfer, struct bytes name, struct bytes *out)
{
	struct bytes rest = transfer->head, line;
	while (bytes_split(&rest, '\n', &line))
		if (bytes_has_prefix(line, name) &&
			bytes_has_prefix(bytes_from(line, name.size), BYTES_LITERAL(": "))) {
			*out = bytes_from(line, name.size + 2);
			return true;
		}
	return false;
}

int32_t
cab_http_open(const void *method, size_t method_size, const void *url, size_t url_size,
	const void *headers, size_t headers_size, const void *body, size_t body_size)
{
	struct bytes verb = bytes_of(method, method_size);
	(void)headers;
	(void)body;
	must(bytes_equal_text(verb, "GET") || bytes_equal_text(verb, "POST"),
		"a method is one of two");
	int32_t handle = 0;
	while (handle < CAB_HTTP_HANDLES && world.transfers[handle].is_open)
		handle++;
	if (handle == CAB_HTTP_HANDLES || url_size > CAB_HTTP_URL ||
		headers_size > CAB_HTTP_HEADERS || body_size > CAB_HTTP_BODY)
		return CAB_ERROR_LIMIT;
	if (world.asked == world.answer_count)
		return CAB_ERROR_FAILED;
	struct bytes answer = world.answers[world.asked++];
	struct transfer *transfer = &world.transfers[handle];
	const uint8_t *end = answer.size ? memmem(answer.data, answer.size, "\n\n", 2) : NULL;
	free(transfer->url);
	*transfer = (struct transfer){
		.head = bytes_first(answer, end ? (size_t)(end + 1 - answer.data) : answer.size),
		.url = text_of(bytes_of(url, url_size)),
		.is_open = true};
	transfer->body = bytes_from(answer, transfer->head.size + 1);
	return handle;
}

int32_t
cab_http_status(int32_t handle)
{
	struct bytes head = transfer_of(handle)->head;
	int32_t status = 0;
	for (size_t at = 0;
		at < head.size && at < 3 && head.data[at] >= '0' && head.data[at] <= '9'; at++)
		status = status * 10 + head.data[at] - '0';
	return status < 200 ? CAB_ERROR_FAILED : status;
}

int32_t
cab_http_header(int32_t handle, const void *name, size_t name_size, void *value, size_t capacity)
{
	const struct transfer *transfer = transfer_of(handle);
	struct bytes found = bytes_text(transfer->url);
	if (!header_find(transfer, bytes_of(name, name_size), &found) &&
		!bytes_equal_text(bytes_of(name, name_size), ":url"))
		return CAB_ERROR_ABSENT;
	if (found.size && capacity)
		memcpy(value, found.data, size_min(found.size, capacity));
	return (int32_t)found.size;
}

int32_t
cab_http_read(int32_t handle, void *data, size_t capacity)
{
	struct transfer *transfer = transfer_of(handle);
	struct bytes unused;
	size_t size = size_min(size_min(capacity, world.piece), transfer->body.size);
	must(capacity, "something is read");
	if (!size)
		return header_find(transfer, BYTES_LITERAL("broken"), &unused) ? CAB_ERROR_FAILED
									       : 0;
	memcpy(data, transfer->body.data, size);
	transfer->body = bytes_from(transfer->body, size);
	return (int32_t)size;
}

int32_t
cab_http_close(int32_t handle)
{
	transfer_of(handle)->is_open = false;
	return 0;
}
