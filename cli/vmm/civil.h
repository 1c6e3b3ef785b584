/* SPDX-License-Identifier: GPL-2.0-only */
/* Calendar arithmetic without the C library, which would look for a time zone. */
#ifndef HVMOD_VMM_CIVIL_H
#define HVMOD_VMM_CIVIL_H

#include <stdint.h>

#define CIVIL_DAY	86400

/**
 * struct civil - a moment in the Gregorian calendar
 * @year: year, 0 and negative ones too
 * @month: 1 to 12
 * @day: 1 to 31
 * @weekday: 0 to 6, 0 is Sunday
 * @hour: 0 to 23
 * @minute: 0 to 59
 * @second: 0 to 59
 */
struct civil {
	int64_t year;
	unsigned int month;
	unsigned int day;
	unsigned int weekday;
	unsigned int hour;
	unsigned int minute;
	unsigned int second;
};

struct civil civil_from_seconds(int64_t seconds);
int64_t civil_to_seconds(const struct civil *civil);

#endif
