/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few types and helpers of ring -1. In the driver the kernel's own stand
 * for them; in the core image and in the user-space tests, these.
 */
#ifndef HVMOD_CORE_TYPES_H
#define HVMOD_CORE_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int32_t s32;
typedef int64_t s64;

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT(n)			(1ULL << (n))
#define GENMASK(high, low)	((~0ULL >> (63 - (high))) & (~0ULL << (low)))
#define PAGE_SHIFT		12
#define PAGE_SIZE		4096ULL
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define __aligned(n)		__attribute__((aligned(n)))
#define __noreturn		__attribute__((noreturn))
#define __always_inline		inline __attribute__((always_inline))
#define noinline		__attribute__((noinline))
#endif

#endif
