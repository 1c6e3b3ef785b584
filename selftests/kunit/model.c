// SPDX-License-Identifier: GPL-2.0-only
#include "model.h"

struct model model;
struct hv_boot boot;

static struct domain domain;
static struct vcpu vcpus[MODEL_VCPUS];

static void zero(void *memory, u64 bytes)
{
	u8 *p = memory;

	while (bytes--)
		*p++ = 0;
}

void model_init(void *arena)
{
	u64 start = ((u64)arena + PAGE_SIZE - 1) & PAGE_MASK;

	zero(&model, sizeof(model));
	zero(&machine, sizeof(machine));
	zero(&boot, sizeof(boot));
	machine.direct_base = start;
	machine.max_pa_bits = 36;
	machine.tsc_khz = 2000000;
	machine.caps.ept_vpid = EPT_CAP_1G | EPT_CAP_2M;
	boot.cpus = 1;
	boot.max_pa = MODEL_BYTES;
	boot.ram_count = 1;
	boot.ram[0] = (struct hv_range){ 0, MODEL_BYTES };
	boot.own_count = 1;
	boot.own[0] = (struct hv_range){ MODEL_OWN, MODEL_BYTES };
	boot.pool_count = 1;
	boot.pool[0] = boot.own[0];
	model.cpu.launched = true;
	machine.cpu[0] = &model.cpu;
	/* MTRRs as firmware sets them: all is write-back. */
	model_msr(MSR_MTRRCAP, 0xd08);
	model_msr(MSR_MTRR_DEF_TYPE, BIT(11) | MEMORY_WB);
}

struct vcpu *model_domain(u32 count)
{
	zero(&domain, sizeof(domain));
	zero(vcpus, sizeof(vcpus));
	for (u32 i = 0; i < count; i++) {
		struct vcpu *vcpu = &vcpus[i];

		vcpu->domain = &domain;
		vcpu->index = i;
		vcpu->apic.id = i;
		vcpu->apic.base = APIC_DEFAULT_BASE | APIC_BASE_ENABLE;
		apic_reset(&vcpu->apic);
		vcpu->apic.svr |= SVR_ENABLED;
		domain.vcpu[i] = vcpu;
	}
	return vcpus;
}

void model_msr(u32 msr, u64 value)
{
	u32 i = 0;

	while (i < model.msrs && model.msr[i].msr != msr)
		i++;
	if (i == MODEL_VALUES)
		__builtin_trap();
	model.msrs += i == model.msrs;
	model.msr[i].msr = msr;
	model.msr[i].value = value;
}

u64 rdmsr(u32 msr)
{
	for (u32 i = 0; i < model.msrs; i++)
		if (model.msr[i].msr == msr)
			return model.msr[i].value;
	return 0;
}

void wrmsr(u32 msr, u64 value)
{
	model_msr(msr, value);
}

u64 vmread(u32 field)
{
	for (u32 i = 0; i < model.fields; i++)
		if (model.field[i].field == field)
			return model.field[i].value;
	return 0;
}

bool vmwrite_ok(u32 field, u64 value)
{
	u32 i = 0;

	while (i < model.fields && model.field[i].field != field)
		i++;
	if (i == MODEL_VALUES)
		__builtin_trap();
	model.fields += i == model.fields;
	model.field[i].field = field;
	model.field[i].value = value;
	return true;
}

void model_leaf(u32 leaf, u32 subleaf, u32 eax, u32 ebx, u32 ecx, u32 edx)
{
	u64 number = (u64)leaf << 32 | subleaf;
	u32 i = 0;

	while (i < model.leaves && model.leaf[i].leaf != number)
		i++;
	if (i == MODEL_VALUES)
		__builtin_trap();
	model.leaves += i == model.leaves;
	model.leaf[i].leaf = number;
	model.leaf[i].value = (struct cpuid){ eax, ebx, ecx, edx };
}

struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	for (u32 i = 0; i < model.leaves; i++)
		if (model.leaf[i].leaf == ((u64)leaf << 32 | subleaf))
			return model.leaf[i].value;
	return (struct cpuid){ 0 };
}

u64 rdtsc(void)
{
	return model.tsc;
}

struct cpu *this_cpu(void)
{
	return &model.cpu;
}

void zero_page(void *page)
{
	zero(page, PAGE_SIZE);
}

bool invept(u64 type, u64 eptp)
{
	model.invepts += type == INV_ALL;
	return true;
}

void cpu_relax(void)
{
}

void skip_instruction(void)
{
	model.skipped++;
}

enum verdict resume_with_gp(struct vcpu *vcpu)
{
	model.gps++;
	return RESUME;
}

enum verdict vmm_exit(struct vcpu *vcpu, enum hvmod_exit exit, enum hvmod_why why)
{
	return TO_VMM;
}

/* Which pages the guest names is for the unit tests: no guest memory here. */
bool pvclock_valid(u32 msr, u64 value)
{
	return true;
}

bool steal_valid(u64 value)
{
	return true;
}

bool pv_eoi_valid(u64 value)
{
	return true;
}

/* The rest is referred to by the files under test and called by no suite. */
#define NEVER(type, name, ...)		\
	type name(__VA_ARGS__)		\
	{				\
		__builtin_trap();	\
	}

NEVER(bool, wrmsr_ok, u32 msr, u64 value)
NEVER(void, inject_gp, void)
NEVER(bool, in_64_bit_mode, void)
NEVER(bool, pmu_dom0_write, struct cpu *cpu, u32 msr, u64 value)
NEVER(bool, msr_below_write, u32 msr, u64 value)
NEVER(u64, read_dr0, void)
NEVER(u64, read_dr1, void)
NEVER(u64, read_dr2, void)
NEVER(u64, read_dr3, void)
NEVER(u64, read_dr6, void)
NEVER(void, write_dr0, u64 v)
NEVER(void, write_dr1, u64 v)
NEVER(void, write_dr2, u64 v)
NEVER(void, write_dr3, u64 v)
NEVER(void, write_dr6, u64 v)
NEVER(void, xsetbv0, u64 v)
NEVER(bool, xcr0_valid, u64 v)
NEVER(bool, invvpid, u64 type, u16 vpid, u64 address)
NEVER(void, lock_abandoned, void)
NEVER(void, vmx_field_error, u64 field)
NEVER(enum verdict, pvclock_write, struct vcpu *vcpu, u32 msr, u64 value)
NEVER(enum verdict, steal_write, struct vcpu *vcpu, u64 value)
NEVER(enum verdict, pv_eoi_write, struct vcpu *vcpu, u64 value)
NEVER(void, pv_eoi_settle, struct vcpu *vcpu)
NEVER(void, vid_take_state, struct vcpu *vcpu)
