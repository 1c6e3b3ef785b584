/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who owns which page: what a test knows from the gate's answers alone, and a
 * comparison of it with what the core keeps. Pages that the core has no right
 * to touch are poisoned for the address sanitizer.
 */
#ifndef HVMOD_OWNERS_H
#define HVMOD_OWNERS_H

#include "world.h"

enum owner { NOT_RAM, DOM0, CORE, MAPPED, RUN };

#define PFNS		(RAM_HIGH_END >> PAGE_SHIFT)
#define PFNS_LOW	(RAM_END >> PAGE_SHIFT)
#define PFN_HIGH	(RAM_HIGH >> PAGE_SHIFT)

struct known_page {
	u8 owner;
	u64 handle, gpa;	/* of MAPPED; handle of RUN */
};

struct known_page *known(u64 pa);

void owners_init(void);
/* Gives [pa, pa + bytes) as far as it is RAM another owner; poisons it or not. */
void owners_set(u64 pa, u64 pages, enum owner owner, u64 handle, u64 gpa);
bool owners_all(u64 pa, u64 pages, enum owner owner);
/* For the time of one operation: pages that the caller offers. */
void owners_offer(u64 pa, u64 pages);
void owners_withdraw(u64 pa, u64 pages);

/* The lists of free pages and the rule of limbo; after every operation. */
void owners_check_lists(void);
/* Every page and every table; slow. */
void owners_check_all(void);

bool owners_is_free(u64 pa);
/* Donated, and some processor may still have it in its TLB. */
bool owners_is_given(u64 pa);

#endif
