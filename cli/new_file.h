/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_NEW_FILE_H
#define HVCTL_NEW_FILE_H

#include <limits.h>
#include <stdbool.h>

/**
 * struct new_file - a file that is there whole, or not at all
 * @fd: what to write to
 * @replace: whether it takes the place of one that is there
 * @path: its name in the end
 * @temporary: its name until then, in the same directory; "" for what is no
 *	regular file and written where it is
 */
struct new_file {
	int fd;
	bool replace;
	char path[PATH_MAX];
	char temporary[PATH_MAX];
};

/**
 * new_file_open() - begin a file that nobody else may read
 * @file: the file
 * @path: where it shall be
 * @replace: whether one that is there may go; a symbolic link leads to it
 *
 * Return: 0, and new_file_finish() ends it; -1 with errno, EEXIST without @replace.
 */
int new_file_open(struct new_file *file, const char *path, bool replace);

/**
 * new_file_finish() - put it in its place, or take it back
 * @file: the file
 * @whole: all of it was written; else what was there before is as it was
 *
 * Return: 0; -1 with errno if it is whole but could not be put there, and it is gone.
 */
int new_file_finish(struct new_file *file, bool whole);

#endif
