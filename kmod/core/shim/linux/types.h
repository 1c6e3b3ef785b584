/* SPDX-License-Identifier: GPL-2.0-only */
/* The types that uapi/hvmod.h asks for, without a Linux header. */
#ifndef HVMOD_SHIM_LINUX_TYPES_H
#define HVMOD_SHIM_LINUX_TYPES_H

#include <stdint.h>

typedef uint8_t __u8;
typedef uint16_t __u16;
typedef uint32_t __u32;
typedef int32_t __s32;
typedef uint64_t __u64;

#endif
