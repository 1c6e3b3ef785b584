/* SPDX-License-Identifier: GPL-2.0-only */
/* What every suite includes: KUnit, ring -1, and a machine for it. */
#ifndef HVMOD_KUNIT_CORE_H
#define HVMOD_KUNIT_CORE_H

#include <kunit/test.h>
#include "names.h"
#include "model.h"

/*
 * A machine whose physical memory is an arena of the test's. Its RAM is all
 * of it; the pool has MODEL_POOL pages at its end.
 */
static inline void model_start(struct kunit *test)
{
	void *arena = kunit_kzalloc(test, MODEL_BYTES + PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, arena);
	model_init(arena);
}

#endif
