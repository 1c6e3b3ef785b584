/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What a domain may have: HVMOD_SET_QUOTA and HVMOD_GET_QUOTA of hvmod.h.
 */
#ifndef _UAPI_HVMOD_QUOTA_H
#define _UAPI_HVMOD_QUOTA_H

#include <linux/types.h>

/**
 * struct hvmod_quota - HVMOD_SET_QUOTA, HVMOD_GET_QUOTA: what a domain may have
 * @size: size of this struct (in)
 * @id: its id (in, on the device; out, on a domain descriptor)
 * @flags: HVMOD_QUOTA_*: what is to be set (in, SET); HVMOD_QUOTA_LOCK if it is
 *	locked (out, GET)
 * @vcpus_max: most vCPUs, 1 to HVMOD_VCPUS_MAX, with HVMOD_QUOTA_VCPUS
 * @mem_max: most guest memory, bytes, a multiple of 4096, not 0, with
 *	HVMOD_QUOTA_MEMORY
 * @held_max: most memory of all kinds that it may make the host hold, bytes, not
 *	less than @mem_max, or 0 for @mem_max and the usual allowance; with
 *	HVMOD_QUOTA_MEMORY
 * @cpu_cap: CPU time in the guest of all its vCPUs together, percent of one
 *	processor, up to 100 for each vCPU that there can be, or 0 for no cap;
 *	with HVMOD_QUOTA_CPU
 * @cpu_period_us: period over which the cap holds, HVMOD_PERIOD_MIN_US to
 *	HVMOD_PERIOD_MAX_US, or 0 for HVMOD_PERIOD_US; with HVMOD_QUOTA_CPU
 * @mem_current: guest memory that is mapped and not given up, bytes (out, GET)
 * @held: what it makes the host hold, bytes of all kinds (out, GET)
 *
 * All that is set is set at once, or nothing. It holds from the next entry of
 * each vCPU on, some milliseconds later at most. Any user may ask; on the
 * device, only the domain's creator and who has CAP_SYS_ADMIN may set. On a
 * domain descriptor, which the VMM has, a quota can be made smaller and no
 * larger, as can one that is locked: only CAP_SYS_ADMIN locks and gives more
 * then. EPERM: not the caller's to do. EBUSY: the domain has more than that
 * already. EINVAL: a value out of range. ENOMEM, EDQUOT: as with
 * HVMOD_DOMAIN_CREATE. ENOENT: no such domain.
 */
struct hvmod_quota {
	__u32	size;
	__u32	id;
	__u32	flags;
	__u32	vcpus_max;
	__u64	mem_max;
	__u64	held_max;
	__u32	cpu_cap;
	__u32	cpu_period_us;
	__u64	mem_current;
	__u64	held;
};

#define HVMOD_QUOTA_VCPUS	(1U << 0)
#define HVMOD_QUOTA_MEMORY	(1U << 1)
#define HVMOD_QUOTA_CPU		(1U << 2)
#define HVMOD_QUOTA_LOCK	(1U << 3)
#define HVMOD_QUOTA_UNLOCK	(1U << 4)

#define HVMOD_PERIOD_MIN_US	1000
#define HVMOD_PERIOD_US		100000
#define HVMOD_PERIOD_MAX_US	1000000

#endif /* _UAPI_HVMOD_QUOTA_H */
