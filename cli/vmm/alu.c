// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums, logic, shifts and products with the flags that SDM volume 2 defines
 * for them. A flag that it leaves undefined stays as it was or is cleared.
 */
#include <stddef.h>

#include "alu.h"
#include "bits.h"
#include "bus.h"
#include "compiler.h"

/* ZF, SF and PF are the same for all results. */
static void set_result(struct alu *alu, uint64_t result)
{
	alu->a = result & bus_mask(alu->width);
	alu_flag(alu, RFLAGS_ZF, !alu->a);
	alu_flag(alu, RFLAGS_SF, alu->a & alu_top(alu));
	alu_flag(alu, RFLAGS_PF,
		 !__builtin_parity((unsigned int)(alu->a & 0xFF)));
}

static void sum(struct alu *alu, uint64_t b, bool carry)
{
	uint64_t a = alu->a;
	uint64_t result = (a + b + carry) & bus_mask(alu->width);
	uint64_t carries = (a & b) | ((a | b) & ~result);

	set_result(alu, result);
	alu_flag(alu, RFLAGS_CF, carries & alu_top(alu));
	alu_flag(alu, RFLAGS_AF, carries & 8);
	alu_flag(alu, RFLAGS_OF, (a ^ result) & (b ^ result) & alu_top(alu));
}

static void difference(struct alu *alu, uint64_t b, bool borrow)
{
	uint64_t a = alu->a;
	uint64_t result = (a - b - borrow) & bus_mask(alu->width);
	uint64_t borrows = (~a & b) | ((~a | b) & result);

	set_result(alu, result);
	alu_flag(alu, RFLAGS_CF, borrows & alu_top(alu));
	alu_flag(alu, RFLAGS_AF, borrows & 8);
	alu_flag(alu, RFLAGS_OF, (a ^ b) & (a ^ result) & alu_top(alu));
}

static void logic(struct alu *alu, uint64_t result)
{
	set_result(alu, result);
	alu->flags &= ~(RFLAGS_CF | RFLAGS_OF | RFLAGS_AF);
}

static bool alu_add(struct alu *alu)
{
	sum(alu, alu->b, false);
	return true;
}

static bool alu_adc(struct alu *alu)
{
	sum(alu, alu->b, alu->flags & RFLAGS_CF);
	return true;
}

static bool alu_sub(struct alu *alu)
{
	difference(alu, alu->b, false);
	return true;
}

static bool alu_sbb(struct alu *alu)
{
	difference(alu, alu->b, alu->flags & RFLAGS_CF);
	return true;
}

static bool alu_or(struct alu *alu)
{
	logic(alu, alu->a | alu->b);
	return true;
}

static bool alu_and(struct alu *alu)
{
	logic(alu, alu->a & alu->b);
	return true;
}

static bool alu_xor(struct alu *alu)
{
	logic(alu, alu->a ^ alu->b);
	return true;
}

static bool alu_inc(struct alu *alu)
{
	uint64_t carry = alu->flags & RFLAGS_CF;

	sum(alu, 1, false);
	alu->flags = (alu->flags & ~RFLAGS_CF) | carry;
	return true;
}

static bool alu_dec(struct alu *alu)
{
	uint64_t carry = alu->flags & RFLAGS_CF;

	difference(alu, 1, false);
	alu->flags = (alu->flags & ~RFLAGS_CF) | carry;
	return true;
}

static bool alu_not(struct alu *alu)
{
	alu->a = ~alu->a & bus_mask(alu->width);
	return true;
}

static bool alu_neg(struct alu *alu)
{
	uint64_t b = alu->a;

	alu->a = 0;
	difference(alu, b, false);
	return true;
}

static unsigned int masked_count(const struct alu *alu)
{
	return alu->count & (alu->width == 8 ? 0x3F : 0x1F);
}

/* Rotates leave ZF, SF, PF and AF. */
static bool alu_rol(struct alu *alu)
{
	unsigned int bits = 8 * alu->width;
	unsigned int count = masked_count(alu);

	if (!count)
		return true;
	if (count % bits)
		alu->a = (alu->a << count % bits |
			  alu->a >> (bits - count % bits)) &
			 bus_mask(alu->width);
	alu_flag(alu, RFLAGS_CF, alu->a & 1);
	alu_flag(alu, RFLAGS_OF, !!(alu->a & alu_top(alu)) ^ (alu->a & 1));
	return true;
}

static bool alu_ror(struct alu *alu)
{
	unsigned int bits = 8 * alu->width;
	unsigned int count = masked_count(alu);

	if (!count)
		return true;
	if (count % bits)
		alu->a = (alu->a >> count % bits |
			  alu->a << (bits - count % bits)) &
			 bus_mask(alu->width);
	alu_flag(alu, RFLAGS_CF, alu->a & alu_top(alu));
	alu_flag(alu, RFLAGS_OF,
		 !!(alu->a & alu_top(alu)) ^ !!(alu->a & (alu_top(alu) >> 1)));
	return true;
}

static bool alu_rcl(struct alu *alu)
{
	unsigned int count = masked_count(alu) % (8 * alu->width + 1);
	bool carry = alu->flags & RFLAGS_CF;

	while (count--) {
		bool out = alu->a & alu_top(alu);

		alu->a = (alu->a << 1 | carry) & bus_mask(alu->width);
		carry = out;
	}
	alu_flag(alu, RFLAGS_CF, carry);
	if (masked_count(alu))
		alu_flag(alu, RFLAGS_OF, !!(alu->a & alu_top(alu)) ^ carry);
	return true;
}

static bool alu_rcr(struct alu *alu)
{
	unsigned int count = masked_count(alu) % (8 * alu->width + 1);
	bool carry = alu->flags & RFLAGS_CF;

	while (count--) {
		bool out = alu->a & 1;

		alu->a = alu->a >> 1 | (carry ? alu_top(alu) : 0);
		carry = out;
	}
	alu_flag(alu, RFLAGS_CF, carry);
	if (masked_count(alu))
		alu_flag(alu, RFLAGS_OF, !!(alu->a & alu_top(alu)) ^
					 !!(alu->a & (alu_top(alu) >> 1)));
	return true;
}

/* @count is below 64, also where the operand has 8 or 16 bits. */
static bool alu_shl(struct alu *alu)
{
	unsigned int bits = 8 * alu->width;
	unsigned int count = masked_count(alu);
	bool carry;

	if (!count)
		return true;
	carry = count <= bits && (alu->a >> (bits - count) & 1);
	set_result(alu, alu->a << count);
	alu_flag(alu, RFLAGS_CF, carry);
	alu_flag(alu, RFLAGS_OF, !!(alu->a & alu_top(alu)) ^ carry);
	return true;
}

static bool alu_shr(struct alu *alu)
{
	unsigned int count = masked_count(alu);
	uint64_t a = alu->a;

	if (!count)
		return true;
	set_result(alu, a >> count);
	alu_flag(alu, RFLAGS_CF, a >> (count - 1) & 1);
	alu_flag(alu, RFLAGS_OF, a & alu_top(alu));
	return true;
}

static bool alu_sar(struct alu *alu)
{
	unsigned int count = masked_count(alu);
	int64_t a = (int64_t)alu_sign_extend(alu->a, alu->width);

	if (!count)
		return true;
	set_result(alu, (uint64_t)(a >> count));
	alu_flag(alu, RFLAGS_CF, a >> (count - 1) & 1);
	alu->flags &= ~RFLAGS_OF;
	return true;
}

/*
 * A count above the 16 bits of the operand is undefined: the operand is shifted
 * into itself, as processors do.
 */
static bool alu_shld(struct alu *alu)
{
	unsigned int bits = 8 * alu->width;
	unsigned int count = masked_count(alu);
	uint64_t a = alu->a;
	uint64_t b = alu->b;
	bool carry = false;

	if (!count)
		return true;
	while (count--) {
		carry = a >> (bits - 1) & 1;
		a = (a << 1 | (b >> (bits - 1) & 1)) & bus_mask(alu->width);
		b = (b << 1 | carry) & bus_mask(alu->width);
	}
	alu_flag(alu, RFLAGS_OF, (a ^ alu->a) & alu_top(alu));
	set_result(alu, a);
	alu_flag(alu, RFLAGS_CF, carry);
	return true;
}

static bool alu_shrd(struct alu *alu)
{
	unsigned int bits = 8 * alu->width;
	unsigned int count = masked_count(alu);
	uint64_t a = alu->a;
	uint64_t b = alu->b;
	bool carry = false;

	if (!count)
		return true;
	while (count--) {
		carry = a & 1;
		a = a >> 1 | (b & 1) << (bits - 1);
		b = b >> 1 | (uint64_t)carry << (bits - 1);
	}
	alu_flag(alu, RFLAGS_OF, (a ^ a << 1) & alu_top(alu));
	set_result(alu, a);
	alu_flag(alu, RFLAGS_CF, carry);
	return true;
}

static bool alu_mul(struct alu *alu)
{
	unsigned __int128 product = (unsigned __int128)alu->a * alu->b;

	alu->a = (uint64_t)product & bus_mask(alu->width);
	alu->high = (uint64_t)(product >> 8 * alu->width) &
		    bus_mask(alu->width);
	alu_flag(alu, RFLAGS_CF, alu->high);
	alu_flag(alu, RFLAGS_OF, alu->high);
	return true;
}

static bool alu_imul(struct alu *alu)
{
	__int128 a = (int64_t)alu_sign_extend(alu->a, alu->width);
	__int128 product = a * (int64_t)alu_sign_extend(alu->b, alu->width);
	bool lost;

	alu->a = (uint64_t)product & bus_mask(alu->width);
	alu->high = (uint64_t)(product >> 8 * alu->width) &
		    bus_mask(alu->width);
	lost = product != (int64_t)alu_sign_extend(alu->a, alu->width);
	alu_flag(alu, RFLAGS_CF, lost);
	alu_flag(alu, RFLAGS_OF, lost);
	return true;
}

static bool alu_div(struct alu *alu)
{
	unsigned __int128 dividend = alu->high;
	unsigned __int128 quotient;

	dividend = dividend << 8 * alu->width | alu->a;
	if (!alu->b)
		return false;
	quotient = dividend / alu->b;
	if (quotient > bus_mask(alu->width))
		return false;
	alu->a = (uint64_t)quotient;
	alu->high = (uint64_t)(dividend % alu->b);
	return true;
}

/* Of magnitudes, as -2^127 / -1 is not a value of 128 bits. */
static bool alu_idiv(struct alu *alu)
{
	unsigned int unused = 128 - 16 * alu->width;
	unsigned __int128 raw = (unsigned __int128)alu->high << 8 * alu->width |
				alu->a;
	__int128 dividend = (__int128)(raw << unused) >> unused;
	int64_t divisor = (int64_t)alu_sign_extend(alu->b, alu->width);
	unsigned __int128 top = dividend < 0 ? -(unsigned __int128)dividend
					     : (unsigned __int128)dividend;
	uint64_t bottom = divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor;
	bool negative = (dividend < 0) != (divisor < 0);
	unsigned __int128 quotient;
	uint64_t rest;

	if (!divisor)
		return false;
	quotient = top / bottom;
	rest = (uint64_t)(top % bottom);
	if (quotient > (negative ? alu_top(alu) : alu_top(alu) - 1))
		return false;
	alu->a = (negative ? -(uint64_t)quotient : (uint64_t)quotient) &
		 bus_mask(alu->width);
	alu->high = (dividend < 0 ? -rest : rest) & bus_mask(alu->width);
	return true;
}

static uint64_t bit_of(const struct alu *alu)
{
	return 1ULL << (alu->count % (8 * alu->width));
}

static bool alu_bt(struct alu *alu)
{
	alu_flag(alu, RFLAGS_CF, alu->a & bit_of(alu));
	return true;
}

static bool alu_bts(struct alu *alu)
{
	alu_bt(alu);
	alu->a |= bit_of(alu);
	return true;
}

static bool alu_btr(struct alu *alu)
{
	alu_bt(alu);
	alu->a &= ~bit_of(alu);
	return true;
}

static bool alu_btc(struct alu *alu)
{
	alu_bt(alu);
	alu->a ^= bit_of(alu);
	return true;
}

/* The operations; CMP, TEST and CMPXCHG compare, whatever becomes of @a. */
static bool (*const operations[OPS])(struct alu *alu) = {
	[OP_ADD] = alu_add,	[OP_OR] = alu_or,	[OP_ADC] = alu_adc,
	[OP_SBB] = alu_sbb,	[OP_AND] = alu_and,	[OP_SUB] = alu_sub,
	[OP_XOR] = alu_xor,	[OP_CMP] = alu_sub,	[OP_TEST] = alu_and,
	[OP_INC] = alu_inc,	[OP_DEC] = alu_dec,	[OP_NOT] = alu_not,
	[OP_NEG] = alu_neg,	[OP_ROL] = alu_rol,	[OP_ROR] = alu_ror,
	[OP_RCL] = alu_rcl,	[OP_RCR] = alu_rcr,	[OP_SHL] = alu_shl,
	[OP_SHR] = alu_shr,	[OP_SAR] = alu_sar,	[OP_SHLD] = alu_shld,
	[OP_SHRD] = alu_shrd,	[OP_MUL] = alu_mul,	[OP_IMUL] = alu_imul,
	[OP_DIV] = alu_div,	[OP_IDIV] = alu_idiv,	[OP_IMUL2] = alu_imul,
	[OP_BT] = alu_bt,	[OP_BTS] = alu_bts,	[OP_BTR] = alu_btr,
	[OP_BTC] = alu_btc,
	[OP_CMPS] = alu_sub,	[OP_SCAS] = alu_sub,	[OP_CMPXCHG] = alu_sub,
	[OP_XADD] = alu_add,
	[OP_BSF] = bits_bsf,	[OP_BSR] = bits_bsr,	[OP_TZCNT] = bits_tzcnt,
	[OP_LZCNT] = bits_lzcnt, [OP_POPCNT] = bits_popcnt,
	[OP_CRC32] = bits_crc32, [OP_ADCX] = bits_adcx,	[OP_ADOX] = bits_adox,
	[OP_ANDN] = bits_andn,	[OP_BEXTR] = bits_bextr, [OP_BZHI] = bits_bzhi,
	[OP_BLSR] = bits_blsr,	[OP_BLSMSK] = bits_blsmsk,
	[OP_BLSI] = bits_blsi,	[OP_PDEP] = bits_pdep,	[OP_PEXT] = bits_pext,
	[OP_RORX] = bits_rorx,	[OP_SARX] = bits_sarx,	[OP_SHLX] = bits_shlx,
	[OP_SHRX] = bits_shrx,	[OP_MULX] = bits_mulx,
};

/**
 * alu_run() - perform an operation
 * @op: enum insn_op
 * @alu: its operands
 *
 * Return: false if the processor would raise #DE, or @op is none of these
 */
bool alu_run(unsigned int op, struct alu *alu)
{
	return op < OPS && operations[op] && operations[op](alu);
}

/**
 * alu_condition() - is a condition met
 * @condition: its number in the opcode of Jcc, SETcc and CMOVcc
 * @flags: RFLAGS
 *
 * SDM volume 1, appendix B.
 *
 * Return: whether it is
 */
bool alu_condition(unsigned int condition, uint64_t flags)
{
	static const uint64_t any_of[8] = {
		RFLAGS_OF, RFLAGS_CF, RFLAGS_ZF, RFLAGS_CF | RFLAGS_ZF,
		RFLAGS_SF, RFLAGS_PF, 0, RFLAGS_ZF,
	};
	unsigned int which = condition >> 1 & 7;
	bool less = !(flags & RFLAGS_SF) != !(flags & RFLAGS_OF);

	return ((flags & any_of[which]) || (which >= 6 && less)) !=
	       (condition & 1);
}
