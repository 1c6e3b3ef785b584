// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processor devices (ACPI 6.5, 8.4) and the methods by which they come and go.
 * Each processor n has a bit Pnn, that it is there, and a bit Enn, to let it go;
 * the ports behind them are those of cpus.h.
 */
#include <stdio.h>

#include "acpi_cpus.h"
#include "cpus.h"
#include "layout.h"

#define PRESENT		0x0F	/* _STA: there, enabled, shown, working */
#define NAME_BYTES	8

/**
 * acpi_local_apic() - a processor as the MADT has it
 * @index: the processor
 * @present: it is there
 *
 * Return: its entry
 */
struct madt_local_apic acpi_local_apic(unsigned int index, bool present)
{
	return (struct madt_local_apic){
		.type = MADT_LOCAL_APIC,
		.length = sizeof(struct madt_local_apic),
		.processor = (uint8_t)index,
		.id = (uint8_t)index,
		.flags = present ? MADT_ENABLED : MADT_ONLINE_CAPABLE,
	};
}

static void name(char *to, char letter, unsigned int index)
{
	snprintf(to, NAME_BYTES, "%cX%02X", letter, index & 0xFF);
}

static void bits(struct aml *aml, const char *region, char letter,
		 unsigned int cpus)
{
	size_t field = aml_begin_field(aml, region, AML_BYTE);
	char bit[NAME_BYTES];
	unsigned int i;

	for (i = 0; i < cpus; i++) {
		name(bit, letter, i);
		aml_field_bits(aml, bit, 1);
	}
	aml_end(aml, field);
}

static void registers(struct aml *aml, unsigned int cpus)
{
	size_t field;

	aml_ports_region(aml, "CPUP", CPUS_PORT + CPUS_PRESENT, 8);
	bits(aml, "CPUP", 'P', cpus);
	aml_ports_region(aml, "CPUE", CPUS_PORT + CPUS_EJECT, 8);
	bits(aml, "CPUE", 'E', cpus);
	aml_ports_region(aml, "CPUV", CPUS_PORT + CPUS_EVENT, 4);
	field = aml_begin_field(aml, "CPUV", AML_DWORD);
	aml_field_bits(aml, "EVNT", 32);
	aml_end(aml, field);
}

static void return_apic(struct aml *aml, unsigned int index, bool present)
{
	struct madt_local_apic apic = acpi_local_apic(index, present);
	size_t buffer;

	aml_return(aml);
	buffer = aml_begin_buffer(aml, sizeof(apic));
	aml_bytes(aml, &apic, sizeof(apic));
	aml_end(aml, buffer);
}

static void processor(struct aml *aml, unsigned int index)
{
	char device_name[NAME_BYTES];
	char bit[NAME_BYTES];
	size_t device;
	size_t method;
	size_t block;

	name(device_name, 'C', index);
	device = aml_begin_device(aml, device_name);
	aml_name(aml, "_HID");
	aml_string(aml, "ACPI0007");
	aml_name(aml, "_UID");
	aml_integer(aml, index);

	name(bit, 'P', index);
	method = aml_begin_method(aml, "_STA", 0);
	block = aml_begin_if(aml);
	aml_path(aml, bit);
	aml_return(aml);
	aml_integer(aml, PRESENT);
	aml_end(aml, block);
	aml_return(aml);
	aml_integer(aml, 0);
	aml_end(aml, method);

	method = aml_begin_method(aml, "_MAT", 0);
	block = aml_begin_if(aml);
	aml_path(aml, bit);
	return_apic(aml, index, true);
	aml_end(aml, block);
	return_apic(aml, index, false);
	aml_end(aml, method);

	if (index) {
		name(bit, 'E', index);
		method = aml_begin_method(aml, "_EJ0", 1);
		aml_store_one(aml, bit);
		aml_end(aml, method);
	}
	aml_end(aml, device);
}

/* What to do with an event: Arg0 is the processor, Arg1 the notification. */
static void tell(struct aml *aml, unsigned int cpus)
{
	size_t method = aml_begin_method(aml, "TELL", 2);
	char device_name[NAME_BYTES];
	unsigned int i;
	size_t block;

	for (i = 0; i < cpus; i++) {
		block = aml_begin_if(aml);
		aml_equal(aml);
		aml_local(aml, AML_ARG0);
		aml_integer(aml, i);
		name(device_name, 'C', i);
		aml_notify_local(aml, device_name, AML_ARG1);
		aml_end(aml, block);
	}
	aml_end(aml, method);
}

/* Until there are no more events. Reading one takes it. */
static void scan(struct aml *aml)
{
	size_t method = aml_begin_method(aml, "SCAN", 0);
	size_t loop;

	aml_store_path(aml, "EVNT", AML_LOCAL0);
	loop = aml_begin_while(aml);
	aml_local(aml, AML_LOCAL0);
	aml_path(aml, "TELL");
	aml_and(aml, AML_LOCAL0, 0xFF);
	aml_shift_right(aml, AML_LOCAL0, 8);
	aml_store_path(aml, "EVNT", AML_LOCAL0);
	aml_end(aml, loop);
	aml_end(aml, method);
}

/**
 * acpi_cpus_devices() - write the processors, in the scope of \_SB
 * @aml: the buffer
 * @cpus: processors that there can be
 */
void acpi_cpus_devices(struct aml *aml, unsigned int cpus)
{
	unsigned int i;

	registers(aml, cpus);
	for (i = 0; i < cpus; i++)
		processor(aml, i);
	tell(aml, cpus);
	scan(aml);
}
