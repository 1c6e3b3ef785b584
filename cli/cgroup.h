/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_CGROUP_H
#define HVCTL_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include <hvmod.h>

#define CGROUP_ROOT		"/sys/fs/cgroup"
#define CGROUP_PATH_ROOM	4096
#define CGROUP_DOORS_MAX	2

/**
 * struct cgroup - the control group of a VMM process
 * @slice: descriptor of hvmod.slice, -1: the process is in no group of ours
 * @back: cgroup.procs of where it was before, or -1
 * @root: cgroup.procs of the root, where everybody may be, or -1
 * @told: cgroup_doors() told of @back and @root
 * @name: its directory in @slice
 */
struct cgroup {
	int slice;
	int back;
	int root;
	bool told;
	char name[HVMOD_NAME_MAX + 16];
};

/**
 * cgroup_enter() - move this process into a group of its own
 * @group: the group
 * @name: name of the domain
 *
 * Where there is no cgroup v2 that we may write to, and in a process that is in
 * hvmod.slice already, nothing happens: a domain works without.
 */
void cgroup_enter(struct cgroup *group, const char *name);

/**
 * cgroup_path() - where a process is in cgroup v2
 * @pid: the process, 0 for this one
 * @path: its group below CGROUP_ROOT, CGROUP_PATH_ROOM bytes
 *
 * Return: false: nowhere.
 */
bool cgroup_path(pid_t pid, char *path);

/** cgroup_is_ours() - whether a path is in hvmod.slice, where a group is a domain */
bool cgroup_is_ours(const char *path);

/**
 * cgroup_doors() - descriptors by which a process gets into other groups
 * @group: the group that this one is in
 * @doors: filled, up to CGROUP_DOORS_MAX
 *
 * They let any process of the user in; cgroup_leave() writes one byte to them. They
 * stay open from now on, so that nothing else ever has their numbers.
 *
 * Return: how many there are
 */
unsigned int cgroup_doors(struct cgroup *group, int *doors);

/** cgroup_leave() - undo cgroup_enter(), also in the VMM's sandbox */
void cgroup_leave(struct cgroup *group);

#endif
