// SPDX-License-Identifier: GPL-2.0-only
/* What the boot loader left, for each of the three protocols. */
#include "guest.h"

#define MULTIBOOT_MAGIC		0x2BADB002U
#define MULTIBOOT2_MAGIC	0x36D76289U
#define PVH_MAGIC		0x336EC578U
#define RAM			1

#define MULTIBOOT_CMDLINE	(1U << 2)
#define MULTIBOOT_MODULES	(1U << 3)
#define MULTIBOOT_MAP		(1U << 6)
#define MULTIBOOT_LOADER	(1U << 9)

enum { TAG_END, TAG_CMDLINE, TAG_LOADER, TAG_MODULE, TAG_MAP = 6, TAG_RSDP = 15 };

struct boot boot;

static const void *at(uint64_t address)
{
	return (const void *)address;
}

static uint64_t read64(const void *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static void add_region(uint64_t bytes, uint32_t type)
{
	boot.regions++;
	if (type == RAM)
		boot.ram_bytes += bytes;
}

static void read_multiboot(const uint32_t *info)
{
	uint64_t map = info[12];
	uint64_t end = map + info[11];

	boot.protocol = "multiboot";
	if (info[0] & MULTIBOOT_CMDLINE)
		boot.cmdline = at(info[4]);
	if (info[0] & MULTIBOOT_LOADER)
		boot.loader = at(info[16]);
	if (info[0] & MULTIBOOT_MODULES && info[5]) {
		const uint32_t *module = at(info[6]);

		boot.module = module[0];
		boot.module_bytes = module[1] - module[0];
	}
	while (info[0] & MULTIBOOT_MAP && map < end) {
		const uint32_t *entry = at(map);

		add_region(read64(entry + 3), entry[5]);
		map += entry[0] + 4;
	}
}

static void read_map_tag(const uint32_t *tag)
{
	uint32_t offset;

	for (offset = 16; offset < tag[1]; offset += tag[2]) {
		const uint8_t *entry = (const uint8_t *)tag + offset;

		add_region(read64(entry + 8), *(const uint32_t *)(entry + 16));
	}
}

static void read_multiboot2(const uint32_t *info)
{
	const uint32_t *tag = info + 2;

	boot.protocol = "multiboot2";
	for (; tag[0] != TAG_END; tag += (tag[1] + 7) / 8 * 2) {
		switch (tag[0]) {
		case TAG_CMDLINE:
			boot.cmdline = (const char *)(tag + 2);
			break;
		case TAG_LOADER:
			boot.loader = (const char *)(tag + 2);
			break;
		case TAG_MODULE:
			boot.module = tag[2];
			boot.module_bytes = tag[3] - tag[2];
			break;
		case TAG_MAP:
			read_map_tag(tag);
			break;
		case TAG_RSDP:
			boot.rsdp = (uintptr_t)(tag + 2);
			break;
		}
	}
}

static void read_pvh(const uint32_t *info)
{
	const uint64_t *region = at(read64(info + 10));
	uint32_t i;

	boot.protocol = "pvh";
	boot.cmdline = at(read64(info + 6));
	boot.rsdp = read64(info + 8);
	if (info[3]) {
		const uint64_t *module = at(read64(info + 4));

		boot.module = module[0];
		boot.module_bytes = module[1];
	}
	for (i = 0; info[1] >= 1 && i < info[12]; i++)
		add_region(region[3 * i + 1], (uint32_t)region[3 * i + 2]);
}

void boot_read(uint32_t magic, uint32_t info)
{
	boot.cmdline = "";
	if (magic == MULTIBOOT_MAGIC)
		read_multiboot(at(info));
	else if (magic == MULTIBOOT2_MAGIC)
		read_multiboot2(at(info));
	else if (magic == PVH_MAGIC && *(const uint32_t *)at(info) == PVH_MAGIC)
		read_pvh(at(info));
	else
		bail_out("started by nobody known: EAX 0x%x", magic);
}

/* Whether the command line has a word. */
bool boot_word(const char *word)
{
	const char *p = boot.cmdline;

	while (*p) {
		const char *w = word;

		while (*w && *p == *w) {
			p++;
			w++;
		}
		if (!*w && (!*p || *p == ' '))
			return true;
		while (*p && *p != ' ')
			p++;
		while (*p == ' ')
			p++;
	}
	return false;
}
