// SPDX-License-Identifier: GPL-2.0-only
/* A file gets its name when it is whole: no reader meets half of one, and nothing good goes for it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "new_file.h"

#define SUFFIX	".XXXXXX"

/* What a link leads to is replaced, not the link. Return: 0, or -1 with errno */
static int follow(struct new_file *file, const char *path)
{
	char *target = realpath(path, NULL);

	if (!target)
		return -1;
	snprintf(file->path, sizeof(file->path), "%s", target);
	free(target);
	return 0;
}

/* Return: 0, or -1 with errno; @st has no mode if there is no such file yet */
static int look(struct new_file *file, const char *path, struct stat *st)
{
	st->st_mode = 0;
	if (lstat(path, st)) {
		if (errno != ENOENT)
			return -1;
		st->st_mode = 0;
	} else if (!file->replace) {
		errno = EEXIST;
		return -1;
	} else if (S_ISLNK(st->st_mode)) {
		if (stat(path, st))
			return -1;
		/* A pipe behind /dev/fd has no other name than the link. */
		if (S_ISREG(st->st_mode))
			return follow(file, path);
	}
	if (snprintf(file->path, sizeof(file->path), "%s", path) < (int)sizeof(file->path))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

int new_file_open(struct new_file *file, const char *path, bool replace)
{
	struct stat st;

	file->replace = replace;
	file->temporary[0] = '\0';
	if (look(file, path, &st))
		return -1;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	if (st.st_mode && !S_ISREG(st.st_mode)) {
		file->fd = open(file->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		return file->fd < 0 ? -1 : 0;
	}
	if (snprintf(file->temporary, sizeof(file->temporary), "%s" SUFFIX, file->path) >=
	    (int)sizeof(file->temporary)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	file->fd = mkostemp(file->temporary, O_CLOEXEC);
	return file->fd < 0 ? -1 : 0;
}

/* Return: 0, or -1 with errno */
static int put(const struct new_file *file)
{
	if (file->replace)
		return rename(file->temporary, file->path);
	if (!renameat2(AT_FDCWD, file->temporary, AT_FDCWD, file->path, RENAME_NOREPLACE))
		return 0;
	/* Not every file system knows how. */
	if (errno != EINVAL || link(file->temporary, file->path))
		return -1;
	unlink(file->temporary);
	return 0;
}

int new_file_finish(struct new_file *file, bool whole)
{
	int ret = 0, err;

	/* Over a network what was not written is told now. */
	if (close(file->fd) && whole)
		ret = -1;
	if (!*file->temporary)
		return ret;
	if (!ret && whole)
		ret = put(file);
	if (!whole || ret) {
		err = errno;
		unlink(file->temporary);
		errno = err;
	}
	return ret;
}
