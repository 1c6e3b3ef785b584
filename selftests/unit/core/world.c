// SPDX-License-Identifier: GPL-2.0-only
#include "world.h"
#include <sys/mman.h>
#include <sanitizer/asan_interface.h>

void core_enter(u64 operation, u64 number);

struct answer left;
u64 exit_length, exit_vectoring, exit_vectoring_error, exit_interruption, exit_gpa, exit_linear;

bool hostile_states;
u32 entries_refused;

static void *memory;
static u32 run_pages;

static void map_ram(u64 start, u64 end)
{
	if (mprotect((char *)memory + start, end - start, PROT_READ | PROT_WRITE))
		model_fatal("no memory for the machine");
}

static void make_memory(void)
{
	if (memory) {
		__asan_unpoison_memory_region(memory, RAM_END);
		__asan_unpoison_memory_region((char *)memory + RAM_HIGH, RAM_HIGH_END - RAM_HIGH);
		munmap(memory, RAM_HIGH_END);
	}
	memory = mmap(NULL, RAM_HIGH_END, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		      -1, 0);
	if (memory == MAP_FAILED)
		model_fatal("no room for the machine");
	map_ram(0, RAM_LOW_END);
	map_ram(0x100000, RAM_END);
	map_ram(RAM_HIGH, RAM_HIGH_END);
}

void *ram(u64 pa)
{
	return (char *)memory + pa;
}

struct hv_linux *world_linux(u32 cpu)
{
	return ram(LINUX_PAGE + cpu * PAGE_SIZE);
}

struct hvmod_run *run_page(u32 n)
{
	return ram(RUN_PAGE + n * PAGE_SIZE);
}

static void fill_linux(struct hv_linux *lx)
{
	static const u32 access[8] = { 0xc093, 0xa09b, 0xc093, 0xc093, 0x1c000, 0x1c000,
				       0x1c000, 0x8b };

	lx->rip = 0xffffffffc0001000ULL;
	lx->rsp = 0xffffc90000001000ULL;
	lx->dr7 = 0x400;
	lx->gdt = (struct hv_table){ 0x7f, 0xfffffe0000001000ULL };
	lx->idt = (struct hv_table){ 0xfff, 0xfffffe0000000000ULL };
	for (int i = 0; i < 8; i++)
		lx->segment[i] = (struct hv_segment_state){ .limit = ~0U, .access = access[i],
							     .selector = i == 7 ? 0x40 : 0x18 };
	lx->segment[1].selector = 0x10;
}

static void fill_boot(u32 cpus, const struct world_options *options)
{
	u64 area = OWN_START, pool = OWN_START + MODEL_CPUS * AREA_PAGES * PAGE_SIZE;

	boot = (struct hv_boot){
		.image_pa = OWN_START,
		.direct_base = (u64)memory,
		.tsc_khz = options->tsc_khz ? options->tsc_khz : 2500000,
		.crash_pa = CRASH_PAGE,
		.core_cr3 = CORE_CR3,
		.launch_cr3 = LAUNCH_CR3,
		.cpus = cpus,
		.flags = options->flags,
		.max_pa = RAM_HIGH_END,
		.ram_count = 3,
		.ram = { { 0, RAM_LOW_END }, { 0x100000, RAM_END }, { RAM_HIGH, RAM_HIGH_END } },
		.own_count = 1,
		.own = { { OWN_START, OWN_START + OWN_PAGES * PAGE_SIZE } },
		.pool_count = 1,
		.pool = { { pool, OWN_START + OWN_PAGES * PAGE_SIZE } },
	};
	for (u32 i = 0; i < cpus; i++) {
		boot.linux_pa[i] = LINUX_PAGE + i * PAGE_SIZE;
		boot.linux_va[i] = 0xffff888000000000ULL + boot.linux_pa[i];
		boot.cpu_area_pa[i] = area + i * AREA_PAGES * PAGE_SIZE;
		boot.cpu_area[i] = (u64)ram(boot.cpu_area_pa[i]);
		fill_linux(world_linux(i));
	}
}

static void stop(u32 msr, u64 *kept)
{
	*kept = model_msr(msr)->value;
	model_msr(msr)->value = 0;
}

/* As trampoline.S; IA32_DEBUGCTL is read by the driver. */
static void trampoline(struct hv_linux *lx)
{
	stop(MSR_DEBUGCTL, &lx->debugctl);
	if (model.type->perf_global)
		stop(MSR_PERF_GLOBAL_CTRL, &lx->perf_global);
	lx->cr3 = model.me->cr3;
	lx->cr4 = model.me->cr4;
	model.me->cr4 &= ~CR4_LASS;
	model.me->cr3 = boot.launch_cr3;
	model.me->root = true;
}

enum model_exit world_enter(u32 cpu, u64 operation, u64 *why)
{
	volatile enum model_exit how = MODEL_NOTHING;
	jmp_buf here;
	int code;

	model_use(cpu);
	trampoline(world_linux(cpu));
	model_way_out = &here;
	code = setjmp(here);
	if (!code)
		core_enter(operation, cpu);
	else
		how = code;
	model_way_out = NULL;
	*why = world_linux(cpu)->gpr[RAX];
	return how;
}

void world_start(const struct model_type *type, u32 cpus, const struct world_options *options)
{
	static const struct world_options usual;
	u64 why;

	if (!options)
		options = &usual;
	make_memory();
	memset(&machine, 0, sizeof(machine));
	model_init(type, cpus);
	fill_boot(cpus, options);
	run_pages = 0;
	if (options->before_init)
		options->before_init();
	if (world_enter(0, HV_ENTER_INIT, &why) != MODEL_LINUX || why != options->expect)
		model_fatal("HV_ENTER_INIT: %#lx, not %#lx", why, options->expect);
	for (u32 i = 0; i < cpus && !options->no_launch; i++) {
		if (world_enter(i, HV_ENTER_LAUNCH, &why) != MODEL_RESUMED)
			model_fatal("launch of processor %u: %#lx", i, why);
		machine.cpu[i]->dom0.launched = 1;
	}
	model_use(0);
}

/* SDM volume 3, 27.8: the processor refuses guest state with a VM exit. */
static struct ctx *refuse(struct ctx *ctx)
{
	ctx->launched = 1;		/* entry.S, at VMLAUNCH */
	entries_refused++;
	model_exit();
	model_set(EXIT_REASON, EXIT_GUEST_STATE | EXIT_REASON_ENTRY_FAILURE);
	return dispatch(ctx);
}

static struct ctx *go(struct ctx *ctx)
{
	struct ctx *next = dispatch(ctx);
	const char *why = model_enter(next);

	if (why && next->domu && hostile_states) {
		next = refuse(next);
		why = model_enter(next);
	}
	if (why)
		model_fatal("VM entry: %s", why);
	if (machine.lock.held)
		model_fatal("machine.lock is held in non-root mode");
	return next;
}

static struct ctx *running(void)
{
	struct cpu *cpu = this_cpu();

	return cpu->vcpu ? &cpu->vcpu->ctx : &cpu->dom0;
}

static struct ctx *do_exit(u32 reason, u64 qualification)
{
	model_exit();
	model_set(EXIT_REASON, reason);
	model_set(EXIT_QUALIFICATION, qualification);
	model_set(EXIT_INSTRUCTION_LENGTH, exit_length ? exit_length : 3);
	model_set(IDT_VECTORING_INFO, exit_vectoring);
	model_set(IDT_VECTORING_ERROR, exit_vectoring_error);
	model_set(EXIT_INTERRUPTION_INFO, exit_interruption);
	model_set(GUEST_PHYSICAL_ADDRESS, exit_gpa);
	model_set(GUEST_LINEAR_ADDRESS, exit_linear);
	exit_vectoring = exit_vectoring_error = exit_interruption = 0;
	exit_gpa = exit_linear = exit_length = 0;
	return go(running());
}

static void note_outcome(void)
{
	u64 *gpr = this_cpu()->dom0.gpr;

	left = (struct answer){ gpr[RAX], gpr[RDX], gpr[RCX] };
}

struct answer gate_call(u32 cpu, u64 op, u64 a, u64 b, u64 c, u64 d)
{
	u64 *gpr, rip;

	model_use(cpu);
	gpr = this_cpu()->dom0.gpr;
	gpr[RAX] = HV_GATE_BASE + op;
	gpr[RDI] = a;
	gpr[RSI] = b;
	gpr[RDX] = c;
	gpr[RCX] = d;
	rip = vmread(GUEST_RIP);
	do_exit(EXIT_VMCALL, 0);
	note_outcome();
	if (!this_cpu()->vcpu && vmread(GUEST_RIP) != rip + 3)
		model_fatal("RIP after gate operation %lu", op);
	return left;
}

void world_sync(void)
{
	for (int round = 0; round < 4; round++)
		for (u32 i = 0; i < boot.cpus; i++)
			if (machine.cpu[i])
				gate_call(i, GATE_SYNC, 0, 0, 0, 0);
	model_use(0);
}

void world_donate(u64 pages)
{
	static u64 next;

	if (!machine.generation)
		next = FREE_RAM;
	if (next == OWN_START)
		next = OWN_START + 0x400000;
	if (gate_call(0, GATE_DONATE, next, pages, 0, 0).rax)
		model_fatal("donation failed");
	next += pages * PAGE_SIZE;
	world_sync();
}

u64 make_domain(void)
{
	struct answer r = gate_call(0, GATE_DOM_CREATE, 1700000000123456789ULL, 0, 0, 0);

	if (r.rax)
		model_fatal("no domain: %ld", r.rax);
	return r.rdx;
}

struct vcpu *make_vcpu(u64 handle, u32 index)
{
	struct answer r = gate_call(0, GATE_VCPU_CREATE, handle, index,
				    RUN_PAGE + run_pages * PAGE_SIZE, 0);

	if (r.rax)
		model_fatal("no vCPU: %ld", r.rax);
	run_pages++;
	return vcpu_get(handle, index);
}

struct vcpu *running_guest(void)
{
	u64 handle = make_domain();
	struct vcpu *vcpu = make_vcpu(handle, 0);

	if (gate_call(0, GATE_MAP, handle, 0, GUEST_RAM, 512).rax)
		model_fatal("no memory for the guest");
	guest_run(vcpu);
	return vcpu;
}

void guest_run(struct vcpu *vcpu)
{
	gate_call(model.me->number, GATE_VCPU_RUN, vcpu->domain->handle, vcpu->index, 0, 0);
	if (this_cpu()->vcpu != vcpu)
		model_fatal("the vCPU was not entered: %ld", left.rax);
}

bool guest_exit(u32 reason, u64 qualification)
{
	bool resumed;

	if (!this_cpu()->vcpu)
		model_fatal("no guest runs");
	resumed = do_exit(reason, qualification)->domu;
	if (!resumed)
		note_outcome();
	return resumed;
}

void dom0_do(u32 reason, u64 qualification)
{
	if (this_cpu()->vcpu)
		model_fatal("a guest runs");
	do_exit(reason, qualification);
}

bool dom0_writes(u32 msr, u64 value)
{
	u64 *gpr = this_cpu()->dom0.gpr, rip = vmread(GUEST_RIP);
	bool done;

	gpr[RCX] = msr;
	gpr[RAX] = (u32)value;
	gpr[RDX] = value >> 32;
	dom0_do(EXIT_WRMSR, 0);
	done = injected() < 0;
	check(done ? vmread(GUEST_RIP) == rip + 3 : injected_gp() && vmread(GUEST_RIP) == rip);
	return done;
}

enum model_exit no_return(u32 reason)
{
	jmp_buf here;
	int how;

	model_exit();
	model_set(EXIT_REASON, reason);
	model_set(EXIT_INSTRUCTION_LENGTH, 3);
	model_way_out = &here;
	how = setjmp(here);
	if (!how)
		dispatch(&this_cpu()->dom0);
	model_way_out = NULL;
	return how;
}

int injected(void)
{
	u64 info = vmread(ENTRY_INTERRUPTION_INFO);

	return info & INFO_VALID ? (int)(info & 0xff) : -1;
}

static bool injected_exception(u32 vector)
{
	return injected() == (int)vector && INFO_TYPE(vmread(ENTRY_INTERRUPTION_INFO)) == 3;
}

bool injected_gp(void)
{
	return injected_exception(VECTOR_GP);
}

bool injected_ud(void)
{
	return injected_exception(VECTOR_UD);
}

static void segments(u32 code, u32 data)
{
	for (int i = 0; i < 6; i++) {
		model_set(GUEST_ES_SELECTOR + 2 * i, i == 1 ? 0x10 : 0x18);
		model_set(GUEST_ES_BASE + 2 * i, 0);
		model_set(GUEST_ES_LIMIT + 2 * i, ~0U);
		model_set(GUEST_ES_ACCESS + 2 * i, i == 1 ? code : data);
	}
}

void guest_protected_mode(void)
{
	segments(0xc09b, 0xc093);
	model_set(GUEST_CR0, CR0_PE | CR0_NE | CR0_ET);
	model_set(GUEST_RIP, 0x100000);
}

void guest_long_mode(void)
{
	segments(0xa09b, 0xc093);
	model_set(GUEST_CR0, CR0_PE | CR0_NE | CR0_ET | CR0_PG | CR0_WP);
	model_set(GUEST_CR4, CR4_PAE | CR4_VMXE | CR4_MCE | CR4_OSFXSR);
	model_set(GUEST_EFER, EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE);
	model_set(ENTRY_CONTROLS, vmread(ENTRY_CONTROLS) | ENTRY_IA32E);
	model_set(GUEST_RIP, 0xffffffff81000000ULL);
}
