/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of <kunit/test.h> that the suites use, for running them in user
 * space. An assertion that fails leaves the case by longjmp(), in the kernel
 * by ending the case's thread; what a case allocated is freed after it.
 */
#ifndef HVMOD_USER_KUNIT_TEST_H
#define HVMOD_USER_KUNIT_TEST_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The C library's own, which is not the kernel's. */
#undef __always_inline

#define GFP_KERNEL	0

struct kunit {
	void *priv;
	bool failed;
	const char *skipped;
	void *allocated[16];
	jmp_buf out;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char name[64];
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

void *kunit_kzalloc(struct kunit *test, size_t bytes, int flags);
void hv_suite_add(const struct kunit_suite *suite);

__attribute__((__format__(printf, 4, 5)))
void hv_fail(struct kunit *test, const char *file, int line, const char *format, ...);

#define KUNIT_CASE(function)	{ .run_case = function, .name = #function }

#define kunit_test_suite(suite)						\
	__attribute__((constructor)) static void add_##suite(void)	\
	{								\
		hv_suite_add(&(suite));					\
	}

#define HV_COMPARE(test, left, op, right, give_up)				\
	do {									\
		__typeof__(left) l_ = (left);					\
		__typeof__(right) r_ = (right);					\
										\
		if (!(l_ op r_)) {						\
			hv_fail(test, __FILE__, __LINE__,			\
				"%s %s %s, but they are %#llx and %#llx", #left, #op, #right, \
				(unsigned long long)l_, (unsigned long long)r_); \
			if (give_up)						\
				longjmp((test)->out, 1);			\
		}								\
	} while (0)

#define HV_TRUTH(test, condition, wanted, give_up)				\
	do {									\
		if ((!!(condition)) != (wanted)) {				\
			hv_fail(test, __FILE__, __LINE__, "%s is not %s", #condition, #wanted); \
			if (give_up)						\
				longjmp((test)->out, 1);			\
		}								\
	} while (0)

#define KUNIT_EXPECT_EQ(test, left, right)	HV_COMPARE(test, left, ==, right, false)
#define KUNIT_EXPECT_NE(test, left, right)	HV_COMPARE(test, left, !=, right, false)
#define KUNIT_EXPECT_LE(test, left, right)	HV_COMPARE(test, left, <=, right, false)
#define KUNIT_EXPECT_GE(test, left, right)	HV_COMPARE(test, left, >=, right, false)
#define KUNIT_EXPECT_TRUE(test, condition)	HV_TRUTH(test, condition, true, false)
#define KUNIT_EXPECT_FALSE(test, condition)	HV_TRUTH(test, condition, false, false)
#define KUNIT_EXPECT_NULL(test, pointer)	HV_TRUTH(test, pointer, false, false)
#define KUNIT_ASSERT_LE(test, left, right)	HV_COMPARE(test, left, <=, right, true)
#define KUNIT_ASSERT_EQ(test, left, right)	HV_COMPARE(test, left, ==, right, true)
#define KUNIT_ASSERT_TRUE(test, condition)	HV_TRUTH(test, condition, true, true)
#define KUNIT_ASSERT_NOT_NULL(test, pointer)	HV_TRUTH(test, pointer, true, true)

#endif
