// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware-reduced ACPI (ACPI 6.5, 4.1): no fixed event registers, no SCI, no
 * PM timer. RSDP, XSDT, FADT, MADT, MCFG, DSDT, one behind the other.
 */
#include <string.h>

#include "acpi.h"
#include "acpi_cpus.h"
#include "aml.h"
#include "compiler.h"
#include "layout.h"
#include "rtc.h"

#define OEM_ID		"HVMOD "
#define OEM_TABLE_ID	"HVMODPC "
#define CREATOR_ID	"HVMD"

#define ALIGNMENT	16
#define DSDT_MAX	16384

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __packed;

struct table_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} __packed;

struct generic_address {
	uint8_t space;
	uint8_t bit_width;
	uint8_t bit_offset;
	uint8_t access_size;
	uint64_t address;
} __packed;

#define SPACE_IO	1
#define ACCESS_BYTE	1

/* Only what a hardware-reduced machine may fill has a name. */
struct fadt {
	struct table_header header;
	uint8_t unused0[72];
	uint8_t century;
	uint16_t boot_flags;
	uint8_t reserved0;
	uint32_t flags;
	struct generic_address reset;
	uint8_t reset_value;
	uint16_t arm_boot_flags;
	uint8_t minor_revision;
	uint64_t x_facs;
	uint64_t x_dsdt;
	uint8_t unused1[96];
	struct generic_address sleep_control;
	struct generic_address sleep_status;
	char hypervisor[8];
} __packed;

_Static_assert(sizeof(struct rsdp) == ACPI_RSDP_BYTES, "RSDP of revision 2");
_Static_assert(sizeof(struct table_header) == 36, "table header");
_Static_assert(sizeof(struct fadt) == 276, "FADT of revision 6");

#define FADT_REVISION		6
#define FADT_MINOR		5
#define BOOT_VGA_NOT_PRESENT	(1U << 2)
#define FLAG_WBINVD		(1U << 0)
#define FLAG_PWR_BUTTON		(1U << 4)	/* a device, not a fixed one */
#define FLAG_SLP_BUTTON		(1U << 5)	/* as above */
#define FLAG_FIX_RTC		(1U << 6)	/* its alarm wakes nothing */
#define FLAG_RESET_REG_SUP	(1U << 10)
#define FLAG_HW_REDUCED_ACPI	(1U << 20)

struct madt {
	struct table_header header;
	uint32_t apic;
	uint32_t flags;
} __packed;

struct madt_ioapic {
	uint8_t type;
	uint8_t length;
	uint8_t id;
	uint8_t reserved;
	uint32_t address;
	uint32_t gsi_base;
} __packed;

/* PCI Firmware 3.0, 4.1.2: where configuration space is memory. */
struct mcfg {
	struct table_header header;
	uint8_t reserved0[8];
	uint64_t base;
	uint16_t segment;
	uint8_t first_bus;
	uint8_t last_bus;
	uint8_t reserved1[4];
} __packed;

_Static_assert(sizeof(struct mcfg) == 60, "MCFG with one segment");

#define MADT_REVISION		5
#define MADT_IOAPIC		1

/* Where the next table goes. */
struct builder {
	uint8_t *buffer;
	size_t size;
	size_t used;
	uint64_t gpa;
};

static uint8_t checksum(const void *data, size_t bytes)
{
	const uint8_t *byte = data;
	uint8_t sum = 0;

	while (bytes--)
		sum += *byte++;
	return (uint8_t)-sum;
}

static void header_fill(struct table_header *header, const char *signature,
			uint8_t revision)
{
	memset(header, 0, sizeof(*header));
	memcpy(header->signature, signature, sizeof(header->signature));
	header->revision = revision;
	memcpy(header->oem_id, OEM_ID, sizeof(header->oem_id));
	memcpy(header->oem_table_id, OEM_TABLE_ID,
	       sizeof(header->oem_table_id));
	header->oem_revision = 1;
	memcpy(header->creator_id, CREATOR_ID, sizeof(header->creator_id));
	header->creator_revision = 1;
}

/* Return: where the table is for the guest, 0 if it does not fit */
static uint64_t put_table(struct builder *b, void *table, size_t bytes)
{
	struct table_header *header = table;
	size_t at = (b->used + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);

	if (at > b->size || bytes > b->size - at)
		return 0;
	header->length = (uint32_t)bytes;
	header->checksum = 0;
	header->checksum = checksum(table, bytes);
	memcpy(b->buffer + at, table, bytes);
	b->used = at + bytes;
	return b->gpa + at;
}

static struct generic_address io_register(uint16_t port)
{
	return (struct generic_address){
		.space = SPACE_IO,
		.bit_width = 8,
		.access_size = ACCESS_BYTE,
		.address = port,
	};
}

static void dsdt_sleep_states(struct aml *aml)
{
	size_t package;

	aml_name(aml, "\\_S5_");
	package = aml_begin_package(aml, 1);
	aml_integer(aml, SLEEP_TYPE_S5);
	aml_end(aml, package);
}

static void dsdt_serial(struct aml *aml)
{
	size_t device = aml_begin_device(aml, "COM1");
	size_t resources;

	aml_name(aml, "_HID");
	aml_eisa_id(aml, "PNP0501");
	aml_name(aml, "_UID");
	aml_integer(aml, 1);
	aml_name(aml, "_CRS");
	resources = aml_begin_resources(aml);
	aml_io(aml, COM1_PORT, COM1_PORTS);
	aml_edge_interrupt(aml, COM1_GSI);
	aml_end_resources(aml, resources);
	aml_end(aml, device);
}

static void dsdt_rtc(struct aml *aml)
{
	size_t device = aml_begin_device(aml, "RTC_");
	size_t resources;

	aml_name(aml, "_HID");
	aml_eisa_id(aml, "PNP0B00");
	aml_name(aml, "_CRS");
	resources = aml_begin_resources(aml);
	aml_io(aml, RTC_PORT, RTC_PORTS);
	aml_edge_interrupt(aml, RTC_GSI);
	aml_end_resources(aml, resources);
	aml_end(aml, device);
}

static void dsdt_power_button(struct aml *aml)
{
	size_t device = aml_begin_device(aml, "PWRB");

	aml_name(aml, "_HID");
	aml_eisa_id(aml, "PNP0C0C");
	aml_end(aml, device);
}

static void if_interrupt_is(struct aml *aml, uint32_t gsi, size_t *block)
{
	*block = aml_begin_if(aml);
	aml_equal(aml);
	aml_local(aml, AML_ARG0);
	aml_integer(aml, gsi);
}

/* The Generic Event Device (5.6.9) stands for the fixed events of old. */
static void dsdt_events(struct aml *aml, bool hotplug)
{
	size_t device = aml_begin_device(aml, "GED_");
	size_t inner;
	size_t block;

	aml_name(aml, "_HID");
	aml_string(aml, "ACPI0013");
	aml_name(aml, "_UID");
	aml_integer(aml, 0);
	aml_name(aml, "_CRS");
	inner = aml_begin_resources(aml);
	aml_edge_interrupt(aml, GED_GSI);
	if (hotplug)
		aml_level_interrupt(aml, CPUS_GSI);
	aml_end_resources(aml, inner);
	inner = aml_begin_method(aml, "_EVT", 1);
	if_interrupt_is(aml, GED_GSI, &block);
	aml_notify(aml, "\\_SB_.PWRB", 0x80);
	aml_end(aml, block);
	if (hotplug) {
		if_interrupt_is(aml, CPUS_GSI, &block);
		aml_path(aml, ACPI_CPUS_SCAN);
		aml_end(aml, block);
	}
	aml_end(aml, inner);
	aml_end(aml, device);
}

static void dsdt_pci(struct aml *aml)
{
	size_t device = aml_begin_device(aml, "PCI0");
	size_t resources;

	aml_name(aml, "_HID");
	aml_eisa_id(aml, "PNP0A08");
	aml_name(aml, "_CID");
	aml_eisa_id(aml, "PNP0A03");
	aml_name(aml, "_SEG");
	aml_integer(aml, 0);
	aml_name(aml, "_BBN");
	aml_integer(aml, 0);
	aml_name(aml, "_UID");
	aml_integer(aml, 0);
	aml_name(aml, "_CRS");
	resources = aml_begin_resources(aml);
	aml_bus_window(aml, 0, 0);
	aml_io(aml, PCI_ADDRESS_PORT, 8);
	aml_io_window(aml, PCI_PORTS, PCI_PORTS_COUNT);
	aml_memory_window(aml, PCI_MEMORY, PCI_MEMORY_BYTES);
	aml_end_resources(aml, resources);
	aml_end(aml, device);
}

/* Kernels use the MCFG's addresses only if a device claims them. */
static void dsdt_board(struct aml *aml)
{
	size_t device = aml_begin_device(aml, "MBRD");
	size_t resources;

	aml_name(aml, "_HID");
	aml_eisa_id(aml, "PNP0C02");
	aml_name(aml, "_UID");
	aml_integer(aml, 0);
	aml_name(aml, "_CRS");
	resources = aml_begin_resources(aml);
	aml_memory(aml, PCI_ECAM, PCI_ECAM_BYTES);
	aml_end_resources(aml, resources);
	aml_end(aml, device);
}

/* A processor that is always there needs no device. */
static uint64_t build_dsdt(struct builder *b, unsigned int vcpus)
{
	uint8_t table[DSDT_MAX];
	struct aml aml = { .bytes = table, .size = sizeof(table) };
	struct table_header header;
	size_t scope;

	header_fill(&header, "DSDT", 2);
	aml_bytes(&aml, &header, sizeof(header));
	dsdt_sleep_states(&aml);
	scope = aml_begin_scope(&aml, "\\_SB_");
	dsdt_pci(&aml);
	dsdt_board(&aml);
	dsdt_serial(&aml);
	dsdt_rtc(&aml);
	dsdt_power_button(&aml);
	if (vcpus > 1)
		acpi_cpus_devices(&aml, vcpus);
	dsdt_events(&aml, vcpus > 1);
	aml_end(&aml, scope);
	if (aml.overflow)
		return 0;
	return put_table(b, table, aml.used);
}

static uint64_t build_fadt(struct builder *b, uint64_t dsdt)
{
	struct fadt fadt = {
		.century = RTC_CENTURY,
		.boot_flags = BOOT_VGA_NOT_PRESENT,
		.flags = FLAG_WBINVD | FLAG_PWR_BUTTON | FLAG_SLP_BUTTON |
			 FLAG_FIX_RTC | FLAG_RESET_REG_SUP | FLAG_HW_REDUCED_ACPI,
		.reset = io_register(RESET_PORT),
		.reset_value = RESET_VALUE,
		.minor_revision = FADT_MINOR,
		.x_dsdt = dsdt,
		.sleep_control = io_register(SLEEP_CONTROL_PORT),
		.sleep_status = io_register(SLEEP_STATUS_PORT),
		.hypervisor = "HVMOD",
	};

	if (!dsdt)
		return 0;
	header_fill(&fadt.header, "FACP", FADT_REVISION);
	return put_table(b, &fadt, sizeof(fadt));
}

static uint64_t build_madt(struct builder *b, unsigned int vcpus,
			   uint64_t present)
{
	struct {
		struct madt madt;
		struct madt_ioapic ioapic;
		struct madt_local_apic local[ACPI_VCPUS_MAX];
	} __packed table;
	unsigned int i;

	memset(&table, 0, sizeof(table));
	header_fill(&table.madt.header, "APIC", MADT_REVISION);
	table.madt.apic = APIC_BASE;
	table.ioapic = (struct madt_ioapic){
		.type = MADT_IOAPIC,
		.length = sizeof(table.ioapic),
		.address = IOAPIC_BASE,
	};
	for (i = 0; i < vcpus; i++)
		table.local[i] = acpi_local_apic(i, present >> i & 1);
	return put_table(b, &table, sizeof(table.madt) + sizeof(table.ioapic) +
				    vcpus * sizeof(table.local[0]));
}

static uint64_t build_mcfg(struct builder *b)
{
	struct mcfg mcfg = { .base = PCI_ECAM };

	header_fill(&mcfg.header, "MCFG", 1);
	return put_table(b, &mcfg, sizeof(mcfg));
}

static uint64_t build_xsdt(struct builder *b, uint64_t fadt, uint64_t madt,
			   uint64_t mcfg)
{
	struct {
		struct table_header header;
		uint64_t entry[3];
	} __packed xsdt = { .entry = { fadt, madt, mcfg } };

	if (!fadt || !madt || !mcfg)
		return 0;
	header_fill(&xsdt.header, "XSDT", 1);
	return put_table(b, &xsdt, sizeof(xsdt));
}

/**
 * acpi_build() - write all tables, the RSDP first
 * @buffer: where to
 * @size: its size
 * @gpa: where the guest will find @buffer
 * @vcpus: number of processors that there can be, 1 to ACPI_VCPUS_MAX
 * @present: those that are there, a bit for each
 *
 * Return: bytes used, or 0 if @buffer is too small or @vcpus too many
 */
size_t acpi_build(uint8_t *buffer, size_t size, uint64_t gpa,
		  unsigned int vcpus, uint64_t present)
{
	struct rsdp rsdp = {
		.signature = { 'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ' },
		.revision = 2,
		.length = sizeof(rsdp),
	};
	struct builder b = {
		.buffer = buffer,
		.size = size,
		.used = sizeof(rsdp),
		.gpa = gpa,
	};
	uint64_t fadt;
	uint64_t madt;
	uint64_t mcfg;

	if (size < sizeof(rsdp) || vcpus > ACPI_VCPUS_MAX)
		return 0;
	fadt = build_fadt(&b, build_dsdt(&b, vcpus));
	madt = build_madt(&b, vcpus, present);
	mcfg = build_mcfg(&b);
	rsdp.xsdt = build_xsdt(&b, fadt, madt, mcfg);
	if (!rsdp.xsdt)
		return 0;
	memcpy(rsdp.oem_id, OEM_ID, sizeof(rsdp.oem_id));
	rsdp.checksum = checksum(&rsdp, 20);
	rsdp.extended_checksum = checksum(&rsdp, sizeof(rsdp));
	memcpy(buffer, &rsdp, sizeof(rsdp));
	return b.used;
}
