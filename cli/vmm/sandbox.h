/* SPDX-License-Identifier: GPL-2.0-only */
/* What a VMM process may still do once a guest can attack it. */
#ifndef HVMOD_VMM_SANDBOX_H
#define HVMOD_VMM_SANDBOX_H

#include <stdbool.h>

#include "vmm.h"

/* sandbox.c */
int sandbox_apply(const struct vmm_keep *keep);

/* fence.c */
bool sandbox_can_fence(void);
int sandbox_fence(int files, int directories);

#endif
