/* SPDX-License-Identifier: GPL-2.0-only */
/* What a VMM process may still do once a guest can attack it. */
#ifndef HVMOD_VMM_SANDBOX_H
#define HVMOD_VMM_SANDBOX_H

int sandbox_apply(void);

#endif
