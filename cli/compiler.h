/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's names for what the compiler offers. */
#ifndef HVCTL_COMPILER_H
#define HVCTL_COMPILER_H

#include <stddef.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define __printf(a, b)	__attribute__((__format__(printf, a, b)))

#endif
