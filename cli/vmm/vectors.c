// SPDX-License-Identifier: GPL-2.0-only
/*
 * SDM volume 1, 13.4: where the registers are. A component whose bit in
 * XSTATE_BV is clear is all zero, whatever the bytes say.
 */
#include <cpuid.h>
#include <string.h>

#include "vectors.h"

#define XMM_OFFSET	160
#define XMM_BYTES	256
#define XSTATE_BV	512
#define HEADER_END	576
#define SSE		1
#define AVX		2
#define ZMM_HI256	6

#define XCR0_AVX	((1ULL << SSE) | (1ULL << AVX))

/* Bytes that a register has in each component, and how many that is in all. */
struct component {
	unsigned int number;
	unsigned int bytes;
};

static const struct component components[] = {
	{ SSE, 16 }, { AVX, 16 }, { ZMM_HI256, 32 },
};

static size_t component_offset(unsigned int number)
{
	unsigned int size = 0, offset = 0, c, d;

	if (number == SSE)
		return XMM_OFFSET;
	__get_cpuid_count(0xD, number, &size, &offset, &c, &d);
	return offset;
}

static uint64_t in_use(const struct vectors *vectors)
{
	uint64_t bv;

	memcpy(&bv, vectors->area + XSTATE_BV, sizeof(bv));
	return bv;
}

/* Return: NULL if the area has no such component. */
static uint8_t *place(const struct vectors *vectors,
		      const struct component *component, unsigned int reg)
{
	size_t offset = component_offset(component->number);

	if (!offset || offset + 16 * component->bytes > vectors->bytes)
		return NULL;
	return (uint8_t *)vectors->area + offset + reg * component->bytes;
}

/**
 * vectors_valid() - can these registers be worked on
 * @vectors: the state
 * @avx: YMM registers too
 *
 * Return: false if XCR0 does not enable them or the area has no place for them
 */
bool vectors_valid(const struct vectors *vectors, bool avx)
{
	if (vectors->bytes < HEADER_END)
		return false;
	return !avx || ((vectors->xcr0 & XCR0_AVX) == XCR0_AVX &&
			place(vectors, &components[1], 0));
}

/**
 * vectors_load() - the value of a register
 * @vectors: the state, valid
 * @reg: its number, 0 to 15
 * @value: bits 255:0 (out)
 */
void vectors_load(const struct vectors *vectors, unsigned int reg,
		  uint64_t value[4])
{
	unsigned int i;

	memset(value, 0, 4 * sizeof(*value));
	for (i = 0; i < 2; i++) {
		const uint8_t *from = place(vectors, &components[i], reg);

		if (from && in_use(vectors) >> components[i].number & 1)
			memcpy(value + 2 * i, from, components[i].bytes);
	}
}

/* What is all zero by its bit becomes so by its bytes. */
static void begin_use(struct vectors *vectors,
		      const struct component *component)
{
	uint64_t bv = in_use(vectors);

	if (bv >> component->number & 1)
		return;
	memset(place(vectors, component, 0), 0, 16 * component->bytes);
	bv |= 1ULL << component->number;
	memcpy(vectors->area + XSTATE_BV, &bv, sizeof(bv));
}

/**
 * vectors_store() - set a register
 * @vectors: the state, valid
 * @reg: its number, 0 to 15
 * @value: bits 255:0
 * @whole: store all and clear what is above, else bits 127:0 alone
 */
void vectors_store(struct vectors *vectors, unsigned int reg,
		   const uint64_t value[4], bool whole)
{
	uint8_t *at = place(vectors, &components[0], reg);
	bool used;

	begin_use(vectors, &components[0]);
	memcpy(at, value, 16);
	if (!whole)
		return;
	begin_use(vectors, &components[1]);
	memcpy(place(vectors, &components[1], reg), value + 2, 16);
	at = place(vectors, &components[2], reg);
	used = in_use(vectors) >> components[2].number & 1;
	if (at && used)
		memset(at, 0, components[2].bytes);
}
