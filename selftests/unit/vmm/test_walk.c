// SPDX-License-Identifier: GPL-2.0-only
/* The page table walker: every paging mode, rights, faults, hostile tables. */
#include <string.h>

#include "compiler.h"
#include "paging.h"
#include "tap.h"
#include "walk.h"

#define CR0_PAGED	0x80010001ULL	/* PG WP PE */
#define CR0_NO_WP	0x80000001ULL
#define CR4_PSE		0x10ULL
#define CR4_PAE		0x20ULL
#define CR4_LA57	0x1000ULL
#define CR4_SMEP	0x100000ULL
#define CR4_SMAP	0x200000ULL
#define EFER_LONG	0x500ULL
#define EFER_LONG_NX	0xD00ULL
#define EFER_NX		0x800ULL
#define RFLAGS_AC	0x40000ULL

#define LINEAR		0xFFFF812345678ABCULL
#define LEAF_AT		(TEST_ROOT + 0x3000 + (LINEAR >> 12 & 0x1FF) * 8)

static struct guest_memory memory;
static struct hvmod_sregs sregs;
static struct walk walk;
static uint64_t gpa;

static void begin(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
	memset(memory.range[0].host, 0, TEST_MEMORY);
	memset(&sregs, 0, sizeof(sregs));
	sregs.cr0 = cr0;
	sregs.cr3 = TEST_ROOT;
	sregs.cr4 = cr4;
	sregs.efer = efer;
	walk = (struct walk){ .memory = &memory, .sregs = &sregs };
	gpa = 0;
}

static void begin_long(uint64_t leaf)
{
	begin(CR0_PAGED, CR4_PAE, EFER_LONG_NX);
	map64(&memory, 4, LINEAR, leaf);
}

static void set_cpl(unsigned int cpl)
{
	sregs.segment[HVMOD_SEG_SS].attributes = (uint16_t)(cpl << 5);
}

static bool translates(uint64_t linear, unsigned int access, uint64_t to)
{
	gpa = ~0ULL;
	return walk_linear(&walk, linear, access, &gpa) == WALK_OK && gpa == to;
}

static bool faults(uint64_t linear, unsigned int access, uint32_t error)
{
	walk.error = ~0U;
	return walk_linear(&walk, linear, access, &gpa) == WALK_FAULT &&
	       walk.error == error;
}

static void test_no_paging(void)
{
	begin(1, 0, 0);
	ok(translates(0x12345678, 0, 0x12345678), "no paging: as it is");
	ok(translates(0x1FFFFFFFFULL, 0, 0xFFFFFFFF), "no paging: 32 bits");
}

static void test_long_mode(void)
{
	begin_long(0x7F000 | P | W | U);
	ok(translates(LINEAR, 0, 0x7FABC), "4 levels: 4 KiB page");
	ok((get64(&memory, LEAF_AT) & (A | D)) == A, "a read sets accessed");
	ok((get64(&memory, TEST_ROOT + (LINEAR >> 39 & 0x1FF) * 8) &
	    get64(&memory, TEST_ROOT + 0x1000 + (LINEAR >> 30 & 0x1FF) * 8) &
	    get64(&memory, TEST_ROOT + 0x2000 + (LINEAR >> 21 & 0x1FF) * 8) & A),
	   "in the three levels above too");
	ok(translates(LINEAR, WALK_WRITE, 0x7FABC) &&
	   (get64(&memory, LEAF_AT) & D), "a write sets dirty");
	ok(faults(LINEAR + 0x1000, 0, 0), "not present, read: error 0");
	ok(faults(LINEAR + 0x1000, WALK_WRITE, 2), "write: error 2");
	ok(faults(LINEAR + 0x1000, WALK_FETCH, 0x10), "fetch: error 0x10");
	set_cpl(3);
	ok(faults(LINEAR + 0x1000, 0, 4), "user: error 4");
	ok(translates(LINEAR, WALK_WRITE, 0x7FABC), "user page as user");

	begin_long(0x7F000 | P | W | U | NX);
	ok(translates(LINEAR, 0, 0x7FABC), "NX does not matter to a read");
	ok(faults(LINEAR, WALK_FETCH, 0x11), "NX stops a fetch");
	sregs.efer = EFER_LONG;
	ok(faults(LINEAR, 0, 9), "NX without NXE is reserved");

	ok(walk_linear(&walk, 0x0000800000000000ULL, 0, &gpa) == WALK_NONCANONICAL &&
	   walk_linear(&walk, 0xFFFF7FFFFFFFFFFFULL, 0, &gpa) == WALK_NONCANONICAL,
	   "non-canonical");
	begin_long(0x7F000 | P);
	sregs.cr3 = TEST_ROOT | 0x18;
	ok(translates(LINEAR, 0, 0x7FABC), "CR3's low bits are no address");
}

static void test_rights(void)
{
	begin_long(0x7F000 | P);
	ok(translates(LINEAR, WALK_FETCH, 0x7FABC), "supervisor reads and fetches");
	ok(faults(LINEAR, WALK_WRITE, 3), "write protection with WP");
	sregs.cr0 = CR0_NO_WP;
	ok(translates(LINEAR, WALK_WRITE, 0x7FABC), "none without WP");
	set_cpl(3);
	ok(faults(LINEAR, 0, 5), "user may not read a supervisor page");

	begin_long(0x7F000 | P | U);
	set_cpl(3);
	sregs.cr0 = CR0_NO_WP;
	ok(translates(LINEAR, 0, 0x7FABC), "user reads a read-only user page");
	ok(faults(LINEAR, WALK_WRITE, 7), "user obeys write protection without WP");
	set_cpl(0);
	sregs.cr0 = CR0_PAGED;
	ok(translates(LINEAR, 0, 0x7FABC), "supervisor reads a user page");
	sregs.cr4 |= CR4_SMAP;
	ok(faults(LINEAR, 0, 1), "not with SMAP");
	walk.rflags = RFLAGS_AC;
	ok(translates(LINEAR, 0, 0x7FABC), "but with AC");
	ok(translates(LINEAR, WALK_FETCH, 0x7FABC), "supervisor fetches from a user page");
	sregs.cr4 |= CR4_SMEP;
	ok(faults(LINEAR, WALK_FETCH, 0x11), "not with SMEP");

	begin_long(0x7F000 | P | W | U);
	put64(&memory, TEST_ROOT + (LINEAR >> 39 & 0x1FF) * 8,
	      (TEST_ROOT + 0x1000) | P | U);
	ok(faults(LINEAR, WALK_WRITE, 3), "rights are those of every level");
	ok(!(get64(&memory, LEAF_AT) & (A | D)), "a fault sets no bits");
}

static void test_large(void)
{
	uint64_t pd = TEST_ROOT + 0x2000 + (LINEAR >> 21 & 0x1FF) * 8;
	uint64_t pdpt = TEST_ROOT + 0x1000 + (LINEAR >> 30 & 0x1FF) * 8;
	uint64_t root = TEST_ROOT + (LINEAR >> 39 & 0x1FF) * 8;

	begin_long(0);
	put64(&memory, pd, 0x123400000ULL | P | W | PS | 1 << 12);
	ok(translates(LINEAR, 0, 0x123400000ULL | (LINEAR & 0x1FFFFF)),
	   "2 MiB page, PAT bit is no address");
	ok(translates(LINEAR, WALK_WRITE, 0x123400000ULL | (LINEAR & 0x1FFFFF)) &&
	   (get64(&memory, pd) & (A | D)) == (A | D), "accessed and dirty in it");
	put64(&memory, pdpt, 0x1C0000000ULL | P | W | PS);
	ok(translates(LINEAR, 0, 0x1C0000000ULL | (LINEAR & 0x3FFFFFFF)), "1 GiB page");
	put64(&memory, root, (TEST_ROOT + 0x1000) | P | W | PS);
	ok(faults(LINEAR, 0, 9), "a large page in the root is reserved");
}

static void test_five_levels(void)
{
	uint64_t linear = 0x00F2345678912345ULL;

	begin(CR0_PAGED, CR4_PAE | CR4_LA57, EFER_LONG);
	map64(&memory, 5, linear, 0x66000 | P | W);
	ok(translates(linear, WALK_WRITE, 0x66345), "5 levels");
	ok(walk_linear(&walk, 1ULL << 56, 0, &gpa) == WALK_NONCANONICAL,
	   "57 bits are canonical, not more");
}

static void test_pae(void)
{
	begin(CR0_PAGED, CR4_PAE, EFER_NX);
	sregs.cr3 = TEST_ROOT + 0x20;
	put64(&memory, TEST_ROOT + 0x20 + 3 * 8, 0x20000 | P);
	put64(&memory, 0x20000 + 0x1FF * 8, 0x21000 | P | W);
	put64(&memory, 0x21000 + 0x1FF * 8, 0x33000 | P | W | NX);
	ok(translates(0xFFFFF123, WALK_WRITE, 0x33123), "PAE: 4 KiB page, table at 32 bytes");
	ok(translates(0x5FFFFF123ULL, 0, 0x33123), "PAE: 32-bit addresses");
	ok(get64(&memory, TEST_ROOT + 0x20 + 3 * 8) == (0x20000 | P),
	   "PAE: no bits set in a PDPTE");
	ok(get64(&memory, 0x20000 + 0x1FF * 8) & A, "PAE: accessed is set below it");
	ok(faults(0xFFFFF123, WALK_FETCH, 0x11), "PAE: NX");
	put64(&memory, 0x20000 + 0x1FF * 8, 0x7FE00000ULL | P | W | PS);
	ok(translates(0xFFFFF123, 0, 0x7FFFF123), "PAE: 2 MiB page");
	put64(&memory, TEST_ROOT + 0x20 + 3 * 8, 0x20000 | P | PS);
	ok(faults(0xFFFFF123, 0, 9), "PAE: a large PDPTE is reserved");
	ok(faults(0x10000000, 0, 0), "PAE: PDPTE not present");
}

static void test_32_bit(void)
{
	begin(CR0_PAGED, CR4_PSE, 0);
	put32(&memory, TEST_ROOT + 0x3FF * 4, 0x20000 | P | W | U);
	put32(&memory, 0x20000 + 0x3FE * 4, 0x44000 | P | W);
	ok(translates(0xFFFFE678, WALK_WRITE, 0x44678), "32-bit: 4 KiB page");
	ok((get32(&memory, 0x20000 + 0x3FE * 4) & (A | D)) == (A | D) &&
	   get32(&memory, 0x20000 + 0x3FF * 4) == 0, "32-bit: bits in that entry alone");
	ok(faults(0xFFFFF000, WALK_FETCH, 0), "32-bit: no fetch bit in the error");
	put32(&memory, TEST_ROOT, 0x00C02000 | P | W | PS);
	ok(translates(0x12345, 0, 0x100C12345ULL), "32-bit: 4 MiB page with PSE-36");
	sregs.cr4 = 0;
	put32(&memory, TEST_ROOT, 0x20000 | P | W | PS);
	put32(&memory, 0x20000, 0x55000 | P);
	ok(translates(0x678, 0, 0x55678), "32-bit: without PSE it is a table");
}

static void test_outside(void)
{
	begin_long(0x7F000 | P | W);
	sregs.cr3 = TEST_MEMORY;
	ok(walk_linear(&walk, LINEAR, 0, &gpa) == WALK_OUTSIDE, "root behind memory");
	sregs.cr3 = 0x000FFFFFFFFFF000ULL;
	ok(walk_linear(&walk, LINEAR, 0, &gpa) == WALK_OUTSIDE, "root at the last page");
	sregs.cr3 = TEST_ROOT;
	put64(&memory, TEST_ROOT + (LINEAR >> 39 & 0x1FF) * 8,
	      0xFEE00000 | P | W);
	ok(walk_linear(&walk, LINEAR, 0, &gpa) == WALK_OUTSIDE, "table in a device");
}

static void test_copy(void)
{
	uint8_t buffer[16];
	uint8_t back[16];
	uint64_t at = (LINEAR & ~0xFFFULL) + 0xFF8;

	begin_long(0x7F000 | P | W);
	memset(buffer, 0xAB, sizeof(buffer));
	ok(walk_copy(&walk, at, WALK_WRITE, buffer, 16) == WALK_FAULT &&
	   get64(&memory, 0x7FFF8) == 0, "across into no page: nothing is written");
	ok(walk_fetch(&walk, at, back, 15) == 8, "a fetch gets what there is");
	ok(walk_fetch(&walk, at + 8, back, 15) == 0, "or nothing");
	put64(&memory, LEAF_AT + 8, 0x30000 | P | W);
	ok(walk_copy(&walk, at, WALK_WRITE, buffer, 16) == WALK_OK &&
	   get64(&memory, 0x7FFF8) == 0xABABABABABABABABULL &&
	   get64(&memory, 0x30000) == 0xABABABABABABABABULL, "across two pages");
	memset(back, 0, sizeof(back));
	ok(walk_copy(&walk, at, 0, back, 16) == WALK_OK &&
	   !memcmp(buffer, back, 16), "and back");
	put64(&memory, LEAF_AT + 8, 0xFEC00000 | P | W);
	ok(walk_copy(&walk, at, 0, back, 16) == WALK_OUTSIDE, "the second in a device");
}

static void test_fuzz(void)
{
	static const uint64_t modes[][3] = {
		{ CR0_PAGED, CR4_PAE, EFER_LONG_NX },
		{ CR0_PAGED, CR4_PAE | CR4_LA57, EFER_LONG },
		{ CR0_PAGED, CR4_PAE, 0 },
		{ CR0_PAGED, CR4_PSE, 0 },
	};
	unsigned int results[4] = {};
	uint64_t seed = 4;
	unsigned int i;

	begin(0, 0, 0);
	for (i = 0; i < 4096; i++) {
		uint64_t r = tap_random(&seed);

		/* Tables that lead to tables: keep addresses mostly inside. */
		put64(&memory, TEST_ROOT + i * 8,
		      (r & 0x1FF67) | (r >> 20 & 3 ? P | W : 0) |
		      (r >> 22 & 7 ? U : 0) | (r >> 25 & 31 ? 0 : NX | PS));
	}
	for (i = 0; i < 200000; i++) {
		uint64_t r = tap_random(&seed);
		uint8_t buffer[16];

		sregs.cr0 = modes[i % 4][0];
		sregs.cr4 = modes[i % 4][1] | (r & (CR4_SMEP | CR4_SMAP));
		sregs.efer = modes[i % 4][2];
		sregs.cr3 = TEST_ROOT + (r >> 40 & 7) * 0x1000;
		set_cpl(r & 8 ? 3 : 0);
		results[walk_copy(&walk,
				  (uint64_t)((int64_t)tap_random(&seed) >> (r & 31)),
				  r >> 9 & 3, buffer, 1 + (r >> 12 & 15))]++;
	}
	ok(results[WALK_OK] && results[WALK_FAULT] && results[WALK_OUTSIDE] &&
	   results[WALK_NONCANONICAL],
	   "200000 random walks: %u ok, %u faults, %u non-canonical, %u outside",
	   results[0], results[1], results[2], results[3]);
}

static void test_code_width(void)
{
	begin(CR0_PAGED, CR4_PAE, EFER_LONG);
	sregs.segment[HVMOD_SEG_CS].attributes = 0xA09B;
	ok(walk_code_width(&sregs) == 8, "64-bit code");
	sregs.segment[HVMOD_SEG_CS].attributes = 0xC09B;
	ok(walk_code_width(&sregs) == 4, "32-bit code");
	sregs.segment[HVMOD_SEG_CS].attributes = 0x809B;
	ok(walk_code_width(&sregs) == 2, "16-bit code");
	sregs.efer = 0;
	sregs.segment[HVMOD_SEG_CS].attributes = 0xA09B;
	ok(walk_code_width(&sregs) == 2, "L without long mode is no 64-bit code");
}

static void test_pointer(void)
{
	struct guest_memory two = {
		.range = {
			{ .gpa = 0, .bytes = 0x1000, .host = memory.range[0].host },
			{ .gpa = 0x100000000ULL, .bytes = 0x1000,
			  .host = memory.range[0].host + 0x1000 },
		},
		.ranges = 2,
	};

	ok(guest_pointer(&two, 0xFF8, 8) == memory.range[0].host + 0xFF8, "the last bytes of a range");
	ok(!guest_pointer(&two, 0xFF9, 8), "one byte too many");
	ok(!guest_pointer(&two, 0x1000, 1), "behind the range");
	ok(!guest_pointer(&two, 0, UINT64_MAX), "a length that wraps");
	ok(!guest_pointer(&two, UINT64_MAX, 2), "an address that wraps");
	ok(guest_pointer(&two, 0x100000000ULL, 0x1000) == memory.range[0].host + 0x1000,
	   "the high range");
	ok(!guest_pointer(&two, 0xFFFFFFFF, 2), "across into it");
}

int main(void)
{
	test_memory(&memory);
	test_no_paging();
	test_long_mode();
	test_rights();
	test_large();
	test_five_levels();
	test_pae();
	test_32_bit();
	test_outside();
	test_copy();
	test_code_width();
	test_pointer();
	test_fuzz();
	test_memory_free(&memory);
	return tap_done();
}
