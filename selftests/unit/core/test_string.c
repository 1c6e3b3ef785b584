// SPDX-License-Identifier: GPL-2.0-only
/* The four functions of kmod/core/string.c, under other names. */
#define memcpy core_memcpy
#define memset core_memset
#define memmove core_memmove
#define memcmp core_memcmp
#include "../../../kmod/core/string.c"
#undef memcpy
#undef memset
#undef memmove
#undef memcmp
#include "tap.h"

#define BYTES	64

int main(void)
{
	u8 a[BYTES], b[BYTES], want[BYTES];
	bool good = true;

	for (size_t from = 0; from < 20; from++)
		for (size_t to = 0; to < 20; to++)
			for (size_t n = 0; n < 40; n++) {
				for (int i = 0; i < BYTES; i++)
					a[i] = want[i] = i;
				memmove(want + to, want + from, n);
				good &= core_memmove(a + to, a + from, n) == a + to &&
					!memcmp(a, want, BYTES);
			}
	ok(good, "memmove() at every overlap");
	for (size_t n = 0; n < BYTES; n++) {
		memset(a, 1, BYTES);
		memset(b, 2, BYTES);
		good &= core_memcpy(a, b, n) == a && a[n] == 1 && (!n || a[n - 1] == 2);
		good &= core_memset(a, 0x1ff, n) == a && (!n || (a[0] == 0xff && a[n - 1] == 0xff)) &&
			a[n] == 1;
	}
	ok(good, "memcpy() and memset() at every length");
	memset(a, 5, BYTES);
	memset(b, 5, BYTES);
	for (size_t i = 0; i < BYTES; i++) {
		b[i] = 200;
		good &= core_memcmp(a, b, BYTES) < 0 && core_memcmp(b, a, BYTES) > 0 &&
			core_memcmp(a, b, i) == 0;
		b[i] = 5;
	}
	ok(good && !core_memcmp(a, b, BYTES), "memcmp() at every place, unsigned");
	return tap_done();
}
