// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bit scans and counts, CRC32, ADX, BMI1 and BMI2. @a is the first operand and
 * the result, @b the memory operand unless said otherwise.
 */
#include "alu.h"
#include "bits.h"
#include "bus.h"

#define CRC32C	0x82F63B78U	/* reflected */

/* ZF and SF of the result, CF as told, the others clear. */
static bool result(struct alu *alu, uint64_t value, bool carry)
{
	alu->a = value & bus_mask(alu->width);
	alu->flags &= ~RFLAGS_STATUS;
	alu_flag(alu, RFLAGS_ZF, !alu->a);
	alu_flag(alu, RFLAGS_SF, alu->a & alu_top(alu));
	alu_flag(alu, RFLAGS_CF, carry);
	return true;
}

/* Of 0 the destination keeps its value. */
bool bits_bsf(struct alu *alu)
{
	alu_flag(alu, RFLAGS_ZF, !alu->b);
	if (alu->b)
		alu->a = (uint64_t)__builtin_ctzll(alu->b);
	return true;
}

bool bits_bsr(struct alu *alu)
{
	alu_flag(alu, RFLAGS_ZF, !alu->b);
	if (alu->b)
		alu->a = 63 - (uint64_t)__builtin_clzll(alu->b);
	return true;
}

static bool count_result(struct alu *alu, uint64_t count)
{
	alu->a = count;
	alu_flag(alu, RFLAGS_ZF, !count);
	alu_flag(alu, RFLAGS_CF, !alu->b);
	return true;
}

bool bits_tzcnt(struct alu *alu)
{
	return count_result(alu, alu->b ? (uint64_t)__builtin_ctzll(alu->b)
					: 8 * alu->width);
}

bool bits_lzcnt(struct alu *alu)
{
	uint64_t above = 64 - 8 * alu->width;

	return count_result(alu, alu->b
		? (uint64_t)__builtin_clzll(alu->b) - above : 8 * alu->width);
}

bool bits_popcnt(struct alu *alu)
{
	alu->a = (uint64_t)__builtin_popcountll(alu->b);
	alu->flags &= ~RFLAGS_STATUS;
	alu_flag(alu, RFLAGS_ZF, !alu->b);
	return true;
}

bool bits_crc32(struct alu *alu)
{
	uint32_t crc = (uint32_t)alu->a;
	unsigned int i;

	for (i = 0; i < 8 * alu->count; i++) {
		crc ^= alu->b >> i & 1;
		crc = crc >> 1 ^ (crc & 1 ? CRC32C : 0);
	}
	alu->a = crc;
	return true;
}

static bool add_with(struct alu *alu, uint64_t flag)
{
	uint64_t mask = bus_mask(alu->width);
	uint64_t carry = !!(alu->flags & flag);
	uint64_t sum = (alu->a + alu->b + carry) & mask;

	alu_flag(alu, flag, carry ? sum <= alu->a : sum < alu->a);
	alu->a = sum;
	return true;
}

bool bits_adcx(struct alu *alu)
{
	return add_with(alu, RFLAGS_CF);
}

bool bits_adox(struct alu *alu)
{
	return add_with(alu, RFLAGS_OF);
}

bool bits_andn(struct alu *alu)
{
	return result(alu, ~alu->a & alu->b, false);
}

/* @b is the memory operand, @count the control. */
bool bits_bextr(struct alu *alu)
{
	unsigned int start = alu->count & 0xFF;
	unsigned int length = alu->count >> 8 & 0xFF;
	uint64_t value = start < 64 ? alu->b >> start : 0;

	if (length < 64)
		value &= (1ULL << length) - 1;
	result(alu, value, false);
	alu->flags &= ~RFLAGS_SF;
	return true;
}

bool bits_bzhi(struct alu *alu)
{
	unsigned int from = alu->count & 0xFF;
	unsigned int bits = 8 * alu->width;

	if (from >= bits)
		return result(alu, alu->b, true);
	return result(alu, alu->b & ((1ULL << from) - 1), false);
}

bool bits_blsr(struct alu *alu)
{
	return result(alu, alu->b & (alu->b - 1), !alu->b);
}

bool bits_blsmsk(struct alu *alu)
{
	return result(alu, alu->b ^ (alu->b - 1), !alu->b);
}

bool bits_blsi(struct alu *alu)
{
	return result(alu, alu->b & -alu->b, alu->b);
}

/* @b is the mask of both. */
bool bits_pdep(struct alu *alu)
{
	uint64_t from = alu->a;
	uint64_t mask = alu->b;

	alu->a = 0;
	for (; mask; mask &= mask - 1) {
		if (from & 1)
			alu->a |= mask & -mask;
		from >>= 1;
	}
	return true;
}

bool bits_pext(struct alu *alu)
{
	uint64_t from = alu->a;
	uint64_t mask = alu->b;
	uint64_t bit = 1;

	alu->a = 0;
	for (; mask; mask &= mask - 1) {
		if (from & mask & -mask)
			alu->a |= bit;
		bit <<= 1;
	}
	return true;
}

static unsigned int masked_count(const struct alu *alu)
{
	return alu->count & (8 * alu->width - 1);
}

bool bits_rorx(struct alu *alu)
{
	unsigned int bits = 8 * alu->width;
	unsigned int count = masked_count(alu);

	alu->a = alu->b;
	if (count)
		alu->a = (alu->b >> count | alu->b << (bits - count)) &
			 bus_mask(alu->width);
	return true;
}

bool bits_sarx(struct alu *alu)
{
	int64_t value = (int64_t)alu_sign_extend(alu->b, alu->width);

	alu->a = (uint64_t)(value >> masked_count(alu)) & bus_mask(alu->width);
	return true;
}

bool bits_shlx(struct alu *alu)
{
	alu->a = alu->b << masked_count(alu) & bus_mask(alu->width);
	return true;
}

bool bits_shrx(struct alu *alu)
{
	alu->a = alu->b >> masked_count(alu);
	return true;
}

bool bits_mulx(struct alu *alu)
{
	unsigned __int128 product = (unsigned __int128)alu->a * alu->b;

	alu->a = (uint64_t)product & bus_mask(alu->width);
	alu->high = (uint64_t)(product >> 8 * alu->width) &
		    bus_mask(alu->width);
	return true;
}
