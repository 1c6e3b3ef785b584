// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multiboot 1: ELF files and files whose header has the addresses, what the
 * guest finds, every truncation, every lie.
 */
#include "compiler.h"
#include "loading.h"

#define HEADER_AT	0x800
#define LOAD		0x200000U
#define IMAGE_AT	0x400		/* of the file; the header is at LOAD + 0x400 */
#define ENTRY		(LOAD + 0x500)

struct header {
	uint32_t magic;
	uint32_t flags;
	uint32_t checksum;
	uint32_t header;
	uint32_t load;
	uint32_t load_end;
	uint32_t bss_end;
	uint32_t entry;
};

static struct header *header = (void *)(file + HEADER_AT);

static void set_flags(uint32_t flags)
{
	header->flags = flags;
	header->checksum = -(header->magic + flags);
}

static void begin(void)
{
	loading_begin();
	*header = (struct header){
		.magic = 0x1BADB002,
		.header = LOAD + HEADER_AT - IMAGE_AT,
		.load = LOAD,
		.load_end = LOAD + 0x2000,
		.bss_end = LOAD + 0x8000,
		.entry = ENTRY,
	};
	set_flags(0x10003);
}

static void begin_elf(void)
{
	Elf32_Phdr *part;

	begin();
	part = synth_elf32(1, ENTRY);
	part[0] = (Elf32_Phdr){
		.p_type = PT_LOAD,
		.p_offset = IMAGE_AT,
		.p_paddr = LOAD,
		.p_filesz = 0x2000,
		.p_memsz = 0x3000,
	};
	set_flags(3);
}

static const uint32_t *at32(uint64_t gpa)
{
	return guest_pointer(&memory, gpa, 4);
}

static const char *text_at(uint64_t gpa)
{
	return guest_pointer(&memory, gpa, 64);
}

static void test_good(void)
{
	const uint32_t *info, *map;

	begin();
	ok(loading() == 0, "a file whose header has the addresses loads %s", err);
	ok(entry.mode == BOOT_PROTECTED && entry.xapic && entry.rip == ENTRY &&
	   entry.rax == 0x2BADB002, "32-bit entry, EAX");
	ok(has_file(LOAD, IMAGE_AT, 0x2000) && has_zeroes(LOAD + 0x2000, 0x6000),
	   "where its header says");
	info = at32(entry.rbx);
	ok(info[0] == 0x24D, "sizes, command line, modules, map, name of the loader: 0x%x", info[0]);
	ok(info[1] == 640 && info[2] == (LOADING_MEMORY >> 10) - 1024, "sizes of memory");
	ok(!strcmp(text_at(info[4]), "console=ttyS0") && !strcmp(text_at(info[16]), "hvmod"),
	   "the command line, the loader's name");
	ok(!info[5], "no module");
	map = at32(info[12]);
	ok(info[11] == 3 * 24 && map[0] == 20 && !map[1] && map[3] == 0xA0000 && map[5] == 1 &&
	   map[6] == 20 && map[7] == 0xE0000 && map[9] == 0x20000 && map[11] == 2 &&
	   map[13] == 0x100000 && map[15] == LOADING_MEMORY - 0x100000 && map[17] == 1,
	   "the memory map");
	request.initrd_path = "/boot/initrd";
	request.initrd_bytes = 0x12345;
	ok(loading() == 0 && info[5] == 1 && at32(info[6])[0] == LOADING_MEMORY - 0x13000 &&
	   at32(info[6])[1] == LOADING_MEMORY - 0x13000 + 0x12345 &&
	   entry.initrd == LOADING_MEMORY - 0x13000 &&
	   !strcmp(text_at(at32(info[6])[2]), "initrd"), "the initrd is a module, without the host's directory");
	request.initrd_path = NULL;
	header->load_end = 0;
	header->bss_end = 0;
	ok(loading() == 0 && has_file(LOAD, IMAGE_AT, sizeof(file) - IMAGE_AT),
	   "without ends: all of the file");
	header->bss_end = LOAD + 0x10000;
	ok(loading() == 0, "without the first end");
	loading_memory(5ULL << 30);
	ok(loading() == 0 && info != at32(entry.rbx) && at32(entry.rbx)[11] == 4 * 24,
	   "5 GiB: memory above 4 GiB too");
}

static void test_elf(void)
{
	begin_elf();
	ok(loading() == 0 && entry.rip == ENTRY && entry.rax == 0x2BADB002 &&
	   has_file(LOAD, IMAGE_AT, 0x2000), "a 32-bit ELF file %s", err);
	((Elf32_Ehdr *)file)->e_entry = LOAD + 0x3000;
	refuses(ENOEXEC, "entry point is outside its segments", "an entry point elsewhere");
	begin_elf();
	set_flags(0x10003);
	((Elf32_Ehdr *)file)->e_entry = LOAD + 0x600;
	ok(loading() == 0 && entry.rip == ENTRY, "the header's addresses come before the ELF file's");
	begin_elf();
	file[0] = 0;
	refuses(ENOEXEC, "no ELF file", "neither addresses nor ELF");
	begin();
	synth_elf64(1, ENTRY)[0] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_offset = IMAGE_AT,
		.p_paddr = LOAD,
		.p_filesz = 0x2000,
		.p_memsz = 0x3000,
	};
	set_flags(3);
	ok(loading() == 0 && entry.mode == BOOT_PROTECTED && entry.rip == ENTRY,
	   "a 64-bit ELF file, started with 32-bit code");
}

/* A file of another kind is refused for that, not as multiboot. */
static void test_search(void)
{
	struct header copy;

	begin();
	copy = *header;
	memset(header, 0, sizeof(copy));
	memcpy(file + 8192 - 12, &copy, 12);
	set_flags(0);
	memcpy(file + 8192 - 12, &copy, 12);
	request.kernel_bytes = 8192;
	refuses(ENOEXEC, "cut off within the multiboot header", "a header at the very end");
	memset(file + 8192 - 12, 0, 12);
	memcpy(file + 8192 - 8, &copy, 12);
	request.kernel_bytes = sizeof(file);
	refuses(ENOEXEC, "not a bzImage", "a header too late to be one");
	memset(file + 8192 - 12, 0, 16);
	memcpy(file + 2, &copy, sizeof(copy));
	refuses(ENOEXEC, "not a bzImage", "a header between words is none");
	memset(file, 0, sizeof(file));
	memcpy(file, &copy, sizeof(copy));
	((struct header *)file)->checksum++;
	refuses(ENOEXEC, "not a bzImage", "a wrong checksum");
	begin();
	memcpy(file + 0x202, "HdrS", 4);
	refuses(ENOEXEC, "not a bzImage", "what says that it is a bzImage is none of ours");
}

#define LIE(field, value, error, text) do {				\
	begin();							\
	header->field = (value);					\
	refuses(error, text, #field " = " #value);			\
} while (0)

static void test_lies(void)
{
	static const uint32_t refused_flags[] = { 0x10004, 0x10008, 0x18000, 0x1FFFF };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refused_flags); i++) {
		begin();
		set_flags(refused_flags[i]);
		refuses(ENOEXEC, refused_flags[i] & 4 ? "screen" : "does not define",
			"flags 0x%x", refused_flags[i]);
	}
	begin();
	set_flags(0xFFFF0003);
	ok(loading() == 0, "flags that may be ignored are");
	LIE(header, LOAD - 1, ENOEXEC, "not where it says");
	LIE(header, LOAD + HEADER_AT + 1, ENOEXEC, "not where it says");
	LIE(header, UINT32_MAX, ENOEXEC, "not where it says");
	LIE(load, UINT32_MAX, ENOEXEC, "not where it says");
	LIE(load_end, LOAD - 1, ENOEXEC, "ends before it begins");
	LIE(load_end, LOAD + sizeof(file) - IMAGE_AT + 1, ENOEXEC, "cut off");
	LIE(load_end, UINT32_MAX, ENOEXEC, "zeroed part ends before");
	LIE(bss_end, LOAD + 0x1FFF, ENOEXEC, "zeroed part ends before");
	LIE(bss_end, (uint32_t)LOADING_MEMORY + 1, ENOMEM, "wants");
	LIE(bss_end, UINT32_MAX, ENOMEM, "wants");
	LIE(entry, LOAD - 1, ENOEXEC, "entry point is outside");
	LIE(entry, LOAD + 0x8000, ENOEXEC, "entry point is outside");
	begin();
	header->load_end = header->load;
	header->bss_end = 0;
	refuses(ENOEXEC, "entry point is outside", "nothing to load");
	begin();
	header->load = 0x1000;
	header->header = 0x1400;
	header->load_end = 0x3000;
	header->bss_end = 0;
	refuses(ENOMEM, "0x30000 to 0xa0000", "where the loader's own data is");
}

static void test_extras(void)
{
	static char line[0x10001];
	static char path[5000];

	begin();
	memset(line, 'x', sizeof(line) - 1);
	request.cmdline = line;
	refuses(E2BIG, "65536 characters", "a command line of 64 KiB");
	begin();
	memset(path, 'p', sizeof(path) - 1);
	request.initrd_path = path;
	request.initrd_bytes = 1;
	ok(loading() == 0 &&
	   strlen(guest_pointer(&memory, at32(at32(entry.rbx)[6])[2], 5000)) == 4095,
	   "a long path is cut");
	request.initrd_path = "/i";
	request.initrd_bytes = UINT64_MAX;
	refuses(ENOMEM, "initrd /i", "an absurd initrd");
}

static void test_damage(void)
{
	unsigned int loaded;
	unsigned int bad;

	begin();
	bad = loading_truncations(IMAGE_AT + 0x2000);
	ok(!bad, "every truncation is refused with a hint");
	begin_elf();
	bad = loading_truncations(IMAGE_AT + 0x2000);
	ok(!bad, "of an ELF file too");
	begin();
	memmove(file, header, sizeof(*header));
	((struct header *)file)->header = LOAD;
	loaded = loading_damage(sizeof(*header), 20000);
	ok(loaded > 100, "20000 damaged headers, %u loaded all the same", loaded);
	begin_elf();
	loaded = loading_damage(sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr), 20000);
	ok(loaded > 100, "20000 damaged ELF files, %u loaded all the same", loaded);
}

int main(void)
{
	test_good();
	test_elf();
	test_search();
	test_lies();
	test_extras();
	test_damage();
	guest_memory_free(&memory);
	return tap_done();
}
