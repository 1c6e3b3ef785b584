// SPDX-License-Identifier: GPL-2.0-only
/*
 * ELF files and their PVH notes: good ones of both classes, what the guest
 * finds, every truncation, every lie. VMLINUX may name a real one.
 */
#include <sys/stat.h>

#include "compiler.h"
#include "loading.h"

#define NOTE_AT		0x400
#define TEXT_AT		0x1000
#define TEXT_BYTES	0x1800
#define TEXT		0x200000ULL
#define TEXT_MEMORY	0x5000
#define DATA_AT		0x3000
#define DATA		0x40000ULL	/* below 1 MiB */
#define ENTRY		(TEXT + 0x123)

static const uint32_t note[] = { 4, 4, 18, 0x006E6558, (uint32_t)ENTRY };

static Elf64_Ehdr *header = (void *)file;
static Elf64_Phdr *part;

static void begin(void)
{
	loading_begin();
	part = synth_elf64(3, 0x1234567);
	part[0] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = TEXT_AT,
		.p_vaddr = 0xFFFFFFFF80000000ULL,
		.p_paddr = TEXT,
		.p_filesz = TEXT_BYTES,
		.p_memsz = TEXT_MEMORY,
	};
	part[1] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = DATA_AT,
		.p_paddr = DATA,
		.p_filesz = 0x100,
		.p_memsz = 0x100,
	};
	part[2] = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_offset = NOTE_AT,
		.p_filesz = sizeof(note),
		.p_align = 4,
	};
	memcpy(file + NOTE_AT, note, sizeof(note));
}

static const uint32_t *at32(uint64_t gpa)
{
	return guest_pointer(&memory, gpa, 4);
}

static uint64_t at64(uint64_t gpa)
{
	uint64_t value = 0;

	guest_read(&memory, gpa, &value, sizeof(value));
	return value;
}

static void test_good(void)
{
	uint64_t info, map;

	begin();
	ok(loading() == 0, "an ELF file with a PVH note loads %s", err);
	info = entry.rbx;
	ok(entry.mode == BOOT_PROTECTED && entry.rip == ENTRY && !entry.rax && !entry.xapic,
	   "32-bit entry where the note says, not where the ELF header does");
	ok(has_file(TEXT, TEXT_AT, TEXT_BYTES) &&
	   has_zeroes(TEXT + TEXT_BYTES, TEXT_MEMORY - TEXT_BYTES) &&
	   has_file(DATA, DATA_AT, 0x100), "its segments are where they want to be");
	ok(at32(info)[0] == 0x336EC578 && at32(info)[1] == 1 && at32(info)[2] == 0 &&
	   at32(info)[3] == 0, "start info of version 1, no module");
	ok(!strcmp(guest_pointer(&memory, at64(info + 24), 32), "console=ttyS0"),
	   "the command line");
	ok(at64(info + 32) == ACPI_TABLES, "the RSDP");
	map = at64(info + 40);
	ok(at32(info + 48)[0] == 3 && at64(map) == 0 && at64(map + 8) == 0xA0000 &&
	   at32(map + 16)[0] == 1 && at64(map + 24) == 0xE0000 &&
	   at64(map + 32) == 0x20000 && at32(map + 40)[0] == 2 &&
	   at64(map + 48) == 0x100000 && at64(map + 56) == LOADING_MEMORY - 0x100000 &&
	   at32(map + 64)[0] == 1, "the memory map");
	ok(entry.gdt_limit == 47 && at64(entry.gdt_base + 0x10) == 0x00CF9B000000FFFFULL,
	   "a GDT with 32-bit code");
	request.initrd_path = "/i";
	request.initrd_bytes = 0x12345;
	ok(loading() == 0 && entry.initrd == LOADING_MEMORY - 0x13000 &&
	   at32(info + 12)[0] == 1 && at64(at64(info + 16)) == entry.initrd &&
	   at64(at64(info + 16) + 8) == 0x12345, "the initrd is a module");
	loading_memory(5ULL << 30);
	ok(loading() == 0 && at32(info + 48)[0] == 4 &&
	   at64(at64(info + 40) + 72) == 4ULL << 30, "5 GiB: memory above 4 GiB too");
}

static void test_notes(void)
{
	static const uint32_t behind_others[] = {
		4, 5, 1, 0x00554E47, 0x11111111, 0x22222222,	/* GNU, odd length */
		4, 8, 18, 0x00554E47, 0, 0,			/* its number, not Xen's */
		4, 8, 18, 0x006E6558, (uint32_t)ENTRY, 0,
	};
	static const uint32_t by_eight[] = {
		5, 4, 1, 0x41414141, 0x41, 0, 0x33333333, 0,	/* padded to 8 */
		4, 4, 18, 0x006E6558, (uint32_t)ENTRY, 0,
	};

	begin();
	memcpy(file + NOTE_AT, behind_others, sizeof(behind_others));
	part[2].p_filesz = sizeof(behind_others);
	ok(loading() == 0 && entry.rip == ENTRY, "behind other notes, 64 bits wide %s", err);
	memcpy(file + NOTE_AT, by_eight, sizeof(by_eight));
	part[2].p_filesz = sizeof(by_eight);
	part[2].p_align = 8;
	ok(loading() == 0 && entry.rip == ENTRY, "notes that are aligned to 8 %s", err);
	part[2].p_align = 4;
	refuses(ENOEXEC, "without a PVH note", "the same, taken for aligned to 4");
	begin();
	((uint32_t *)(file + NOTE_AT))[1] = 8;
	refuses(ENOEXEC, "without a PVH note", "a note that is longer than its segment");
	((uint32_t *)(file + NOTE_AT))[1] = UINT32_MAX;
	refuses(ENOEXEC, "without a PVH note", "a note of 4 GiB");
	begin();
	((uint32_t *)(file + NOTE_AT))[0] = UINT32_MAX;
	refuses(ENOEXEC, "without a PVH note", "a name of 4 GiB");
	begin();
	part[2].p_offset = UINT64_MAX - 4;
	refuses(ENOEXEC, "without a PVH note", "notes outside the file");
	begin();
	part[2].p_type = PT_NULL;
	refuses(ENOEXEC, "without a PVH note and without a multiboot header", "no notes: %s", err);
}

static void test_elf32(void)
{
	Elf32_Phdr *narrow;

	begin();
	narrow = synth_elf32(2, 0);
	narrow[0] = (Elf32_Phdr){
		.p_type = PT_LOAD,
		.p_offset = TEXT_AT,
		.p_paddr = (uint32_t)TEXT,
		.p_filesz = TEXT_BYTES,
		.p_memsz = TEXT_MEMORY,
	};
	narrow[1] = (Elf32_Phdr){
		.p_type = PT_NOTE,
		.p_offset = NOTE_AT,
		.p_filesz = sizeof(note),
		.p_align = 4,
	};
	ok(loading() == 0 && entry.rip == ENTRY && has_file(TEXT, TEXT_AT, TEXT_BYTES),
	   "a 32-bit ELF file %s", err);
	((Elf32_Ehdr *)file)->e_machine = EM_X86_64;
	refuses(ENOEXEC, "another processor", "32 bits for x86-64");
}

#define LIE(field, value, error, text) do {				\
	begin();							\
	field = (value);						\
	refuses(error, text, #field " = " #value);			\
} while (0)

static void test_lies(void)
{
	LIE(file[EI_CLASS], 3, ENOEXEC, "unknown class");
	LIE(file[EI_DATA], ELFDATA2MSB, ENOEXEC, "byte order");
	LIE(file[EI_VERSION], 9, ENOEXEC, "version");
	LIE(header->e_type, ET_DYN, ENOEXEC, "no executable");
	LIE(header->e_type, ET_REL, ENOEXEC, "no executable");
	LIE(header->e_machine, EM_AARCH64, ENOEXEC, "another processor");
	LIE(header->e_phentsize, 32, ENOEXEC, "odd size");
	LIE(header->e_phentsize, 0, ENOEXEC, "odd size");
	LIE(header->e_phnum, 0, ENOEXEC, "no program headers");
	LIE(header->e_phnum, 65, ENOEXEC, "more than 64");
	LIE(header->e_phnum, 0xFFFF, ENOEXEC, "more than 64");
	LIE(header->e_phoff, sizeof(file) - 100, ENOEXEC, "cut off");
	LIE(header->e_phoff, UINT64_MAX - 8, ENOEXEC, "cut off");
	LIE(part[0].p_offset, sizeof(file) - TEXT_BYTES + 1, ENOEXEC, "cut off");
	LIE(part[0].p_offset, UINT64_MAX, ENOEXEC, "cut off");
	LIE(part[0].p_filesz, UINT64_MAX, ENOEXEC, "cut off");
	LIE(part[0].p_memsz, TEXT_BYTES - 1, ENOEXEC, "longer in the file");
	LIE(part[0].p_memsz, LOADING_MEMORY - TEXT + 1, ENOMEM, "wants 0x3e00001 bytes at 0x200000");
	LIE(part[0].p_memsz, UINT64_MAX, ENOMEM, "wants");
	LIE(part[0].p_paddr, LOADING_MEMORY - TEXT_MEMORY + 1, ENOMEM, "more memory");
	LIE(part[0].p_paddr, UINT64_MAX, ENOMEM, "wants");
	LIE(part[0].p_paddr, 0, ENOMEM, "wants");
	LIE(part[0].p_paddr, 0x2FFFF, ENOMEM, "0x30000 to 0xa0000");
	LIE(part[0].p_paddr, 0xA0000 - TEXT_MEMORY + 1, ENOMEM, "wants");
	LIE(part[0].p_paddr, 0xE0000, ENOMEM, "wants");
	LIE(part[0].p_paddr, DATA - 1, ENOEXEC, "overlap");
	LIE(part[1].p_paddr, TEXT + TEXT_MEMORY - 1, ENOEXEC, "overlap");
	LIE(part[0].p_memsz, 0x123, ENOEXEC, "longer in the file");
	LIE(*(uint32_t *)(file + NOTE_AT + 16), TEXT - 1, ENOEXEC, "outside its segments");
	LIE(*(uint32_t *)(file + NOTE_AT + 16), TEXT + TEXT_MEMORY, ENOEXEC, "outside its segments");
	begin();
	part[0].p_type = PT_NULL;
	part[1].p_memsz = 0;
	part[1].p_filesz = 0;
	refuses(ENOEXEC, "nothing to load", "no segment");
	begin();
	part[1].p_paddr = 0xA0000 - 0x100;
	ok(loading() == 0, "a segment just below the hole");
	part[1].p_paddr = 0x30000;
	ok(loading() == 0, "a segment just above what the loader leaves");
	part[1].p_paddr = TEXT + TEXT_MEMORY;
	ok(loading() == 0, "a segment right behind another");
	loading_memory(5ULL << 30);
	part[1].p_paddr = 4ULL << 30;
	refuses(ENOMEM, "wants", "a segment above 4 GiB, where 32-bit code can't reach");
}

static void test_extras(void)
{
	static char line[0x10001];

	begin();
	memset(line, 'x', sizeof(line) - 1);
	request.cmdline = line;
	refuses(E2BIG, "65536 characters", "a command line of 64 KiB");
	line[0xFFFF] = '\0';
	ok(loading() == 0, "one character less");
	begin();
	request.initrd_path = "/i";
	request.initrd_bytes = LOADING_MEMORY - TEXT - TEXT_MEMORY;
	ok(loading() == 0 && entry.initrd == TEXT + TEXT_MEMORY, "the largest initrd");
	request.initrd_bytes++;
	refuses(ENOMEM, "initrd /i", "one byte more");
	request.initrd_bytes = UINT64_MAX;
	refuses(ENOMEM, "initrd /i", "an absurd one");
}

static void test_damage(void)
{
	unsigned int loaded;
	unsigned int bad;

	begin();
	bad = loading_truncations(DATA_AT + 0x100);
	ok(!bad, "every truncation is refused with a hint");
	begin();
	loaded = loading_damage(0x500, 20000);
	ok(loaded > 1000, "20000 damaged files, %u loaded all the same", loaded);
	loaded = loading_damage(sizeof(Elf64_Ehdr) + 3 * sizeof(Elf64_Phdr), 20000);
	ok(loaded > 100, "20000 damaged headers, %u loaded all the same", loaded);
}

static void test_real(void)
{
	const char *path = getenv("VMLINUX");
	struct stat stat;
	FILE *stream;

	if (!path || !*path) {
		tap_skip("a real kernel", "VMLINUX names none");
		return;
	}
	stream = fopen(path, "r");
	if (!stream || fstat(fileno(stream), &stat)) {
		ok(false, "VMLINUX=%s: %s", path, strerror(errno));
		return;
	}
	begin();
	loading_memory(512ULL << 20);
	request.path = path;
	request.kernel = malloc((size_t)stat.st_size);
	request.kernel_bytes = fread((void *)(uintptr_t)request.kernel, 1,
				     (size_t)stat.st_size, stream);
	ok(loading() == 0, "%s loads %s", path, err);
	ok(entry.rip >= 0x1000000 && entry.rip < 0x10000000, "entry at 0x%llx",
	   (unsigned long long)entry.rip);
	free((void *)(uintptr_t)request.kernel);
	fclose(stream);
}

int main(void)
{
	test_good();
	test_notes();
	test_elf32();
	test_lies();
	test_extras();
	test_damage();
	test_real();
	guest_memory_free(&memory);
	return tap_done();
}
