/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_CGROUP_WEIGHT_H
#define HVCTL_CGROUP_WEIGHT_H

#include <stdint.h>
#include <sys/types.h>

#define WEIGHT_MAX	10000
#define WEIGHT_DEFAULT	100

/*
 * The weight of a domain is cpu.weight of its control group: Linux's scheduler
 * gives domains that compete for a processor time in that ratio. Both functions
 * return 0, or a negative errno value: -ESRCH: the process has no control group
 * of its own; -ENOENT: the group has no weight, as the controller is not there;
 * -EACCES, -EPERM: not the caller's to write.
 */

/** cgroup_get_weight() - weight of the domain whose VMM process is @pid */
int cgroup_get_weight(pid_t pid, uint32_t *weight);

/** cgroup_set_weight() - set it: 1 to WEIGHT_MAX */
int cgroup_set_weight(pid_t pid, uint32_t weight);

/** cgroup_why_no_weight() - why a new domain can't have one, and "\nhint: ..." */
const char *cgroup_why_no_weight(void);

#endif
