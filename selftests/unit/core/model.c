// SPDX-License-Identifier: GPL-2.0-only
/* The instructions: MSRs, CPUID, registers, XSAVE. VMX is in model_vmx.c. */
#include "model.h"

struct model model;
jmp_buf *model_way_out;
struct ctx *model_resumed;
char fault_stubs[32 * 16], wrmsr_ok_instruction[1], rdmsr_ok_instruction[1], msr_refused[1];

__noreturn void model_fatal(const char *format, ...)
{
	va_list args;

	printf("Bail out! processor %u: ", model.me ? model.me->number : 0);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	abort();
}

static __noreturn void way_out(enum model_exit how)
{
	if (!model_way_out)
		model_fatal("the core left for good (%d)", how);
	model.me->root = false;
	longjmp(*model_way_out, how);
}

void model_use(u32 cpu)
{
	model.me = &model.cpu[cpu];
}

struct cpu *this_cpu(void)
{
	return model.me->core;
}

bool this_cpu_pending(void)
{
	return model.me->core->pending;
}

struct model_msr *model_msr(u32 msr)
{
	for (u32 i = 0; i < model.me->msrs; i++)
		if (model.me->msr[i].msr == msr)
			return &model.me->msr[i];
	return NULL;
}

void model_msr_add(u32 msr, u8 access, u64 value)
{
	struct model_msr *m = model_msr(msr);

	if (!m)
		m = &model.me->msr[model.me->msrs++];
	if (model.me->msrs > MODEL_MSRS)
		model_fatal("too many MSRs");
	*m = (struct model_msr){ .msr = msr, .access = access, .value = value };
}

/*
 * The core lies in the lower half of the address space and has an IDT: with
 * LASS its next instruction is #GP, with FRED an NMI goes to Linux's handler.
 */
void model_root(void)
{
	if (!model.me->root)
		return;
	if (model.me->cr4 & CR4_LASS)
		model_fatal("an instruction of the core with CR4.LASS");
	if (model_msr(MSR_DEBUGCTL)->value)
		model_fatal("BTS in root mode: its record is a page fault");
	if (model.counters_stop && model_msr(MSR_PERF_GLOBAL_CTRL)->value)
		model_fatal("PEBS in root mode: its record is a page fault");
}

u64 vmcall(u64 number, u64 a, u64 b, u64 c, u64 d)
{
	model_root();
	model.hypercalls++;
	memcpy(model.hypercall, (u64 []){ number, a, b, c, d }, sizeof(model.hypercall));
	return 0x600d;
}

u64 rdmsr(u32 msr)
{
	struct model_msr *m = model_msr(msr);

	model_root();
	if (!m || !(m->access & MODEL_READ))
		model_fatal("RDMSR of %#x in root mode", msr);
	m->reads++;
	return m->value;
}

/* SDM volume 3, 11.12.5: from x2APIC mode the way is through disabled. */
static bool apic_base_takes(u64 old, u64 value)
{
	u64 mode = value >> 10 & 3, was = old >> 10 & 3;

	if (value & 0x2ff || value >> machine.max_pa_bits || mode == 1)
		return false;
	return !(was == 3 && mode == 2) && !(was == 0 && mode == 3);
}

static bool msr_takes(u32 msr, u64 value)
{
	switch (msr) {
	case MSR_FS_BASE: case MSR_GS_BASE: case MSR_KERNEL_GS_BASE: case MSR_LSTAR: case MSR_CSTAR:
	case MSR_SYSENTER_ESP: case MSR_SYSENTER_EIP:
		return is_canonical(value);
	case MSR_SFMASK: case MSR_TSC_AUX: case MSR_SYSENTER_CS:
		return !(value >> 32);
	case MSR_EFER:
		return !(value & ~0xd01ULL);
	case MSR_PRED_CMD: case MSR_FLUSH_CMD:
		return value <= 1;
	case MSR_SPEC_CTRL:
		return !(value & ~0x5f7ULL);
	case MSR_PERF_GLOBAL_CTRL:
		return !(value & ~model.type->perf_global);
	case MSR_APIC_BASE:
		return apic_base_takes(rdmsr(msr), value);
	case 0x17d0:	/* IA32_HW_FEEDBACK_PTR */
		return !(value & 0xffe) && !(value >> machine.max_pa_bits);
	}
	return true;
}

void wrmsr(u32 msr, u64 value)
{
	struct model_msr *m = model_msr(msr);

	if (!m || !(m->access & MODEL_WRITE))
		model_fatal("WRMSR of %#x in root mode", msr);
	if (!msr_takes(msr, value))
		model_fatal("#GP in root mode: WRMSR of %#lx to %#x", value, msr);
	if (msr == MSR_FEATURE_CONTROL && m->value & 1)
		model_fatal("#GP in root mode: IA32_FEATURE_CONTROL is locked");
	m->value = value;
	m->writes++;
	if (msr == MSR_PERF_GLOBAL_CTRL && model.me->root && model.counters_stop && value &&
	    model_msr(MSR_PEBS_ENABLE)->value)
		model_fatal("counters with PEBS in root mode");
	if (msr == MSR_GS_BASE)
		model.me->core = (struct cpu *)value;
}

bool wrmsr_ok(u32 msr, u64 value)
{
	struct model_msr *m = model_msr(msr);

	if (!m || !(m->access & MODEL_WRITE) || !msr_takes(msr, value))
		return false;
	wrmsr(msr, value);
	return true;
}

bool rdmsr_ok(u32 msr, u64 *value)
{
	struct model_msr *m = model_msr(msr);

	if (!m || !(m->access & MODEL_READ))
		return false;
	*value = rdmsr(msr);
	return true;
}

struct cpuid *model_leaf(u32 leaf, u32 subleaf)
{
	static struct model_cpuid leaves[64];
	static struct model_type own;
	u32 i;

	if (model.type != &own) {
		own = *model.type;
		memcpy(leaves, own.cpuid, own.cpuids * sizeof(leaves[0]));
		own.cpuid = leaves;
		model.type = &own;
	}
	for (i = 0; i < own.cpuids; i++)
		if (leaves[i].leaf == leaf && leaves[i].subleaf == subleaf)
			return &leaves[i].value;
	if (i == ARRAY_SIZE(leaves))
		model_fatal("too many leaves of CPUID");
	own.cpuids++;
	leaves[i] = (struct model_cpuid){ leaf, subleaf, { 0 } };
	return &leaves[i].value;
}

static struct cpuid raw_cpuid(u32 leaf, u32 subleaf)
{
	for (u32 i = 0; i < model.type->cpuids; i++)
		if (model.type->cpuid[i].leaf == leaf && model.type->cpuid[i].subleaf == subleaf)
			return model.type->cpuid[i].value;
	return (struct cpuid){ 0 };
}

static u32 xsave_bytes(u64 xcr0)
{
	u32 bytes = 576;

	for (u32 i = 2; i < 63; i++) {
		struct cpuid part = raw_cpuid(0xd, i);

		if (xcr0 & BIT(i) && part.eax + part.ebx > bytes)
			bytes = part.eax + part.ebx;
	}
	return bytes;
}

/* SDM volume 1, 13.4.3 */
static u32 xsave_bytes_compacted(u64 components)
{
	u32 bytes = 576;

	for (u32 i = 2; i < 63; i++) {
		struct cpuid part = raw_cpuid(0xd, i);

		if (!(components & BIT(i)))
			continue;
		if (part.ecx & BIT(1))
			bytes = (bytes + 63) & ~63U;
		bytes += part.eax;
	}
	return bytes;
}

/* SDM volume 2, CPUID: of XCR0 | IA32_XSS, or 0 where there is no compaction. */
static u32 xsave_bytes_now(u32 features)
{
	struct model_msr *xss = features & BIT(3) ? model_msr(MSR_XSS) : NULL;

	if (!(features & (BIT(1) | BIT(3))))
		return 0;
	return xsave_bytes_compacted(model.me->xcr0 | (xss ? xss->value : 0));
}

static bool has_subleaves(u32 leaf)
{
	return leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd || leaf == 0x23;
}

struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid r;

	if (leaf == 1)
		model_msr(MSR_BIOS_SIGN_ID)->value = (u64)model.microcode << 32;
	/* Out of range: the highest basic leaf, SDM volume 2, CPUID. */
	if ((leaf < 0x80000000 && leaf > model.type->max_leaf) ||
	    (leaf >= 0x80000000 && leaf > model.type->max_extended))
		leaf = model.type->max_leaf;
	r = raw_cpuid(leaf, has_subleaves(leaf) ? subleaf : 0);
	if (leaf == 1) {
		r.ecx &= ~BIT(27);
		if (model.me->cr4 & CR4_OSXSAVE)
			r.ecx |= BIT(27);
		r.ebx = (r.ebx & 0xffffff) | model.me->number << 24;
	}
	if (leaf == 0xd && subleaf == 0)
		r.ebx = xsave_bytes(model.me->xcr0);
	if (leaf == 0xd && subleaf == 1)
		r.ebx = xsave_bytes_now(r.eax);
	return r;
}

u64 rdtsc(void)
{
	model.tsc += model.tsc_step;
	return model.tsc;
}

u64 xgetbv0(void)
{
	if (!(model.me->cr4 & CR4_OSXSAVE))
		model_fatal("XGETBV without CR4.OSXSAVE");
	return model.me->xcr0;
}

static bool model_xcr0_valid(u64 v)
{
	u64 avx512 = v & 0xe0;

	return v & 1 && !(v & ~model.type->xcr0) && !(v & 4 && !(v & 2)) &&
	       (!avx512 || (avx512 == 0xe0 && v & 4)) && ((v & 0x18) == 0 || (v & 0x18) == 0x18);
}

void xsetbv0(u64 value)
{
	if (!(model.me->cr4 & CR4_OSXSAVE) || !model_xcr0_valid(value))
		model_fatal("#GP in root mode: XSETBV %#lx", value);
	model.me->xcr0 = value;
}

#define XSTATE_BV	(512 / 8)

static void copy_components(u8 *to, const u8 *from, u64 set)
{
	memcpy(to, from, set & 1 ? 24 : 0);
	if (set & 6)
		memcpy(to + 24, from + 24, 8);
	if (set & 1)
		memcpy(to + 32, from + 32, 128);
	if (set & 2)
		memcpy(to + 160, from + 160, 256);
	for (u32 i = 2; i < 63; i++) {
		struct cpuid part = raw_cpuid(0xd, i);

		if (set & BIT(i))
			memcpy(to + part.ebx, from + part.ebx, part.eax);
	}
}

void xsave(void *area)
{
	if ((u64)area & 63)
		model_fatal("#GP in root mode: XSAVE to an unaligned area");
	copy_components(area, model.me->fpu, model.me->xcr0);
	((u64 *)area)[XSTATE_BV] |= model.me->xcr0;
	model.me->xsaves++;
}

/* SDM volume 1, 13.8.1: the header, and MXCSR. */
void xrstor(const void *area)
{
	static const u8 initial[XSAVE_MAX] = { [0] = 0x7f, [1] = 3, [24] = 0x80, [25] = 0x1f };
	const u64 *header = (const u64 *)area + XSTATE_BV;

	if ((u64)area & 63 || header[0] & ~model.me->xcr0 || header[1] || header[2] ||
	    ((const u32 *)area)[6] & ~0xffffU)
		model_fatal("#GP in root mode: XRSTOR of a bad area");
	copy_components(model.me->fpu, area, header[0] & model.me->xcr0);
	copy_components(model.me->fpu, initial, ~header[0] & model.me->xcr0);
	model.me->xrstors++;
}

void out8(u16 port, u8 value)
{
	size_t n = strlen(model.out);

	if (port == 0xe9 && n + 1 < sizeof(model.out))
		model.out[n] = value;
	else if (port == 0xcf9)
		model.resets = true;
	else if (port != 0xe9)
		model_fatal("OUT to port %#x", port);
}

#define REGISTER(name, place)			\
u64 read_##name(void)				\
{						\
	return model.me->place;			\
}						\
void write_##name(u64 v)			\
{						\
	model.me->place = v;			\
}
REGISTER(cr2, cr2)
REGISTER(cr3, cr3)
REGISTER(dr0, dr[0])
REGISTER(dr1, dr[1])
REGISTER(dr2, dr[2])
REGISTER(dr3, dr[3])

static void checked(u64 *place, u64 v, u64 reserved, const char *name)
{
	if (v & reserved)
		model_fatal("#GP in root mode: %#lx to %s", v, name);
	*place = v;
}

/* Bit 15, 26, 29 to 31 and those above FRED. */
#define CR4_RESERVED	(~0x11bff7fffULL)

#define CHECKED(name, place, reserved)			\
u64 read_##name(void)					\
{							\
	return model.me->place;				\
}							\
void write_##name(u64 v)				\
{							\
	checked(&model.me->place, v, reserved, #name);	\
}
CHECKED(cr0, cr0, ~CR0_DEFINED)
CHECKED(cr4, cr4, CR4_RESERVED)
CHECKED(dr6, dr[6], 0xffffffff00000000ULL)
CHECKED(dr7, dr[7], 0xffffffff00000000ULL)

/* One thread: whoever waits for a lock waits for ever, or for what a test does meanwhile. */
void cpu_relax(void)
{
	if (!model.relax)
		model_fatal("a lock is taken twice");
	model.relax();
}

void clear_branch_history(void)
{
	model.me->history_clears++;
}

void zero_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

void wbinvd(void)
{
	model.me->wbinvds++;
}

void lgdt(const struct hv_table *table)
{
	if (table->base != (u64)model.me->core->gdt)
		model_fatal("LGDT of another's table");
}

void lidt(const struct hv_table *table)
{
	if (!table->base)
		model.resets = true;
}

void ltr(u16 selector)
{
	if (selector != CORE_TR)
		model_fatal("LTR %#x", selector);
}

void ud2(void)
{
	way_out(model.resets ? MODEL_RESET : MODEL_UD2);
}

void write_page_0(void)
{
	way_out(MODEL_PAGE_0);
}

void vmexit_entry(void)
{
	model_fatal("vmexit_entry() was called");
}

__noreturn void resume(struct ctx *ctx)
{
	const char *why = model_enter(ctx);

	if (why)
		model_fatal("VM entry: %s", why);
	model_resumed = ctx;
	way_out(MODEL_RESUMED);
}

/* The stub is executable in one of the core's two roots alone. */
__noreturn void return_to_linux(u64 linux_va, u64 cr3, u64 cr4, u64 stub)
{
	const struct hv_linux *lx = phys(boot.linux_pa[model.me->number]);

	if (model.me->cr3 != boot.launch_cr3)
		model_fatal("#PF: the trampoline is not in the page tables at %#lx", model.me->cr3);
	checked(&model.me->cr4, cr4, CR4_RESERVED, "cr4");
	model.me->cr3 = cr3;
	model_msr(MSR_DEBUGCTL)->value = lx->debugctl;
	if (lx->perf_global)
		model_msr(MSR_PERF_GLOBAL_CTRL)->value = lx->perf_global;
	way_out(MODEL_LINUX);
}

void model_init(const struct model_type *type, u32 cpus)
{
	memset(&model, 0, sizeof(model));
	model_vmx_init();
	model.type = type;
	model.counters_stop = type->perf_global;
	model.tsc = 1000000000ULL;
	model.unsupported_field = ~0U;
	for (u32 i = 0; i < cpus; i++) {
		model_use(i);
		model.me->number = i;
		model.me->cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG;
		model.me->cr3 = 0x1000;
		model.me->cr4 = CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | BIT(10) | CR4_OSXSAVE;
		model.me->dr[6] = 0xffff0ff0;
		model.me->dr[7] = 0x400;
		model.me->xcr0 = type->xcr0;
		((u32 *)model.me->fpu)[6] = 0x1f80;
		for (u32 m = 0; m < type->msrs; m++)
			model_msr_add(type->msr[m].msr, MODEL_READ, type->msr[m].value);
		static const struct { u32 msr; u64 value; } both[] = {
			{ MSR_SYSENTER_CS, 0x10 }, { MSR_SYSENTER_ESP, 0x5000 },
			{ MSR_SYSENTER_EIP, 0x6000 }, { MSR_PAT, 0x0007040600070406ULL },
			{ MSR_EFER, 0xd01 }, { MSR_STAR, 0x23001000000000ULL },
			{ MSR_LSTAR, 0xffffffff81000000ULL }, { MSR_CSTAR, 0xffffffff81000040ULL },
			{ MSR_SFMASK, 0x47700 }, { MSR_FS_BASE, 0x7000 }, { MSR_GS_BASE, 0x8000 },
			{ MSR_KERNEL_GS_BASE, 0x9000 }, { MSR_TSC_AUX, 0 }, { MSR_DEBUGCTL, 0 },
			{ MSR_APIC_BASE, 0xfee00900 },
			{ MSR_SPEC_CTRL, 0 }, { MSR_PERF_GLOBAL_CTRL, 0 }, { MSR_PEBS_ENABLE, 0 },
			{ MSR_BIOS_SIGN_ID, 0 },
		};
		for (u32 m = 0; m < ARRAY_SIZE(both); m++)
			model_msr_add(both[m].msr, MODEL_BOTH, both[m].value);
		model_msr_add(MSR_MISC_ENABLE, MODEL_READ, 0x850089);
		model_msr_add(MSR_PRED_CMD, MODEL_WRITE, 0);
		model_msr_add(MSR_FLUSH_CMD, MODEL_WRITE, 0);
		model_msr_add(MSR_FEATURE_CONTROL, MODEL_BOTH, 5);
	}
	model_use(0);
}
