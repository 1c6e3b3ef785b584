/* SPDX-License-Identifier: GPL-2.0-only */
/* What assembly and C have in common. */
#ifndef GUEST_LAYOUT_H
#define GUEST_LAYOUT_H

#define SELECTOR_CODE		0x08
#define SELECTOR_DATA		0x10
#define SELECTOR_CODE_32	0x18
#define SELECTOR_USER_DATA	0x23	/* with RPL 3 */
#define SELECTOR_USER_CODE	0x2B
#define SELECTOR_TSS		0x30

#define CPUS_MAX		64
#define STACK_SHIFT		13	/* 8 KiB a processor */
#define AP_PAGE			0x8000	/* where processors start */

#endif
