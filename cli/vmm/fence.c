// SPDX-License-Identifier: GPL-2.0-only
/*
 * Landlock: of all that can be done to files by their names, removing some is
 * left. What is open already is not touched.
 */
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

/* What the first version of Landlock knows, Linux 5.13. */
#define ALL_RIGHTS	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |	\
			 LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |	\
			 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
			 LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |	\
			 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |	\
			 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
			 LANDLOCK_ACCESS_FS_MAKE_SYM)

/**
 * sandbox_can_fence() - whether the kernel has Landlock, and it is on
 */
bool sandbox_can_fence(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
		       LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

/* Landlock binds the calling thread and those that it makes, no others. */
static bool is_only_thread(void)
{
	struct stat st;

	return !stat("/proc/self/task", &st) && st.st_nlink == 3;
}

static int allow(int rules, int dir, uint64_t right)
{
	const struct landlock_path_beneath_attr beneath = {
		.allowed_access = right,
		.parent_fd = dir,
	};

	if (dir < 0)
		return 0;
	return (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
			    &beneath, 0);
}

/**
 * sandbox_fence() - give up all paths but for removing
 * @files: descriptor of a directory, in and below which files may be removed; or -1
 * @directories: of one in and below which empty directories may; or -1
 *
 * The process has no new privileges already (PR_SET_NO_NEW_PRIVS).
 *
 * Return: 0; -1: there is no fence, or not for all threads
 */
int sandbox_fence(int files, int directories)
{
	const struct landlock_ruleset_attr handled = { .handled_access_fs = ALL_RIGHTS };
	int rules;
	int ret;

	if (!is_only_thread())
		return -1;
	rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	if (rules < 0)
		return -1;
	ret = allow(rules, files, LANDLOCK_ACCESS_FS_REMOVE_FILE);
	if (!ret)
		ret = allow(rules, directories, LANDLOCK_ACCESS_FS_REMOVE_DIR);
	if (!ret)
		ret = (int)syscall(SYS_landlock_restrict_self, rules, 0);
	close(rules);
	return ret ? -1 : 0;
}
