// SPDX-License-Identifier: GPL-2.0-only
/* Test Anything Protocol on COM1, and the end by the debug-exit port. */
#include <stdarg.h>

#include "guest.h"

#define COM1		0x3F8
#define LINE_STATUS	5
#define TRANSMIT_EMPTY	0x20

/*
 * A value V makes the exit status V * 2 + 1: these are none that the VMM uses
 * for anything else.
 */
#define DEBUG_EXIT	0x501
#define EXIT_PASSED	32		/* 65 */
#define EXIT_FAILED	33		/* 67 */
#define EXIT_BAILED	34		/* 69 */

static unsigned int reports;
static unsigned int failures;

static void put(char c)
{
	while (!(in8(COM1 + LINE_STATUS) & TRANSMIT_EMPTY))
		pause();
	out8(COM1, (uint8_t)c);
}

static void put_number(uint64_t value, unsigned int base)
{
	char digits[24];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n)
		put(digits[--n]);
}

static void put_text(const char *text)
{
	while (*text)
		put(*text++);
}

static void vprint(const char *format, va_list args)
{
	for (; *format; format++) {
		bool wide = false;

		if (*format != '%') {
			put(*format);
			continue;
		}
		if (*++format == 'l') {
			wide = true;
			format++;
		}
		switch (*format) {
		case 's':
			put_text(va_arg(args, const char *));
			break;
		case 'd':
		case 'u':
			put_number(wide ? va_arg(args, uint64_t) : va_arg(args, unsigned int), 10);
			break;
		case 'x':
			put_number(wide ? va_arg(args, uint64_t) : va_arg(args, unsigned int), 16);
			break;
		default:
			put(*format);
			break;
		}
	}
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(format, args);
	va_end(args);
}

bool report(bool good, const char *format, ...)
{
	va_list args;

	failures += !good;
	print("%sok %u - ", good ? "" : "not ", ++reports);
	va_start(args, format);
	vprint(format, args);
	va_end(args);
	put('\n');
	return good;
}

void skip(const char *what, const char *why)
{
	print("ok %u - %s # SKIP %s\n", ++reports, what, why);
}

static _Noreturn void end(uint8_t value)
{
	out8(DEBUG_EXIT, value);
	for (;;)
		asm volatile("cli; hlt");
}

_Noreturn void finish(void)
{
	print("1..%u\n", reports);
	end(failures ? EXIT_FAILED : EXIT_PASSED);
}

_Noreturn void bail_out(const char *format, ...)
{
	va_list args;

	print("Bail out! ");
	va_start(args, format);
	vprint(format, args);
	va_end(args);
	put('\n');
	end(EXIT_BAILED);
}
