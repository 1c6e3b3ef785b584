// SPDX-License-Identifier: GPL-2.0-only
/* The table of instructions. */
#include "compiler.h"
#include "opcodes.h"

/* A row: map, byte, prefix, digit, operation, form, width, flags. */
#define ROW(map, byte, prefix, digit, op, form, width, flags)		\
	{ MAP_##map, byte, PREFIX_##prefix, digit, OP_##op,		\
	  FORM_##form, WIDTH_##width, flags }
#define ANY	DIGIT_ANY
#define R	OPCODE_READ
#define W	OPCODE_WRITE
#define RW	OPCODE_RW
#define RWL	OPCODE_RWL
#define B	OPCODE_BYTE
#define BMI	(OPCODE_READ | OPCODE_L0)
#define BMI_E	(BMI | OPCODE_NO_B)
#define V_L	(OPCODE_READ | OPCODE_NO_B)
#define V_S	(OPCODE_WRITE | OPCODE_NO_B)
#define AL	OPCODE_ALIGNED

/* The eight of the first half of the one-byte map. */
#define ARITHMETIC(byte, op, e)						\
	ROW(1, byte, ANY, ANY, op, E_G, OP, (e) | B),			\
	ROW(1, (byte) + 1, ANY, ANY, op, E_G, OP, e),			\
	ROW(1, (byte) + 2, ANY, ANY, op, G_E, OP, R | B),		\
	ROW(1, (byte) + 3, ANY, ANY, op, G_E, OP, R)

/* The same with a constant. */
#define GROUP_1(byte, form, flags)					\
	ROW(1, byte, ANY, 0, ADD, form, OP, RWL | (flags)),		\
	ROW(1, byte, ANY, 1, OR, form, OP, RWL | (flags)),		\
	ROW(1, byte, ANY, 2, ADC, form, OP, RWL | (flags)),		\
	ROW(1, byte, ANY, 3, SBB, form, OP, RWL | (flags)),		\
	ROW(1, byte, ANY, 4, AND, form, OP, RWL | (flags)),		\
	ROW(1, byte, ANY, 5, SUB, form, OP, RWL | (flags)),		\
	ROW(1, byte, ANY, 6, XOR, form, OP, RWL | (flags)),		\
	ROW(1, byte, ANY, 7, CMP, form, OP, R | (flags))

/* /6 is another name of /4. */
#define GROUP_2(byte, form, flags)					\
	ROW(1, byte, ANY, 0, ROL, form, OP, RW | (flags)),		\
	ROW(1, byte, ANY, 1, ROR, form, OP, RW | (flags)),		\
	ROW(1, byte, ANY, 2, RCL, form, OP, RW | (flags)),		\
	ROW(1, byte, ANY, 3, RCR, form, OP, RW | (flags)),		\
	ROW(1, byte, ANY, 4, SHL, form, OP, RW | (flags)),		\
	ROW(1, byte, ANY, 5, SHR, form, OP, RW | (flags)),		\
	ROW(1, byte, ANY, 6, SHL, form, OP, RW | (flags)),		\
	ROW(1, byte, ANY, 7, SAR, form, OP, RW | (flags))

#define GROUP_3(byte, flags)						\
	ROW(1, byte, ANY, 0, TEST, E_I, OP, R | (flags)),		\
	ROW(1, byte, ANY, 1, TEST, E_I, OP, R | (flags)),		\
	ROW(1, byte, ANY, 2, NOT, E, OP, RWL | (flags)),		\
	ROW(1, byte, ANY, 3, NEG, E, OP, RWL | (flags)),		\
	ROW(1, byte, ANY, 4, MUL, E, OP, R | (flags)),			\
	ROW(1, byte, ANY, 5, IMUL, E, OP, R | (flags)),			\
	ROW(1, byte, ANY, 6, DIV, E, OP, R | (flags)),			\
	ROW(1, byte, ANY, 7, IDIV, E, OP, R | (flags))

/* One row for each of the conditions. */
#define CONDITIONS(byte, op, form, flags)				\
	ROW(0F, (byte) + 0x0, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0x1, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0x2, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0x3, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0x4, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0x5, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0x6, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0x7, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0x8, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0x9, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0xA, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0xB, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0xC, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0xD, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0xE, ANY, ANY, op, form, OP, flags),		\
	ROW(0F, (byte) + 0xF, ANY, ANY, op, form, OP, flags)

const struct opcode opcodes[] = {
	ARITHMETIC(0x00, ADD, RWL),
	ARITHMETIC(0x08, OR, RWL),
	ARITHMETIC(0x10, ADC, RWL),
	ARITHMETIC(0x18, SBB, RWL),
	ARITHMETIC(0x20, AND, RWL),
	ARITHMETIC(0x28, SUB, RWL),
	ARITHMETIC(0x30, XOR, RWL),
	ARITHMETIC(0x38, CMP, R),
	ROW(1, 0x63, ANY, ANY, MOVSX, G_E, 4, R | OPCODE_64 | OPCODE_NO_16),
	ROW(1, 0x69, ANY, ANY, IMUL2, G_E_I, OP, R),
	ROW(1, 0x6B, ANY, ANY, IMUL2, G_E_I8, OP, R),
	GROUP_1(0x80, E_I, B),
	GROUP_1(0x81, E_I, 0),
	GROUP_1(0x82, E_I, B | OPCODE_NO_64),
	GROUP_1(0x83, E_I8, 0),
	ROW(1, 0x84, ANY, ANY, TEST, E_G, OP, R | B),
	ROW(1, 0x85, ANY, ANY, TEST, E_G, OP, R),
	ROW(1, 0x86, ANY, ANY, XCHG, E_G, OP, RWL | B),
	ROW(1, 0x87, ANY, ANY, XCHG, E_G, OP, RWL),
	ROW(1, 0x88, ANY, ANY, MOV, E_G, OP, W | B),
	ROW(1, 0x89, ANY, ANY, MOV, E_G, OP, W),
	ROW(1, 0x8A, ANY, ANY, MOV, G_E, OP, R | B),
	ROW(1, 0x8B, ANY, ANY, MOV, G_E, OP, R),
	ROW(1, 0x8F, ANY, 0, POP, STACK, OP, W | OPCODE_STACK),
	ROW(1, 0xA0, ANY, ANY, MOV, A_O, OP, R | B),
	ROW(1, 0xA1, ANY, ANY, MOV, A_O, OP, R),
	ROW(1, 0xA2, ANY, ANY, MOV, O_A, OP, W | B),
	ROW(1, 0xA3, ANY, ANY, MOV, O_A, OP, W),
	ROW(1, 0xA4, ANY, ANY, MOVS, STRING, OP, RW | B),
	ROW(1, 0xA5, ANY, ANY, MOVS, STRING, OP, RW),
	ROW(1, 0xA6, ANY, ANY, CMPS, STRING, OP, R | B),
	ROW(1, 0xA7, ANY, ANY, CMPS, STRING, OP, R),
	ROW(1, 0xAA, ANY, ANY, STOS, STRING, OP, W | B),
	ROW(1, 0xAB, ANY, ANY, STOS, STRING, OP, W),
	ROW(1, 0xAC, ANY, ANY, LODS, STRING, OP, R | B),
	ROW(1, 0xAD, ANY, ANY, LODS, STRING, OP, R),
	ROW(1, 0xAE, ANY, ANY, SCAS, STRING, OP, R | B),
	ROW(1, 0xAF, ANY, ANY, SCAS, STRING, OP, R),
	GROUP_2(0xC0, E_I8, B),
	GROUP_2(0xC1, E_I8, 0),
	ROW(1, 0xC6, ANY, 0, MOV, E_I, OP, W | B),
	ROW(1, 0xC7, ANY, 0, MOV, E_I, OP, W),
	GROUP_2(0xD0, E_1, B),
	GROUP_2(0xD1, E_1, 0),
	GROUP_2(0xD2, E_CL, B),
	GROUP_2(0xD3, E_CL, 0),
	GROUP_3(0xF6, B),
	GROUP_3(0xF7, 0),
	ROW(1, 0xFE, ANY, 0, INC, E, OP, RWL | B),
	ROW(1, 0xFE, ANY, 1, DEC, E, OP, RWL | B),
	ROW(1, 0xFF, ANY, 0, INC, E, OP, RWL),
	ROW(1, 0xFF, ANY, 1, DEC, E, OP, RWL),
	ROW(1, 0xFF, ANY, 6, PUSH, STACK, OP, R | OPCODE_STACK),

	ROW(0F, 0x10, NONE, ANY, VMOV, V_E, 16, R),		/* MOVUPS */
	ROW(0F, 0x10, 66, ANY, VMOV, V_E, 16, R),		/* MOVUPD */
	ROW(0F, 0x10, F3, ANY, VMOV, V_E, 4, R),		/* MOVSS */
	ROW(0F, 0x10, F2, ANY, VMOV, V_E, 8, R),		/* MOVSD */
	ROW(0F, 0x11, NONE, ANY, VMOV, E_V, 16, W),
	ROW(0F, 0x11, 66, ANY, VMOV, E_V, 16, W),
	ROW(0F, 0x11, F3, ANY, VMOV, E_V, 4, W),
	ROW(0F, 0x11, F2, ANY, VMOV, E_V, 8, W),
	ROW(0F, 0x12, NONE, ANY, VLOW, V_E, 8, R),		/* MOVLPS */
	ROW(0F, 0x12, 66, ANY, VLOW, V_E, 8, R),		/* MOVLPD */
	ROW(0F, 0x13, NONE, ANY, VLOW, E_V, 8, W),
	ROW(0F, 0x13, 66, ANY, VLOW, E_V, 8, W),
	ROW(0F, 0x16, NONE, ANY, VHIGH, V_E, 8, R),		/* MOVHPS */
	ROW(0F, 0x16, 66, ANY, VHIGH, V_E, 8, R),		/* MOVHPD */
	ROW(0F, 0x17, NONE, ANY, VHIGH, E_V, 8, W),
	ROW(0F, 0x17, 66, ANY, VHIGH, E_V, 8, W),
	ROW(0F, 0x28, NONE, ANY, VMOV, V_E, 16, R | AL),	/* MOVAPS */
	ROW(0F, 0x28, 66, ANY, VMOV, V_E, 16, R | AL),		/* MOVAPD */
	ROW(0F, 0x29, NONE, ANY, VMOV, E_V, 16, W | AL),
	ROW(0F, 0x29, 66, ANY, VMOV, E_V, 16, W | AL),
	ROW(0F, 0x2B, NONE, ANY, VMOV, E_V, 16, W | AL),	/* MOVNTPS */
	ROW(0F, 0x2B, 66, ANY, VMOV, E_V, 16, W | AL),		/* MOVNTPD */
	CONDITIONS(0x40, CMOVCC, G_E, R),
	ROW(0F, 0x6E, 66, ANY, VMOV, V_E, W, R),		/* MOVD, MOVQ */
	ROW(0F, 0x6F, 66, ANY, VMOV, V_E, 16, R | AL),		/* MOVDQA */
	ROW(0F, 0x6F, F3, ANY, VMOV, V_E, 16, R),		/* MOVDQU */
	ROW(0F, 0x7E, 66, ANY, VMOV, E_V, W, W),
	ROW(0F, 0x7E, F3, ANY, VMOV, V_E, 8, R),		/* MOVQ */
	ROW(0F, 0x7F, 66, ANY, VMOV, E_V, 16, W | AL),
	ROW(0F, 0x7F, F3, ANY, VMOV, E_V, 16, W),
	CONDITIONS(0x90, SETCC, E, W | B),
	ROW(0F, 0xA3, ANY, ANY, BT, E_G, OP, R),
	ROW(0F, 0xA4, ANY, ANY, SHLD, E_G_I8, OP, RW),
	ROW(0F, 0xA5, ANY, ANY, SHLD, E_G_CL, OP, RW),
	ROW(0F, 0xAB, ANY, ANY, BTS, E_G, OP, RWL),
	ROW(0F, 0xAC, ANY, ANY, SHRD, E_G_I8, OP, RW),
	ROW(0F, 0xAD, ANY, ANY, SHRD, E_G_CL, OP, RW),
	ROW(0F, 0xAE, NONE, 7, TOUCH, E, 1, 0),			/* CLFLUSH */
	ROW(0F, 0xAE, 66, 6, TOUCH, E, 1, 0),			/* CLWB */
	ROW(0F, 0xAE, 66, 7, TOUCH, E, 1, 0),			/* CLFLUSHOPT */
	ROW(0F, 0xAF, ANY, ANY, IMUL2, G_E, OP, R),
	ROW(0F, 0xB0, ANY, ANY, CMPXCHG, E_G, OP, RWL | B),
	ROW(0F, 0xB1, ANY, ANY, CMPXCHG, E_G, OP, RWL),
	ROW(0F, 0xB3, ANY, ANY, BTR, E_G, OP, RWL),
	ROW(0F, 0xB6, ANY, ANY, MOVZX, G_E, 1, R),
	ROW(0F, 0xB7, ANY, ANY, MOVZX, G_E, 2, R),
	ROW(0F, 0xB8, F3, ANY, POPCNT, G_E, OP, R),
	ROW(0F, 0xBA, ANY, 4, BT, E_I8, OP, R),
	ROW(0F, 0xBA, ANY, 5, BTS, E_I8, OP, RWL),
	ROW(0F, 0xBA, ANY, 6, BTR, E_I8, OP, RWL),
	ROW(0F, 0xBA, ANY, 7, BTC, E_I8, OP, RWL),
	ROW(0F, 0xBB, ANY, ANY, BTC, E_G, OP, RWL),
	ROW(0F, 0xBC, F3, ANY, TZCNT, G_E, OP, R | OPCODE_BMI1),
	ROW(0F, 0xBC, ANY, ANY, BSF, G_E, OP, R),
	ROW(0F, 0xBD, F3, ANY, LZCNT, G_E, OP, R | OPCODE_LZCNT),
	ROW(0F, 0xBD, ANY, ANY, BSR, G_E, OP, R),
	ROW(0F, 0xBE, ANY, ANY, MOVSX, G_E, 1, R),
	ROW(0F, 0xBF, ANY, ANY, MOVSX, G_E, 2, R),
	ROW(0F, 0xC0, ANY, ANY, XADD, E_G, OP, RWL | B),
	ROW(0F, 0xC1, ANY, ANY, XADD, E_G, OP, RWL),
	ROW(0F, 0xC3, NONE, ANY, MOV, E_G, W, W),		/* MOVNTI */
	ROW(0F, 0xC7, ANY, 1, CMPXCHG8B, E, 2W, RWL),
	ROW(0F, 0xD6, 66, ANY, VMOV, E_V, 8, W),		/* MOVQ */
	ROW(0F, 0xE7, 66, ANY, VMOV, E_V, 16, W | AL),		/* MOVNTDQ */
	ROW(0F, 0xF0, F2, ANY, VMOV, V_E, 16, R),		/* LDDQU */

	ROW(0F38, 0x2A, 66, ANY, VMOV, V_E, 16, R | AL),	/* MOVNTDQA */
	ROW(0F38, 0xF0, F2, ANY, CRC32, G_E, 1, R | B),
	ROW(0F38, 0xF0, NOREP, ANY, MOVBE, G_E, OP, R),
	ROW(0F38, 0xF1, F2, ANY, CRC32, G_E, OP, R),
	ROW(0F38, 0xF1, NOREP, ANY, MOVBE, E_G, OP, W),
	ROW(0F38, 0xF6, 66, ANY, ADCX, G_E, W, R),
	ROW(0F38, 0xF6, F3, ANY, ADOX, G_E, W, R),

	ROW(VEX_0F, 0x10, NONE, ANY, VMOV, V_E, VL, V_L),
	ROW(VEX_0F, 0x10, 66, ANY, VMOV, V_E, VL, V_L),
	ROW(VEX_0F, 0x10, F3, ANY, VMOV, V_E, 4, V_L),
	ROW(VEX_0F, 0x10, F2, ANY, VMOV, V_E, 8, V_L),
	ROW(VEX_0F, 0x11, NONE, ANY, VMOV, E_V, VL, V_S),
	ROW(VEX_0F, 0x11, 66, ANY, VMOV, E_V, VL, V_S),
	ROW(VEX_0F, 0x11, F3, ANY, VMOV, E_V, 4, V_S),
	ROW(VEX_0F, 0x11, F2, ANY, VMOV, E_V, 8, V_S),
	ROW(VEX_0F, 0x12, NONE, ANY, VLOW, V_E, 8, R | OPCODE_L0),
	ROW(VEX_0F, 0x12, 66, ANY, VLOW, V_E, 8, R | OPCODE_L0),
	ROW(VEX_0F, 0x13, NONE, ANY, VLOW, E_V, 8, V_S | OPCODE_L0),
	ROW(VEX_0F, 0x13, 66, ANY, VLOW, E_V, 8, V_S | OPCODE_L0),
	ROW(VEX_0F, 0x16, NONE, ANY, VHIGH, V_E, 8, R | OPCODE_L0),
	ROW(VEX_0F, 0x16, 66, ANY, VHIGH, V_E, 8, R | OPCODE_L0),
	ROW(VEX_0F, 0x17, NONE, ANY, VHIGH, E_V, 8, V_S | OPCODE_L0),
	ROW(VEX_0F, 0x17, 66, ANY, VHIGH, E_V, 8, V_S | OPCODE_L0),
	ROW(VEX_0F, 0x28, NONE, ANY, VMOV, V_E, VL, V_L | AL),
	ROW(VEX_0F, 0x28, 66, ANY, VMOV, V_E, VL, V_L | AL),
	ROW(VEX_0F, 0x29, NONE, ANY, VMOV, E_V, VL, V_S | AL),
	ROW(VEX_0F, 0x29, 66, ANY, VMOV, E_V, VL, V_S | AL),
	ROW(VEX_0F, 0x2B, NONE, ANY, VMOV, E_V, VL, V_S | AL),
	ROW(VEX_0F, 0x2B, 66, ANY, VMOV, E_V, VL, V_S | AL),
	ROW(VEX_0F, 0x6E, 66, ANY, VMOV, V_E, W, V_L | OPCODE_L0),
	ROW(VEX_0F, 0x6F, 66, ANY, VMOV, V_E, VL, V_L | AL),
	ROW(VEX_0F, 0x6F, F3, ANY, VMOV, V_E, VL, V_L),
	ROW(VEX_0F, 0x7E, 66, ANY, VMOV, E_V, W, V_S | OPCODE_L0),
	ROW(VEX_0F, 0x7E, F3, ANY, VMOV, V_E, 8, V_L | OPCODE_L0),
	ROW(VEX_0F, 0x7F, 66, ANY, VMOV, E_V, VL, V_S | AL),
	ROW(VEX_0F, 0x7F, F3, ANY, VMOV, E_V, VL, V_S),
	ROW(VEX_0F, 0xD6, 66, ANY, VMOV, E_V, 8, V_S | OPCODE_L0),
	ROW(VEX_0F, 0xE7, 66, ANY, VMOV, E_V, VL, V_S | AL),
	ROW(VEX_0F, 0xF0, F2, ANY, VMOV, V_E, VL, V_L),

	ROW(VEX_0F38, 0x2A, 66, ANY, VMOV, V_E, VL, V_L | AL),
	ROW(VEX_0F38, 0xF2, NONE, ANY, ANDN, G_B_E, W, BMI),
	ROW(VEX_0F38, 0xF3, NONE, 1, BLSR, B_E, W, BMI),
	ROW(VEX_0F38, 0xF3, NONE, 2, BLSMSK, B_E, W, BMI),
	ROW(VEX_0F38, 0xF3, NONE, 3, BLSI, B_E, W, BMI),
	ROW(VEX_0F38, 0xF5, NONE, ANY, BZHI, G_E_B, W, BMI),
	ROW(VEX_0F38, 0xF5, F3, ANY, PEXT, G_B_E, W, BMI),
	ROW(VEX_0F38, 0xF5, F2, ANY, PDEP, G_B_E, W, BMI),
	ROW(VEX_0F38, 0xF6, F2, ANY, MULX, G_B_E, W, BMI),
	ROW(VEX_0F38, 0xF7, NONE, ANY, BEXTR, G_E_B, W, BMI),
	ROW(VEX_0F38, 0xF7, 66, ANY, SHLX, G_E_B, W, BMI),
	ROW(VEX_0F38, 0xF7, F3, ANY, SARX, G_E_B, W, BMI),
	ROW(VEX_0F38, 0xF7, F2, ANY, SHRX, G_E_B, W, BMI),

	ROW(VEX_0F3A, 0xF0, F2, ANY, RORX, G_E_I8, W, BMI_E),
};

const size_t opcode_count = ARRAY_SIZE(opcodes);
