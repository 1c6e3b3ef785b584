/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two files of vCPU state share.
 */
#ifndef HVMOD_CORE_STATE_IMPL_H
#define HVMOD_CORE_STATE_IMPL_H

#include "domain.h"

void regs_export(struct vcpu *vcpu, struct hvmod_regs *regs);
void sregs_export(struct vcpu *vcpu, struct hvmod_sregs *sregs);
enum hvmod_why regs_check(const struct hvmod_regs *regs);
enum hvmod_why sregs_check(const struct hvmod_sregs *s);
void regs_import(struct vcpu *vcpu, const struct hvmod_regs *regs);
enum hvmod_why sregs_import(struct vcpu *vcpu, const struct hvmod_sregs *s);

/** settle_shadow() - RFLAGS or the interruptibility came from the VMM */
void settle_shadow(void);

/**
 * load_pdptes() - PAE paging keeps its four top entries in the processor
 *
 * SDM volume 3, 4.4.1. Return: 1 loaded; 0 an entry is not allowed; -1 the
 * table's page has to be mapped first, its address is in run_value.
 */
int load_pdptes(struct vcpu *vcpu, u64 cr3);

#endif
