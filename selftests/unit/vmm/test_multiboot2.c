// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multiboot 2: header tags of every kind, the information's tags, every
 * truncation, every lie.
 */
#include "compiler.h"
#include "loading.h"

#define HEADER_AT	0x40
#define ELF_HEADER_AT	0x200		/* behind the ELF headers */
#define LOAD		0x200000U
#define ENTRY		(LOAD + 0x500)

static uint8_t *header_at;
static uint8_t *tags_end;

static void add(uint16_t type, uint16_t flags, const void *data, uint32_t bytes)
{
	const uint32_t size = 8 + bytes;

	memcpy(tags_end, &type, 2);
	memcpy(tags_end + 2, &flags, 2);
	memcpy(tags_end + 4, &size, 4);
	if (bytes)
		memcpy(tags_end + 8, data, bytes);
	tags_end += (size + 7) & ~7U;
}

static void seal(uint32_t length)
{
	const uint32_t head[4] = { 0xE85250D6, 0, length, -(0xE85250D6 + length) };

	memcpy(header_at, head, sizeof(head));
}

static void finish(void)
{
	add(0, 0, NULL, 0);
	seal((uint32_t)(tags_end - header_at));
}

static void begin(void)
{
	loading_begin();
	header_at = file + HEADER_AT;
	tags_end = header_at + 16;
}

static void add_addresses(uint32_t end)
{
	const uint32_t address[4] = { LOAD + HEADER_AT, LOAD, end, LOAD + 0x8000 };
	const uint32_t start = ENTRY;

	add(2, 0, address, sizeof(address));
	add(3, 0, &start, sizeof(start));
}

static void begin_addresses(void)
{
	begin();
	add_addresses(LOAD + 0x2000);
}

static const uint32_t *find_tag(uint32_t type)
{
	const uint32_t *info = guest_pointer(&memory, entry.rbx, 8);
	const uint32_t *tag = info + 2;
	const uint32_t *end = info + info[0] / 4;

	while (tag < end && tag[0] != type && tag[0])
		tag += ((tag[1] + 7) & ~7U) / 4;
	return tag < end && tag[0] == type ? tag : NULL;
}

static void test_good(void)
{
	const uint32_t *tag;
	const uint32_t *info;

	begin_addresses();
	finish();
	ok(loading() == 0, "a file whose header has the addresses loads %s", err);
	ok(entry.mode == BOOT_PROTECTED && entry.xapic && entry.rip == ENTRY &&
	   entry.rax == 0x36D76289 && !(entry.rbx & 7), "32-bit entry, EAX, EBX");
	ok(has_file(LOAD, 0, 0x2000) && has_zeroes(LOAD + 0x2000, 0x6000),
	   "where its header says");
	info = guest_pointer(&memory, entry.rbx, 8);
	ok(info[0] > 8 && !(info[0] & 7) && !info[1] && info[info[0] / 4 - 2] == 0 &&
	   info[info[0] / 4 - 1] == 8, "the information ends with the end tag");
	tag = find_tag(1);
	ok(tag && !strcmp((const char *)(tag + 2), "console=ttyS0") && tag[1] == 22,
	   "the command line");
	tag = find_tag(2);
	ok(tag && !strcmp((const char *)(tag + 2), "hvmod"), "the loader's name");
	tag = find_tag(4);
	ok(tag && tag[1] == 16 && tag[2] == 640 && tag[3] == (LOADING_MEMORY >> 10) - 1024,
	   "sizes of memory");
	tag = find_tag(6);
	ok(tag && tag[1] == 16 + 3 * 24 && tag[2] == 24 && tag[3] == 0 && tag[4] == 0 &&
	   tag[6] == 0xA0000 && tag[8] == 1 && tag[10] == 0xE0000 && tag[14] == 2 &&
	   tag[16] == 0x100000 && tag[18] == LOADING_MEMORY - 0x100000, "the memory map");
	tag = find_tag(14);
	ok(tag && tag[1] == 28 && !memcmp(tag + 2, "RSD PTR ", 8), "the RSDP");
	tag = find_tag(15);
	ok(tag && tag[1] == 44 &&
	   !memcmp(tag + 2, guest_pointer(&memory, ACPI_TABLES, 36), 36), "the long RSDP");
	ok(!find_tag(3), "no module");
	request.initrd_path = "/boot/initrd";
	request.initrd_bytes = 0x12345;
	ok(loading() == 0 && (tag = find_tag(3)) && tag[2] == LOADING_MEMORY - 0x13000 &&
	   tag[3] == LOADING_MEMORY - 0x13000 + 0x12345 && entry.initrd == tag[2] &&
	   !strcmp((const char *)(tag + 4), "initrd"), "the initrd is a module, without the host's directory");
}

static void test_elf(void)
{
	const uint32_t start = LOAD + 0x600;

	begin();
	header_at = file + ELF_HEADER_AT;
	tags_end = header_at + 16;
	finish();
	synth_elf64(1, ENTRY)[0] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_paddr = LOAD,
		.p_filesz = 0x2000,
		.p_memsz = 0x3000,
	};
	ok(loading() == 0 && entry.rip == ENTRY && has_file(LOAD, 0, 0x2000), "an ELF file %s", err);
	header_at = file + ELF_HEADER_AT;
	tags_end = header_at + 16;
	add(3, 0, &start, 4);
	finish();
	ok(loading() == 0 && entry.rip == start, "the entry tag comes before the ELF header %s", err);
}

static void test_tags(void)
{
	static const uint32_t served[] = { 1, 2, 3, 4, 6, 14, 15 };
	static const uint32_t not_served[] = { 1, 8 };
	static const uint32_t align[] = { 0 };
	static const uint32_t console = 1, text = 2;
	static const uint32_t screen[3] = { 80, 25, 0 };
	static const uint32_t relocatable[4] = { 0x100000, 0x4000000, 4096, 0 };

	begin_addresses();
	add(1, 0, served, sizeof(served));
	add(4, 0, &text, 4);
	add(5, 1, screen, 12);
	add(6, 0, align, 0);
	add(7, 0, align, 0);
	add(9, 0, align, 4);
	add(10, 0, relocatable, 16);
	add(77, 1, align, 4);
	finish();
	ok(loading() == 0, "wishes that are fulfilled, or optional %s", err);
	begin_addresses();
	add(1, 0, not_served, sizeof(not_served));
	finish();
	refuses(ENOEXEC, "information that there is not", "information about a framebuffer");
	begin_addresses();
	add(1, 1, not_served, sizeof(not_served));
	finish();
	ok(loading() == 0, "unless it is optional");
	begin_addresses();
	add(4, 0, &console, 4);
	finish();
	refuses(ENOEXEC, "needs a screen", "a console");
	begin_addresses();
	add(5, 0, screen, 12);
	finish();
	refuses(ENOEXEC, "needs a screen", "a framebuffer");
	begin_addresses();
	add(77, 0, align, 4);
	finish();
	refuses(ENOEXEC, "does not define", "a tag of another world");
	begin_addresses();
	add(2, 0, screen, 12);
	finish();
	refuses(ENOEXEC, "too short", "an address tag of 12 bytes");
	begin_addresses();
	add(3, 0, align, 0);
	finish();
	refuses(ENOEXEC, "too short", "an empty entry tag");
	begin_addresses();
	add(4, 0, align, 0);
	finish();
	refuses(ENOEXEC, "too short", "an empty console tag");
	begin();
	add(2, 0, (uint32_t[4]){ LOAD + HEADER_AT, LOAD, 0, 0 }, 16);
	finish();
	refuses(ENOEXEC, "no entry point", "addresses without an entry point");
	begin();
	finish();
	refuses(ENOEXEC, "no ELF file", "neither addresses nor ELF");
}

static void test_lies(void)
{
	uint8_t *bad;

	begin_addresses();
	finish();
	seal(16);
	refuses(ENOEXEC, "no end", "no tags");
	seal(15);
	refuses(ENOEXEC, "cut off", "shorter than its head");
	seal(0);
	refuses(ENOEXEC, "cut off", "no length");
	seal((uint32_t)(tags_end - header_at) - 1);
	refuses(ENOEXEC, "no end", "an end tag that is cut off");
	seal(sizeof(file));
	refuses(ENOEXEC, "cut off within", "longer than the file");
	seal(UINT32_MAX);
	refuses(ENOEXEC, "cut off within", "4 GiB long");
	begin_addresses();
	bad = tags_end;
	add(6, 0, NULL, 0);
	finish();
	memcpy(bad + 4, (uint32_t[]){ 7 }, 4);
	refuses(ENOEXEC, "odd size", "a tag of 7 bytes");
	memcpy(bad + 4, (uint32_t[]){ 0 }, 4);
	refuses(ENOEXEC, "odd size", "a tag of no bytes, for ever");
	memcpy(bad + 4, (uint32_t[]){ 1000 }, 4);
	refuses(ENOEXEC, "odd size", "a tag that is longer than the header");
	memcpy(bad + 4, (uint32_t[]){ UINT32_MAX }, 4);
	refuses(ENOEXEC, "odd size", "a tag of 4 GiB");
	begin_addresses();
	finish();
	memcpy(file + HEADER_AT + 4, (uint32_t[]){ 4, tags_end - file - HEADER_AT,
	       -(0xE85250D6 + 4 + (uint32_t)(tags_end - file) - HEADER_AT) }, 12);
	refuses(ENOEXEC, "another processor", "for MIPS");
	begin();
	add_addresses(LOAD - 1);
	finish();
	refuses(ENOEXEC, "ends before it begins", "a load end before the start");
}

static void test_extras(void)
{
	static char line[0x20001];

	begin_addresses();
	finish();
	memset(line, 'x', sizeof(line) - 1);
	request.cmdline = line;
	refuses(E2BIG, "too long", "a command line of 128 KiB");
	line[0x10000] = '\0';
	ok(loading() == 0, "one of 64 KiB");
	request.initrd_path = line;
	request.initrd_bytes = 1;
	refuses(E2BIG, "too long", "with a path as long");
	request.initrd_path = "/i";
	request.initrd_bytes = LOADING_MEMORY;
	refuses(ENOMEM, "initrd /i", "an initrd as large as memory");
}

static void test_damage(void)
{
	unsigned int loaded;
	unsigned int bad;

	begin_addresses();
	finish();
	bad = loading_truncations(0x2000);
	ok(!bad, "every truncation is refused with a hint");
	loaded = loading_damage((size_t)(tags_end - file), 20000);
	ok(loaded > 100, "20000 damaged headers, %u loaded all the same", loaded);
}

int main(void)
{
	test_good();
	test_elf();
	test_tags();
	test_lies();
	test_extras();
	test_damage();
	guest_memory_free(&memory);
	return tap_done();
}
