// SPDX-License-Identifier: GPL-2.0-only
/*
 * The MC146818 (Motorola, MC146818A data sheet): time and alarm in registers 0
 * to 9, control in A to D, memory behind. Time is the host's UTC plus an offset,
 * which changes when the guest sets its clock. Nothing ticks unless the guest
 * wants interrupts; the flags of register C are worked out when it is read.
 */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "civil.h"
#include "rtc.h"

enum {
	SECOND, SECOND_ALARM, MINUTE, MINUTE_ALARM, HOUR, HOUR_ALARM, WEEKDAY,
	DAY, MONTH, YEAR, REG_A, REG_B, REG_C, REG_D,
	CENTURY = RTC_CENTURY,
};

#define A_UPDATING	0x80
#define A_DIVIDER	0x70
#define A_DIVIDER_RUN	0x20
#define A_DIVIDER_RESET	0x60		/* and 0x70 */
#define A_RATE		0x0F
#define B_SET		0x80
#define B_UPDATE	0x10
#define B_BINARY	0x04
#define B_24_HOURS	0x02
#define C_IRQ		0x80
#define C_PERIODIC	0x40		/* where register B has the enable bits */
#define C_ALARM		0x20
#define C_UPDATE	0x10
#define C_FLAGS		(C_PERIODIC | C_ALARM | C_UPDATE)
#define D_VALID		0x80
#define HOUR_PM		0x80
#define ALARM_ANY	0xC0

#define SECOND_NS	1000000000ULL
#define UPDATE_NS	244000ULL	/* announced so long before */
#define TICKS		32768		/* a second */

static bool is_held(const struct rtc *rtc)
{
	return rtc->reg[REG_B] & B_SET ||
	       (rtc->reg[REG_A] & A_DIVIDER_RESET) == A_DIVIDER_RESET;
}

static uint8_t encode(const struct rtc *rtc, unsigned int value)
{
	if (rtc->reg[REG_B] & B_BINARY)
		return (uint8_t)value;
	return (uint8_t)(value / 10 << 4 | value % 10);
}

static unsigned int decode(const struct rtc *rtc, uint8_t value)
{
	if (rtc->reg[REG_B] & B_BINARY)
		return value;
	return (value >> 4) * 10U + (value & 0xF);
}

static uint8_t encode_hour(const struct rtc *rtc, unsigned int hour)
{
	uint8_t pm = hour >= 12 ? HOUR_PM : 0;

	if (rtc->reg[REG_B] & B_24_HOURS)
		return encode(rtc, hour);
	hour %= 12;
	return encode(rtc, hour ? hour : 12) | pm;
}

static unsigned int decode_hour(const struct rtc *rtc, uint8_t value)
{
	if (rtc->reg[REG_B] & B_24_HOURS)
		return decode(rtc, value);
	return decode(rtc, value & ~HOUR_PM) % 12 + (value & HOUR_PM ? 12 : 0);
}

static int64_t guest_seconds(const struct rtc *rtc, uint64_t now)
{
	return (int64_t)(now / SECOND_NS) + rtc->offset;
}

/* The registers from the time. */
static void latch(struct rtc *rtc, uint64_t now)
{
	struct civil civil = civil_from_seconds(guest_seconds(rtc, now));

	rtc->reg[SECOND] = encode(rtc, civil.second);
	rtc->reg[MINUTE] = encode(rtc, civil.minute);
	rtc->reg[HOUR] = encode_hour(rtc, civil.hour);
	rtc->reg[WEEKDAY] = encode(rtc, civil.weekday + 1);
	rtc->reg[DAY] = encode(rtc, civil.day);
	rtc->reg[MONTH] = encode(rtc, civil.month);
	rtc->reg[YEAR] = encode(rtc, (unsigned int)(civil.year % 100));
	rtc->reg[CENTURY] = encode(rtc, (unsigned int)(civil.year / 100 % 100));
}

/* The time from the registers, whatever the guest put there. */
static void unlatch(struct rtc *rtc, uint64_t now)
{
	struct civil civil = {
		.year = decode(rtc, rtc->reg[CENTURY]) * 100LL +
			decode(rtc, rtc->reg[YEAR]),
		.month = (decode(rtc, rtc->reg[MONTH]) + 11) % 12 + 1,
		.day = decode(rtc, rtc->reg[DAY]),
		.hour = decode_hour(rtc, rtc->reg[HOUR]),
		.minute = decode(rtc, rtc->reg[MINUTE]),
		.second = decode(rtc, rtc->reg[SECOND]),
	};

	rtc->offset = civil_to_seconds(&civil) - (int64_t)(now / SECOND_NS);
}

static bool alarm_matches(uint8_t alarm, uint8_t value)
{
	return (alarm & ALARM_ANY) == ALARM_ANY || alarm == value;
}

static bool alarm_has_hour(const struct rtc *rtc, unsigned int hour)
{
	return alarm_matches(rtc->reg[HOUR_ALARM], encode_hour(rtc, hour));
}

static bool alarm_has(const struct rtc *rtc, unsigned int reg, unsigned int value)
{
	return alarm_matches(rtc->reg[reg], encode(rtc, value));
}

/* Return: the first of 60 values from @from on, or -1 */
static int alarm_next(const struct rtc *rtc, unsigned int reg, unsigned int from)
{
	unsigned int value;

	for (value = from; value < 60; value++) {
		if (alarm_has(rtc, reg, value))
			return (int)value;
	}
	return -1;
}

/* Return: seconds from @after to the next alarm behind it, 0 if there is none */
static unsigned int alarm_in(const struct rtc *rtc, int64_t after)
{
	struct civil civil = civil_from_seconds(after + 1);
	unsigned int start = civil.hour * 3600 + civil.minute * 60 + civil.second;
	unsigned int minute = civil.minute;
	unsigned int second = civil.second;
	unsigned int i;

	for (i = 0; i <= 24; i++, minute = 0, second = 0) {
		unsigned int hour = (civil.hour + i) % 24;
		int m, s;

		if (!alarm_has_hour(rtc, hour))
			continue;
		m = alarm_next(rtc, MINUTE_ALARM, minute);
		s = alarm_next(rtc, SECOND_ALARM, m == (int)minute ? second : 0);
		if (m >= 0 && s < 0) {
			m = alarm_next(rtc, MINUTE_ALARM, (unsigned int)m + 1);
			s = alarm_next(rtc, SECOND_ALARM, 0);
		}
		if (m >= 0 && s >= 0)
			return (civil.hour + i) * 3600 + (unsigned int)(m * 60 + s) -
			       start + 1;
	}
	return 0;
}

static uint64_t ticks(uint64_t ns)
{
	return ns / SECOND_NS * TICKS + ns % SECOND_NS * TICKS / SECOND_NS;
}

/* Return: the first nanosecond of a tick */
static uint64_t tick_ns(uint64_t tick)
{
	return tick / TICKS * SECOND_NS +
	       (tick % TICKS * SECOND_NS + TICKS - 1) / TICKS;
}

/* Return: a period is 2^n ticks, or -1 if there is none */
static int period(const struct rtc *rtc)
{
	int rate = rtc->reg[REG_A] & A_RATE;

	if (!rate || (rtc->reg[REG_A] & A_DIVIDER) != A_DIVIDER_RUN)
		return -1;
	return rate < 3 ? rate + 6 : rate - 1;
}

static void update_line(struct rtc *rtc)
{
	bool level = rtc->reg[REG_B] & rtc->reg[REG_C] & C_FLAGS;

	rtc->reg[REG_C] &= C_FLAGS;
	rtc->reg[REG_C] |= level ? C_IRQ : 0;
	if (level != rtc->line_level) {
		rtc->line_level = level;
		rtc->ops.line(rtc->ctx, level);
	}
}

/* Flags for what happened since the last time. The host's clock may jump. */
static void catch_up(struct rtc *rtc, uint64_t now)
{
	uint64_t seconds = now / SECOND_NS - rtc->checked / SECOND_NS;
	unsigned int alarm;
	int n = period(rtc);

	if (now > rtc->checked) {
		if (n >= 0 && ticks(now) >> n != ticks(rtc->checked) >> n)
			rtc->reg[REG_C] |= C_PERIODIC;
		if (seconds && !is_held(rtc)) {
			rtc->reg[REG_C] |= C_UPDATE;
			alarm = alarm_in(rtc, guest_seconds(rtc, rtc->checked));
			if (alarm && alarm <= seconds)
				rtc->reg[REG_C] |= C_ALARM;
		}
	}
	rtc->checked = now;
	update_line(rtc);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* While the line is up there is nothing that it could be told. */
static uint64_t next_event(const struct rtc *rtc)
{
	uint8_t wanted = rtc->reg[REG_B];
	uint64_t now = rtc->checked;
	uint64_t second = now / SECOND_NS;
	uint64_t next = RTC_NEVER;
	unsigned int alarm;
	int n = period(rtc);

	if (rtc->line_level)
		return RTC_NEVER;
	if (wanted & C_PERIODIC && n >= 0)
		next = tick_ns(((ticks(now) >> n) + 1) << n);
	if (is_held(rtc))
		return next;
	if (wanted & C_UPDATE)
		next = earlier(next, (second + 1) * SECOND_NS);
	if (wanted & C_ALARM) {
		alarm = alarm_in(rtc, guest_seconds(rtc, now));
		if (alarm)
			next = earlier(next, (second + alarm) * SECOND_NS);
	}
	return next;
}

static bool is_time(unsigned int reg)
{
	return reg == SECOND || reg == MINUTE || reg == HOUR ||
	       (reg >= WEEKDAY && reg <= YEAR) || reg == CENTURY;
}

/* What SET, the divider or the modes change must not lose the time. */
static void write_control(struct rtc *rtc, unsigned int reg, uint8_t value,
			  uint64_t now)
{
	bool held = is_held(rtc);

	if (!held)
		latch(rtc, now);
	rtc->reg[reg] = value;
	if (reg == REG_A)
		rtc->reg[REG_A] &= ~A_UPDATING;
	if (rtc->reg[REG_B] & B_SET)
		rtc->reg[REG_B] &= ~B_UPDATE;
	if (held && !is_held(rtc))
		unlatch(rtc, now);
}

static void write_reg(struct rtc *rtc, unsigned int reg, uint8_t value,
		      uint64_t now)
{
	if (reg == REG_A || reg == REG_B) {
		write_control(rtc, reg, value, now);
	} else if (is_time(reg) && !is_held(rtc)) {
		latch(rtc, now);
		rtc->reg[reg] = value;
		unlatch(rtc, now);
	} else if (reg != REG_C && reg != REG_D) {
		rtc->reg[reg] = value;
	}
}

static uint8_t read_reg(struct rtc *rtc, unsigned int reg, uint64_t now)
{
	uint8_t value;

	if (is_time(reg) && !is_held(rtc))
		latch(rtc, now);
	value = rtc->reg[reg];
	if (reg == REG_A && !is_held(rtc) &&
	    now % SECOND_NS >= SECOND_NS - UPDATE_NS)
		value |= A_UPDATING;
	if (reg == REG_C) {
		rtc->reg[REG_C] = 0;
		update_line(rtc);
	}
	return value;
}

/**
 * rtc_advance() - raise what is due
 * @rtc: the chip
 *
 * Return: when to call it again, as rtc_ops.now() counts; RTC_NEVER: not before
 * the guest writes or reads a register
 */
uint64_t rtc_advance(struct rtc *rtc)
{
	uint64_t next;

	pthread_mutex_lock(&rtc->lock);
	catch_up(rtc, rtc->ops.now(rtc->ctx));
	next = next_event(rtc);
	pthread_mutex_unlock(&rtc->lock);
	return next;
}

/**
 * rtc_read() - bus_device.read
 * @ctx: the chip
 * @offset: 0 index, which can't be read, 1 data
 * @size: bytes
 *
 * Return: the value
 */
uint64_t rtc_read(void *ctx, uint64_t offset, unsigned int size)
{
	struct rtc *rtc = ctx;
	uint64_t value;
	uint64_t now;

	if (!offset || size != 1)
		return UINT64_MAX;
	pthread_mutex_lock(&rtc->lock);
	now = rtc->ops.now(rtc->ctx);
	catch_up(rtc, now);
	value = read_reg(rtc, rtc->index, now);
	pthread_cond_signal(&rtc->changed);
	pthread_mutex_unlock(&rtc->lock);
	return value;
}

/**
 * rtc_write() - bus_device.write
 * @ctx: the chip
 * @offset: 0 index, 1 data
 * @size: bytes
 * @value: the value; bit 7 of the index is for NMIs, which have no mask here
 */
void rtc_write(void *ctx, uint64_t offset, unsigned int size, uint64_t value)
{
	struct rtc *rtc = ctx;
	uint64_t now;

	if (size != 1)
		return;
	pthread_mutex_lock(&rtc->lock);
	if (!offset) {
		rtc->index = value % RTC_BYTES;
	} else {
		now = rtc->ops.now(rtc->ctx);
		catch_up(rtc, now);
		write_reg(rtc, rtc->index, (uint8_t)value, now);
		update_line(rtc);
		pthread_cond_signal(&rtc->changed);
	}
	pthread_mutex_unlock(&rtc->lock);
}

/* With the lock. The host's clock may be set meanwhile: it is asked every second. */
static void wait_for(struct rtc *rtc, uint64_t ns)
{
	struct timespec until;
	uint64_t end;

	clock_gettime(CLOCK_MONOTONIC, &until);
	end = (uint64_t)until.tv_sec * SECOND_NS + (uint64_t)until.tv_nsec +
	      earlier(ns, SECOND_NS);
	until.tv_sec = (time_t)(end / SECOND_NS);
	until.tv_nsec = (long)(end % SECOND_NS);
	pthread_cond_timedwait(&rtc->changed, &rtc->lock, &until);
}

static void *rtc_main(void *arg)
{
	struct rtc *rtc = arg;

	prctl(PR_SET_NAME, "rtc");
	pthread_mutex_lock(&rtc->lock);
	while (!rtc->ending) {
		uint64_t next;

		catch_up(rtc, rtc->ops.now(rtc->ctx));
		next = next_event(rtc);
		if (next == RTC_NEVER)
			pthread_cond_wait(&rtc->changed, &rtc->lock);
		else
			wait_for(rtc, next - rtc->checked);
	}
	pthread_mutex_unlock(&rtc->lock);
	return NULL;
}

/**
 * rtc_start() - make the thread that raises the interrupts
 * @rtc: the chip; its clock is CLOCK_REALTIME
 *
 * Return: 0, or an errno value
 */
int rtc_start(struct rtc *rtc)
{
	int ret = pthread_create(&rtc->thread, NULL, rtc_main, rtc);

	rtc->thread_made = !ret;
	return ret;
}

/**
 * rtc_init() - the chip after power-on, its time that of the host
 * @rtc: the chip
 * @ops: wiring
 * @ctx: first argument of @ops
 */
void rtc_init(struct rtc *rtc, const struct rtc_ops *ops, void *ctx)
{
	pthread_condattr_t attr;

	*rtc = (struct rtc){
		.ops = *ops,
		.ctx = ctx,
		.reg = {
			[REG_A] = A_DIVIDER_RUN | 6,	/* 1024 Hz */
			[REG_B] = B_24_HOURS,
			[REG_D] = D_VALID,
		},
		.checked = ops->now(ctx),
	};
	pthread_mutex_init(&rtc->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&rtc->changed, &attr);
	pthread_condattr_destroy(&attr);
}

/**
 * rtc_reset() - what the RESET line does: no interrupts; the time goes on
 * @rtc: the chip
 */
void rtc_reset(struct rtc *rtc)
{
	pthread_mutex_lock(&rtc->lock);
	rtc->reg[REG_B] &= (uint8_t)~C_FLAGS;
	rtc->reg[REG_C] = 0;
	update_line(rtc);
	pthread_cond_signal(&rtc->changed);
	pthread_mutex_unlock(&rtc->lock);
}

/**
 * rtc_destroy() - undo rtc_init() and rtc_start()
 * @rtc: the chip
 */
void rtc_destroy(struct rtc *rtc)
{
	pthread_mutex_lock(&rtc->lock);
	rtc->ending = true;
	pthread_cond_signal(&rtc->changed);
	pthread_mutex_unlock(&rtc->lock);
	if (rtc->thread_made)
		pthread_join(rtc->thread, NULL);
	pthread_cond_destroy(&rtc->changed);
	pthread_mutex_destroy(&rtc->lock);
}
