// SPDX-License-Identifier: GPL-2.0-only
/* Runs the suites in user space and reports as the kernel's KUnit does: KTAP. */
#include <kunit/test.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SUITES	32

static const struct kunit_suite *suites[SUITES];
static int count;

void hv_suite_add(const struct kunit_suite *suite)
{
	if (count == SUITES)
		abort();
	suites[count++] = suite;
}

void *kunit_kzalloc(struct kunit *test, size_t bytes, int flags)
{
	size_t i = 0;

	(void)flags;
	while (test->allocated[i])
		if (++i == sizeof(test->allocated) / sizeof(test->allocated[0]))
			abort();
	test->allocated[i] = calloc(1, bytes);
	return test->allocated[i];
}

void hv_fail(struct kunit *test, const char *file, int line, const char *format, ...)
{
	va_list args;

	test->failed = true;
	printf("    # EXPECTATION FAILED at %s:%d: ", file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

static bool run_case(const struct kunit_suite *suite, const struct kunit_case *c, int number)
{
	static struct kunit test;
	static bool started;
	size_t i;

	memset(&test, 0, sizeof(test));
	started = false;
	if (!setjmp(test.out)) {
		if (suite->init && suite->init(&test))
			hv_fail(&test, __FILE__, __LINE__, "init of %s failed", suite->name);
		else
			started = true;
		if (started)
			c->run_case(&test);
	}
	/* What an assertion left is cleared away too. */
	if (started && suite->exit && !setjmp(test.out))
		suite->exit(&test);
	for (i = 0; i < sizeof(test.allocated) / sizeof(test.allocated[0]); i++)
		free(test.allocated[i]);
	printf("    %sok %d %s\n", test.failed ? "not " : "", number, c->name);
	fflush(stdout);
	return !test.failed;
}

static bool run_suite(const struct kunit_suite *suite, int number)
{
	int cases = 0, i;
	bool good = true;

	while (suite->test_cases[cases].run_case)
		cases++;
	printf("    KTAP version 1\n    # Subtest: %s\n    1..%d\n", suite->name, cases);
	for (i = 0; i < cases; i++)
		good &= run_case(suite, &suite->test_cases[i], i + 1);
	printf("%sok %d %s\n", good ? "" : "not ", number, suite->name);
	return good;
}

int main(void)
{
	bool good = true;
	int i;

	printf("KTAP version 1\n1..%d\n", count);
	for (i = 0; i < count; i++)
		good &= run_suite(suites[i], i + 1);
	return good ? 0 : 1;
}
