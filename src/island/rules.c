/* SPDX-License-Identifier: MPL-2.0 */
#include "island/rules.h"

#include <dlfcn.h>
#include <errno.h>
#include <git2.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/path.h"
#include "island/ignore.h"
#include "island/tracked.h"

/* The functions of libgit2 that are used, each of the type that its header gives it. */
#define RULES_FUNCTIONS(FUNCTION)                                                                  \
	FUNCTION(git_buf_dispose)                                                                  \
	FUNCTION(git_config_free)                                                                  \
	FUNCTION(git_config_get_path)                                                              \
	FUNCTION(git_error_last)                                                                   \
	FUNCTION(git_libgit2_init)                                                                 \
	FUNCTION(git_libgit2_shutdown)                                                             \
	FUNCTION(git_repository_commondir)                                                         \
	FUNCTION(git_repository_config_snapshot)                                                   \
	FUNCTION(git_repository_free)                                                              \
	FUNCTION(git_repository_open_ext)                                                          \
	FUNCTION(git_repository_path)

#define RULES_LIBRARY "libgit2.so." LIBGIT2_SOVERSION

struct rules_library {
	void *handle;
/* NOLINTNEXTLINE(bugprone-macro-parentheses): a member's name takes none. */
#define RULES_MEMBER(name) __typeof__(&(name)) name;
	RULES_FUNCTIONS(RULES_MEMBER)
#undef RULES_MEMBER
};

/* What one file of patterns says, for all beneath a folder. */
struct rules_file {
	struct buf text;
	struct ignore_list list;
};

struct rules_folder {
	char *path; /* "" or "a/b" */
	struct rules_file file;
	bool out; /* it, or one around it, is ignored */
};

struct rules {
	struct rules_library library;
	bool started;
	git_repository *repository;
	struct tracked tracked;
	int root;
	struct rules_file everywhere;      /* core.excludesFile */
	struct rules_file here;            /* info/exclude */
	ARRAY(struct rules_folder) around; /* from the root down to the folder asked about last */
};

enum { RULES_FILE_MAX = 16 << 20 };

static bool
rules_load(struct rules_library *library, struct err *err)
{
	library->handle = dlopen(RULES_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library->handle)
		return err_set(err, ERR_NOT_FOUND,
			"git's rules of what is ignored need " RULES_LIBRARY ": %s", dlerror());
		/* dlsym gives an object's pointer where ISO C has no cast to a function's: POSIX says how. */
#define RULES_FIND(name)                                                                           \
	*(void **)&library->name = dlsym(library->handle, #name);                                  \
	if (!library->name)                                                                        \
		return err_set(err, ERR_NOT_FOUND, RULES_LIBRARY " has no " #name);
	RULES_FUNCTIONS(RULES_FIND)
#undef RULES_FIND
	return true;
}

static bool
rules_fail(const struct rules *rules, struct err *err)
{
	const git_error *error = rules->library.git_error_last();
	return err_set(err, ERR_REFUSED, "git: %s", error ? error->message : "no reason is known");
}

static bool
rules_read_index(struct rules *rules, struct err *err)
{
	cleanup_buf struct buf path = BUF(BUF_MAX);
	buf_format(&path, "%sindex", rules->library.git_repository_path(rules->repository));
	rules->tracked = TRACKED;
	return tracked_read(&rules->tracked, buf_text(&path), err);
}

/* A file that is not there, or is a link (which git does not follow within a tree), says nothing. */
static bool
rules_read(int folder, const char *path, struct rules_file *out, struct err *err)
{
	out->text = BUF(RULES_FILE_MAX);
	cleanup_fd int fd = fd_open_at(folder, path,
		O_RDONLY | O_NONBLOCK | (folder == AT_FDCWD ? 0 : O_NOFOLLOW), 0, err);
	if (fd < 0)
		return err->number == ENOENT || err->number == ELOOP || err->number == ENOTDIR;
	struct stat status;
	if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode))
		return true;
	if (!fd_read_all(fd, &out->text, err))
		return err_note(err, "%s", path);
	ignore_parse(&out->list, buf_bytes(&out->text));
	return true;
}

static void
rules_file_release(struct rules_file *file)
{
	ignore_release(&file->list);
	buf_release(&file->text);
}

static const char *
rules_default_excludes(struct buf *out)
{
	const char *folder = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	if (folder && *folder)
		buf_format(out, "%s/git/ignore", folder);
	else if (home && *home)
		buf_format(out, "%s/.config/git/ignore", home);
	return buf_text(out);
}

/* The patterns that stand in no folder of the tree. */
static bool
rules_read_excludes(struct rules *rules, struct err *err)
{
	cleanup_buf struct buf path = BUF(BUF_MAX);
	git_config *config = NULL;
	git_buf given = {0};
	if (rules->library.git_repository_config_snapshot(&config, rules->repository) < 0)
		return rules_fail(rules, err);
	bool said = rules->library.git_config_get_path(&given, config, "core.excludesfile") == 0;
	if (said)
		buf_add_text(&path, given.ptr);
	else
		(void)rules_default_excludes(&path);
	rules->library.git_buf_dispose(&given);
	rules->library.git_config_free(config);
	if (path.size && !rules_read(AT_FDCWD, buf_text(&path), &rules->everywhere, err))
		return false;
	buf_clear(&path);
	buf_format(&path, "%s/info/exclude",
		rules->library.git_repository_commondir(rules->repository));
	return rules_read(AT_FDCWD, buf_text(&path), &rules->here, err);
}

static bool
rules_start(struct rules *rules, const char *root, bool *found, struct err *err)
{
	if (!rules_load(&rules->library, err))
		return false;
	if (rules->library.git_libgit2_init() < 0)
		return rules_fail(rules, err);
	rules->started = true;
	int status = rules->library.git_repository_open_ext(
		&rules->repository, root, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
	*found = status == 0;
	if (status == GIT_ENOTFOUND)
		return true;
	if (status != 0)
		return rules_fail(rules, err);
	rules->root = fd_open_at(AT_FDCWD, root, O_RDONLY | O_DIRECTORY, 0, err);
	if (rules->root < 0 || !rules_read_index(rules, err) || !rules_read_excludes(rules, err))
		return false;
	struct rules_folder *top = array_push(&rules->around);
	top->path = strdup("");
	return rules_read(rules->root, ".gitignore", &top->file, err);
}

bool
rules_open(const char *root, struct rules **out, struct err *err)
{
	struct rules *rules = (struct rules *)memory_zero(1, sizeof *rules);
	rules->root = -1;
	bool found = false;
	bool done = rules_start(rules, root, &found, err);
	if (!done || !found) {
		rules_close(rules);
		rules = NULL;
	}
	*out = rules;
	return done || err_note(err, "%s", root);
}

static void
rules_pop(struct rules *rules)
{
	struct rules_folder *folder = &rules->around.data[--rules->around.size];
	rules_file_release(&folder->file);
	free(folder->path);
}

void
rules_close(struct rules *rules)
{
	if (!rules)
		return;
	while (rules->around.size)
		rules_pop(rules);
	array_release(&rules->around);
	rules_file_release(&rules->everywhere);
	rules_file_release(&rules->here);
	fd_release(&rules->root);
	if (rules->repository)
		rules->library.git_repository_free(rules->repository);
	if (rules->started)
		(void)rules->library.git_libgit2_shutdown();
	if (rules->library.handle)
		(void)dlclose(rules->library.handle);
	tracked_release(&rules->tracked);
	free(rules);
}

bool
rules_tracks_beneath(const struct rules *rules, const char *folder)
{
	cleanup_buf struct buf prefix = BUF(BUF_MAX);
	buf_add_text(&prefix, folder);
	if (prefix.size)
		buf_add_byte(&prefix, '/');
	return tracked_has_beneath(&rules->tracked, buf_bytes(&prefix));
}

/* What the patterns say: those of the nearest folder first, which are the last word. */
static bool
rules_is_ignored(const struct rules *rules, struct bytes path, enum rules_kind kind)
{
	enum ignore_kind as = kind == RULES_FOLDER ? IGNORE_FOLDER : IGNORE_FILE;
	enum ignore_answer answer = IGNORE_SILENT;
	for (size_t at = rules->around.size; answer == IGNORE_SILENT && at-- > 0;) {
		const struct rules_folder *folder = &rules->around.data[at];
		size_t above = strlen(folder->path);
		answer =
			ignore_ask(&folder->file.list, bytes_from(path, above ? above + 1 : 0), as);
	}
	if (answer == IGNORE_SILENT)
		answer = ignore_ask(&rules->here.list, path, as);
	if (answer == IGNORE_SILENT)
		answer = ignore_ask(&rules->everywhere.list, path, as);
	return answer == IGNORE_YES;
}

static bool
rules_is_around(const struct rules_folder *folder, struct bytes path)
{
	size_t size = strlen(folder->path);
	return !size || (bytes_has_prefix(path, bytes_text(folder->path)) &&
				(path.size == size || path.data[size] == '/'));
}

/* Goes from the folder that was asked about last to this one. */
static bool
rules_enter(struct rules *rules, struct bytes folder, struct err *err)
{
	while (!rules_is_around(&rules->around.data[rules->around.size - 1], folder))
		rules_pop(rules);
	for (;;) {
		const struct rules_folder *top = &rules->around.data[rules->around.size - 1];
		size_t above = strlen(top->path);
		if (above == folder.size)
			return true;
		size_t from = above ? above + 1 : 0;
		size_t part = bytes_find(bytes_from(folder, from), '/');
		struct bytes path = part == SIZE_MAX ? folder : bytes_first(folder, from + part);
		bool out = top->out || rules_is_ignored(rules, path, RULES_FOLDER);
		cleanup_buf struct buf place = BUF(BUF_MAX);
		buf_add(&place, path);
		struct rules_folder *made = array_push(&rules->around);
		made->path = strdup(buf_text(&place));
		made->out = out;
		buf_add_text(&place, "/.gitignore");
		if (!rules_read(rules->root, buf_text(&place), &made->file, err))
			return false;
	}
}

bool
rules_judge(struct rules *rules, const char *path, enum rules_kind kind, enum rules_verdict *out,
	struct err *err)
{
	struct bytes whole = bytes_text(path);
	const struct tracked_row *tracked = tracked_find(&rules->tracked, whole);
	*out = RULES_IN;
	if (tracked && tracked->link && kind == RULES_FOLDER)
		*out = RULES_LINK;
	if (tracked && (kind == RULES_FILE || tracked->link))
		return true;
	if (kind == RULES_FOLDER && rules_tracks_beneath(rules, path))
		return true;
	struct bytes folder =
		bytes_find(whole, '/') == SIZE_MAX ? bytes_of(NULL, 0) : path_folder(whole);
	if (!rules_enter(rules, folder, err))
		return false;
	if (rules->around.data[rules->around.size - 1].out || rules_is_ignored(rules, whole, kind))
		*out = RULES_OUT;
	return true;
}
