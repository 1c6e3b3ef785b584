// SPDX-License-Identifier: GPL-2.0-only
/*
 * Days are counted from 1 March of year 0, so that the leap day is the last of
 * a year; a cycle of the calendar has 400 years.
 */
#include "civil.h"

#define CYCLE_YEARS	400
#define CYCLE_DAYS	146097
#define DAYS_TO_1970	719468
#define THURSDAY	4		/* 1 January 1970 */

static int64_t floor_div(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

/* Days before the first of a month, March is 0. */
static unsigned int days_before(unsigned int month)
{
	return (153 * month + 2) / 5;
}

/**
 * civil_from_seconds() - the calendar's name for a moment
 * @seconds: since 1970, UTC
 *
 * Return: the name
 */
struct civil civil_from_seconds(int64_t seconds)
{
	int64_t days = floor_div(seconds, CIVIL_DAY);
	unsigned int second = (unsigned int)(seconds - days * CIVIL_DAY);
	int64_t shifted = days + DAYS_TO_1970;
	int64_t cycle = floor_div(shifted, CYCLE_DAYS);
	unsigned int day = (unsigned int)(shifted - cycle * CYCLE_DAYS);
	unsigned int year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned int month;

	day -= year * 365 + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	return (struct civil){
		.year = cycle * CYCLE_YEARS + year + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = day - days_before(month) + 1,
		.weekday = (unsigned int)(days + THURSDAY -
					  floor_div(days + THURSDAY, 7) * 7),
		.hour = second / 3600,
		.minute = second / 60 % 60,
		.second = second % 60,
	};
}

/**
 * civil_to_seconds() - the moment of a name
 * @civil: the name; the weekday does not count, what is out of range goes over
 *	to the next larger unit, but for the month
 *
 * Return: seconds since 1970, UTC
 */
int64_t civil_to_seconds(const struct civil *civil)
{
	int64_t year = civil->year - (civil->month <= 2);
	int64_t cycle = floor_div(year, CYCLE_YEARS);
	int64_t of_cycle = year - cycle * CYCLE_YEARS;
	unsigned int month = (civil->month + 9) % 12;
	int64_t days = cycle * CYCLE_DAYS + of_cycle * 365 + of_cycle / 4 -
		       of_cycle / 100 + days_before(month) - DAYS_TO_1970;

	days += (int64_t)civil->day - 1;
	return days * CIVIL_DAY + civil->hour * 3600 + civil->minute * 60 +
	       civil->second;
}
