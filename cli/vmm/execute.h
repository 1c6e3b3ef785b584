/* SPDX-License-Identifier: GPL-2.0-only */
/* What an instruction makes of registers and the value of its memory operand. */
#ifndef HVMOD_VMM_EXECUTE_H
#define HVMOD_VMM_EXECUTE_H

#include <stdbool.h>
#include <stdint.h>

#include <hvmod.h>

#include "decode.h"
#include "vectors.h"

#define OPERAND_WORDS	4	/* the longest operand has 32 bytes */

uint64_t execute_get(const struct hvmod_regs *regs, unsigned int reg,
		     unsigned int width);
void execute_put(struct hvmod_regs *regs, unsigned int reg, unsigned int width,
		 uint64_t value);
bool execute(const struct insn *insn, struct hvmod_regs *regs,
	     uint64_t memory[OPERAND_WORDS]);
void execute_vector(const struct insn *insn, struct vectors *vectors,
		    uint64_t memory[OPERAND_WORDS]);

#endif
