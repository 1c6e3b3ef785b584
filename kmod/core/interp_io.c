// SPDX-License-Identifier: GPL-2.0-only
/*
 * Port I/O of a DomU: all of it is the VMM's. SDM volume 3, table 28-5.
 */
#include "domain.h"

#define IO_SIZE(q)	(((q) & 7) + 1)
#define IO_IN		BIT(3)
#define IO_STRING	BIT(4)
#define IO_REP		BIT(5)

static u64 size_mask(u32 size)
{
	return size == 4 ? 0xffffffff : (1ULL << size * 8) - 1;
}

enum verdict exit_io(struct vcpu *vcpu)
{
	struct hvmod_run *run = vcpu->run;
	u64 qualification = vmread(EXIT_QUALIFICATION);
	u32 size = IO_SIZE(qualification);

	run->io.port = qualification >> 16;
	run->io.size = size;
	run->io.in = !!(qualification & IO_IN);
	run->io.rep = !!(qualification & IO_REP);
	run->io.string = !!(qualification & IO_STRING);
	if (unlikely(qualification & IO_STRING)) {
		enum verdict verdict;

		run->io.linear = vmread(GUEST_LINEAR_ADDRESS);
		verdict = vmm_exit(vcpu, HVMOD_EXIT_IO_STRING, HVMOD_WHY_NONE);
		run->next_rip = vmread(GUEST_RIP) + vmread(EXIT_INSTRUCTION_LENGTH);
		run->valid = vcpu_export(vcpu, HVMOD_STATE_REGS | HVMOD_STATE_SREGS);
		return verdict;
	}
	run->io.data = 0;
	if (qualification & IO_IN)
		vcpu->in.size = size;
	else
		run->io.data = vcpu->ctx.gpr[RAX] & size_mask(size);
	skip_instruction();
	return vmm_exit(vcpu, HVMOD_EXIT_IO, HVMOD_WHY_NONE);
}

/* 8 and 16 bits keep the rest of RAX, 32 bits clear the upper half. */
void io_finish_in(struct vcpu *vcpu)
{
	u64 mask = size_mask(vcpu->in.size);
	u64 value = READ_ONCE(vcpu->run->io.data) & mask;
	u64 *rax = &vcpu->ctx.gpr[RAX];

	*rax = vcpu->in.size == 4 ? value : (*rax & ~mask) | value;
	vcpu->in.size = 0;
}
