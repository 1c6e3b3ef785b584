/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's names for what the compiler offers. */
#ifndef HVMOD_VMM_COMPILER_H
#define HVMOD_VMM_COMPILER_H

#ifndef __packed
#define __packed	__attribute__((__packed__))
#endif
#ifndef __printf
#define __printf(a, b)	__attribute__((__format__(printf, a, b)))
#endif
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#endif

#endif
