/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * A domain's memory: HVMOD_MEM_* of hvmod.h.
 */
#ifndef _UAPI_HVMOD_MEMORY_H
#define _UAPI_HVMOD_MEMORY_H

#include <linux/types.h>

/**
 * struct hvmod_mem_map - HVMOD_MEM_MAP: give a guest-physical range memory
 * @size: size of this struct (in)
 * @flags: HVMOD_MEM_* (in)
 * @gpa: guest-physical start, a multiple of 4096 (in)
 * @bytes: length, a multiple of 4096, not 0 (in)
 * @user_addr: start of the backing in the caller's address space, page-aligned
 *	and mapped with write permission (in)
 *
 * Pages are pinned when the guest first touches them and stay pinned until
 * unmapped: a later munmap() by the VMM does not take them from the guest.
 * Where the backing is a 2 MiB page and @gpa and @user_addr agree modulo
 * 2 MiB, the EPT gets a 2 MiB entry. The 4 KiB page frames behind a range may
 * not be mapped a second time, in this or another domain (the access then ends
 * in HVMOD_EXIT_MEMORY with HVMOD_WHY_OWNED). EEXIST: the range overlaps
 * another. EDQUOT: the domain would have more than its mem_max.
 */
struct hvmod_mem_map {
	__u32	size;
	__u32	flags;
	__u64	gpa;
	__u64	bytes;
	__u64	user_addr;
};

#define HVMOD_MEM_READONLY	(1U << 0)	/* a guest write leaves as HVMOD_EXIT_MMIO */

/**
 * struct hvmod_mem_unmap - HVMOD_MEM_UNMAP: take a range away
 * @size: size of this struct (in)
 * @flags: zero (in)
 * @gpa: start of a range that HVMOD_MEM_MAP was given (in)
 * @bytes: its length, exactly (in)
 *
 * Returns when no vCPU can reach the pages any more. ENOENT: no such range.
 */
struct hvmod_mem_unmap {
	__u32	size;
	__u32	flags;
	__u64	gpa;
	__u64	bytes;
};

/**
 * struct hvmod_mem_discard - HVMOD_MEM_DISCARD: the guest has no use for some pages
 * @size: size of this struct (in)
 * @flags: zero (in)
 * @gpa: guest-physical start of 2 MiB, a multiple of 2 MiB (in)
 * @pages: which of their 512 pages: bit n of word m is page 64 * m + n (in)
 *
 * Returns when no vCPU can reach the pages any more, and the domain neither
 * pins them nor is charged for them. The range that they are in stays: a page
 * that the guest touches again is pinned, mapped and charged again. Pages that
 * are not mapped are passed over. Where the EPT has a 2 MiB entry all of it is
 * taken out, and what was not meant comes back when it is touched.
 *
 * The backing is the caller's: to give memory back to the host it drops the
 * pages there as well (MADV_DONTNEED). Who does so before the call has the same
 * page behind his address as the guest, whatever the guest touches meanwhile.
 * Linux frees a part of a 2 MiB page when it has split it, which it can't while
 * any of it is pinned: cli/vmm/give.c does it. EINVAL: no such @gpa.
 */
struct hvmod_mem_discard {
	__u32	size;
	__u32	flags;
	__u64	gpa;
	__u64	pages[8];
};

/**
 * struct hvmod_mem_balloon - HVMOD_MEM_BALLOON: what a guest has given up
 * @size: size of this struct (in)
 * @flags: zero (in)
 * @bytes: how much of its memory, a multiple of 4096, at most what is mapped (in)
 *
 * For people and for HVMOD_SET_QUOTA: hvmod_domain_info.mem_current is less by
 * that. What the domain makes the host hold is charged by the page, whatever is
 * said here. Each change is an event (HVMOD_CMD_DOMAIN_CHANGED_NTF).
 */
struct hvmod_mem_balloon {
	__u32	size;
	__u32	flags;
	__u64	bytes;
};

#endif /* _UAPI_HVMOD_MEMORY_H */
