/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instructions that the MMIO emulation knows: one row each, in the order
 * of map, opcode byte. SDM volume 2, chapters 3 to 5 and appendix A.
 */
#ifndef HVMOD_VMM_OPCODES_H
#define HVMOD_VMM_OPCODES_H

#include <stddef.h>
#include <stdint.h>

/* Opcode maps; those with VEX are maps of their own. */
enum opcode_map {
	MAP_1,
	MAP_0F,
	MAP_0F38,
	MAP_0F3A,
	MAP_VEX,		/* + what VEX.mmmmm says */
	MAP_VEX_0F,
	MAP_VEX_0F38,
	MAP_VEX_0F3A,
};

/* Which of the prefixes 66, F3 and F2 belongs to the opcode. */
enum opcode_prefix {
	PREFIX_ANY,		/* 66 is the operand size, F2 and F3 hints */
	PREFIX_NOREP,		/* as PREFIX_ANY, but without F2 and F3 */
	PREFIX_NONE,
	PREFIX_66,
	PREFIX_F3,
	PREFIX_F2,
};

#define DIGIT_ANY	8	/* ModRM.reg is a register, or ignored */

/* What the instruction does with its operands. */
enum insn_op {
	OP_MOV, OP_MOVZX, OP_MOVSX, OP_MOVBE,
	OP_ADD, OP_OR, OP_ADC, OP_SBB, OP_AND, OP_SUB, OP_XOR, OP_CMP, OP_TEST,
	OP_INC, OP_DEC, OP_NOT, OP_NEG,
	OP_ROL, OP_ROR, OP_RCL, OP_RCR, OP_SHL, OP_SHR, OP_SAR, OP_SHLD, OP_SHRD,
	OP_MUL, OP_IMUL, OP_DIV, OP_IDIV, OP_IMUL2,
	OP_BT, OP_BTS, OP_BTR, OP_BTC,
	OP_BSF, OP_BSR, OP_TZCNT, OP_LZCNT, OP_POPCNT, OP_CRC32,
	OP_ADCX, OP_ADOX, OP_ANDN, OP_BEXTR, OP_BZHI, OP_BLSR, OP_BLSMSK, OP_BLSI,
	OP_PDEP, OP_PEXT, OP_MULX, OP_RORX, OP_SARX, OP_SHLX, OP_SHRX,
	OP_XCHG, OP_XADD, OP_CMPXCHG, OP_CMPXCHG8B,
	OP_SETCC, OP_CMOVCC,
	OP_MOVS, OP_STOS, OP_LODS, OP_CMPS, OP_SCAS,
	OP_PUSH, OP_POP,
	OP_TOUCH,		/* CLFLUSH and its like: translated, not read */
	OP_VMOV,		/* vector register, the rest of it zero */
	OP_VLOW, OP_VHIGH,	/* its low or high half of 16 bytes alone */
	OPS
};

/* Where the operands are: E is the memory operand, G ModRM.reg, B VEX.vvvv. */
enum insn_form {
	FORM_E, FORM_E_G, FORM_G_E, FORM_E_I, FORM_E_I8, FORM_E_1, FORM_E_CL,
	FORM_E_G_I8, FORM_E_G_CL, FORM_G_E_I, FORM_G_E_I8, FORM_G_B_E, FORM_G_E_B,
	FORM_B_E,
	FORM_A_O, FORM_O_A,	/* accumulator and an address without ModRM */
	FORM_STRING, FORM_STACK, FORM_V_E, FORM_E_V,
};

/* Size of the memory operand. */
enum operand_width {
	WIDTH_OP,		/* the operand size */
	WIDTH_1 = 1,
	WIDTH_2 = 2,
	WIDTH_4 = 4,
	WIDTH_8 = 8,
	WIDTH_16 = 16,
	WIDTH_W,		/* 4, or 8 with W */
	WIDTH_2W,		/* 8, or 16 with W */
	WIDTH_VL,		/* 16, or 32 with VEX.L */
};

#define OPCODE_READ	(1U << 0)	/* memory is read */
#define OPCODE_WRITE	(1U << 1)	/* memory is written */
#define OPCODE_LOCK	(1U << 2)	/* LOCK is allowed */
#define OPCODE_BYTE	(1U << 3)	/* the operand size is 1 */
#define OPCODE_NO_16	(1U << 4)	/* not with 16-bit operands */
#define OPCODE_64	(1U << 5)	/* in 64-bit code alone */
#define OPCODE_NO_64	(1U << 6)	/* not in 64-bit code */
#define OPCODE_STACK	(1U << 7)	/* no 32-bit operands in 64-bit code */
#define OPCODE_ALIGNED	(1U << 8)	/* the memory operand has to be */
#define OPCODE_L0	(1U << 9)	/* VEX.L has to be 0 */
#define OPCODE_NO_B	(1U << 10)	/* VEX.vvvv is no register */
#define OPCODE_BMI1	(1U << 11)	/* another without the feature */
#define OPCODE_LZCNT	(1U << 12)

#define OPCODE_RW	(OPCODE_READ | OPCODE_WRITE)
#define OPCODE_RWL	(OPCODE_RW | OPCODE_LOCK)

/**
 * struct opcode - one instruction
 * @map: enum opcode_map
 * @byte: the opcode byte
 * @prefix: enum opcode_prefix
 * @digit: what ModRM.reg has to be, or DIGIT_ANY
 * @op: enum insn_op
 * @form: enum insn_form
 * @width: enum operand_width
 * @flags: OPCODE_*
 */
struct opcode {
	uint8_t map;
	uint8_t byte;
	uint8_t prefix;
	uint8_t digit;
	uint8_t op;
	uint8_t form;
	uint8_t width;
	uint16_t flags;
};

extern const struct opcode opcodes[];
extern const size_t opcode_count;

#endif
