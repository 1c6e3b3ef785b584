/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's numbers, which DomUs use towards the core, and Domain-0 towards a KVM
 * below it: Documentation/virt/kvm/x86, hypercalls.rst and msr.rst. What KVM
 * says of a number that it does not know is HV_KVM_ENOSYS.
 */
#ifndef HVMOD_CORE_KVM_ABI_H
#define HVMOD_CORE_KVM_ABI_H

#define KVM_HC_KICK_CPU		5
#define KVM_HC_SEND_IPI		10
#define KVM_HC_SCHED_YIELD	11

#define KVM_EPERM		1

#define MSR_KVM_WALL_CLOCK	0x4b564d00	/* those with _NEW in Linux */
#define MSR_KVM_SYSTEM_TIME	0x4b564d01
#define MSR_KVM_STEAL_TIME	0x4b564d03
#define MSR_KVM_PV_EOI_EN	0x4b564d04
#define MSR_KVM_POLL_CONTROL	0x4b564d05
#define MSR_KVM_ASYNC_PF_ACK	0x4b564d07

#endif
