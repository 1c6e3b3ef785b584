/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's names for what the compiler offers. */
#ifndef HVMOD_VMM_COMPILER_H
#define HVMOD_VMM_COMPILER_H

#include <stddef.h>

#ifndef __packed
#define __packed	__attribute__((__packed__))
#endif
#ifndef __printf
#define __printf(a, b)	__attribute__((__format__(printf, a, b)))
#endif
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#endif
#ifndef container_of
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#endif

#endif
