// SPDX-License-Identifier: GPL-2.0-only
/* The order of the tests. Words of the command line leave some of them out. */
#include "guest.h"

void guest_main(uint32_t magic, uint32_t info);

static const struct {
	const char *leave_out;
	void (*run)(void);
	bool each_mode;		/* of the local APICs */
} tests[] = {
	{ "no-fault", test_fault, false },
	{ "no-debug", test_debug, false },
	{ "no-msr", test_msr, false },
	{ "no-timer", test_timer, true },
	{ "no-ipi", test_ipi, true },
	{ "no-ioapic", test_ioapic, false },
};

static void run_all(bool again)
{
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (!boot_word(tests[i].leave_out) && (!again || tests[i].each_mode))
			tests[i].run();
	}
}

static void start_processors(bool x2)
{
	const char *mode = x2 ? "x2APIC" : "xAPIC";

	print("# %u processors, %s\n", cpus, mode);
	apic_enable(x2);
	smp_start();
	report(true, "%u processors have started, %s", cpus, mode);
}

void guest_main(uint32_t magic, uint32_t info)
{
	trap_init();
	boot_read(magic, info);
	test_boot();
	smp_find();
	start_processors(false);
	run_all(false);
	if (apic_has_x2()) {
		start_processors(true);
		run_all(true);
	}
	finish();
}
