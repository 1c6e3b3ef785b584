// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a domain: start, pause, halt, end.
 *
 * Who wants the vCPUs out of the guest sets vmm.hold, then the exit_request of
 * each, then kicks. A vCPU thread clears its exit_request, then looks at
 * vmm.hold, then runs: whatever the order, it sees one of the two. The same with
 * vcpu.plugged, for one of them.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "machine.h"

#define HALT_POLL_NS	10000000L
#define HALTS_CERTAIN	3

static const struct {
	enum vmm_outcome outcome;
	uint32_t state;
	uint32_t reason;
} ends[] = {
	{ VMM_POWEROFF, HVMOD_STATE_SHUTDOWN, HVMOD_REASON_POWEROFF },
	{ VMM_RESET, HVMOD_STATE_SHUTDOWN, HVMOD_REASON_RESET },
	{ VMM_DESTROYED, HVMOD_STATE_SHUTDOWN, HVMOD_REASON_DESTROYED },
	{ VMM_CRASHED, HVMOD_STATE_CRASHED, HVMOD_REASON_TRIPLE_FAULT },
	{ VMM_PANIC, HVMOD_STATE_CRASHED, HVMOD_REASON_PANIC },
	{ VMM_WATCHDOG, HVMOD_STATE_CRASHED, HVMOD_REASON_WATCHDOG },
	{ VMM_FAILED, HVMOD_STATE_CRASHED, HVMOD_REASON_INTERNAL },
	{ VMM_DEBUG_EXIT, HVMOD_STATE_SHUTDOWN, HVMOD_REASON_POWEROFF },
};

static int set_state(struct vmm *vmm, uint32_t state, uint32_t reason)
{
	struct hvmod_set_state arg = {
		.size = sizeof(arg),
		.state = state,
		.reason = reason,
	};

	return ioctl(vmm->domain, HVMOD_DOMAIN_SET_STATE, &arg);
}

static void set_end_state(struct vmm *vmm, enum vmm_outcome outcome)
{
	enum vmm_outcome kind = outcome;
	size_t i;

	if (kind > VMM_DEBUG_EXIT)
		kind = VMM_DEBUG_EXIT;
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		if (ends[i].outcome == kind)
			set_state(vmm, ends[i].state, ends[i].reason);
	}
}

static void call_out(struct vcpu *vcpu)
{
	if (!vcpu->run)
		return;
	__atomic_store_n(&vcpu->run->exit_request, 1, __ATOMIC_SEQ_CST);
	ioctl(vcpu->fd, HVMOD_VCPU_KICK);
}

/* With the lock. */
static void update_hold(struct vmm *vmm)
{
	unsigned int i;

	__atomic_store_n(&vmm->hold, vmm->paused || vmm->frozen || vmm->pins ||
			 vmm->halted_by || vmm->ended, __ATOMIC_SEQ_CST);
	pthread_cond_broadcast(&vmm->changed);
	if (!vmm->hold)
		return;
	for (i = 0; i < vmm->vcpus; i++)
		call_out(&vmm->vcpu[i]);
}

/* With the lock. Return: false if it had ended before */
static bool end_locked(struct vmm *vmm, enum vmm_outcome outcome)
{
	if (vmm->ended)
		return false;
	vmm->outcome = outcome;
	__atomic_store_n(&vmm->ended, true, __ATOMIC_RELEASE);
	set_end_state(vmm, outcome);
	update_hold(vmm);
	return true;
}

/* With the lock. Return: false if it had ended or halted before */
static bool halt_locked(struct vmm *vmm, enum vmm_outcome outcome,
			enum vmm_action action)
{
	if (vmm->ended || vmm->halted_by)
		return false;
	if (action == VMM_ACTION_DESTROY)
		return end_locked(vmm, outcome);
	vmm->outcome = outcome;
	vmm->halted_by = action;
	if (action == VMM_ACTION_PRESERVE)
		set_end_state(vmm, outcome);
	update_hold(vmm);
	return true;
}

static enum vmm_action action_for(const struct vmm *vmm,
				  enum vmm_outcome outcome)
{
	switch (outcome) {
	case VMM_POWEROFF:
		return vmm->reboot ? VMM_ACTION_RESTART : vmm->on_poweroff;
	case VMM_RESET:
		return vmm->on_reboot;
	case VMM_CRASHED:
	case VMM_PANIC:
	case VMM_WATCHDOG:
		return vmm->on_crash;
	default:
		return VMM_ACTION_DESTROY;
	}
}

static int fail_ended(void)
{
	errno = ESHUTDOWN;
	return -1;
}

/**
 * life_create() - make the lock
 * @vmm: the domain
 */
void life_create(struct vmm *vmm)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&vmm->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&vmm->changed, &attr);
	pthread_condattr_destroy(&attr);
}

/**
 * life_stop() - end without a callback, join the vCPU threads
 * @vmm: the domain
 *
 * Workers of devices may still call life_freeze(), which fails then.
 */
void life_stop(struct vmm *vmm)
{
	unsigned int i;

	pthread_mutex_lock(&vmm->lock);
	end_locked(vmm, VMM_DESTROYED);
	pthread_mutex_unlock(&vmm->lock);
	for (i = 0; i < vmm->vcpus; i++) {
		if (vmm->vcpu[i].thread_made)
			pthread_join(vmm->vcpu[i].thread, NULL);
		vmm->vcpu[i].thread_made = false;
	}
}

/**
 * life_destroy() - undo life_create()
 * @vmm: the domain, after life_stop() and devices_destroy()
 */
void life_destroy(struct vmm *vmm)
{
	pthread_cond_destroy(&vmm->changed);
	pthread_mutex_destroy(&vmm->lock);
}

/* With the lock: its thread has to wait. */
static bool held(const struct vcpu *vcpu)
{
	const struct vmm *vmm = vcpu->vmm;

	return (vmm->paused || vmm->frozen || vmm->halted_by ||
		!vcpu->plugged) && !vmm->ended;
}

/* With the lock, from the thread itself: the sandbox lets nobody else. */
static void take_pin(struct vcpu *vcpu)
{
	if (!vcpu->pin)
		return;
	vcpu->pin_error = sched_setaffinity(0, sizeof(vcpu->cpus),
					    &vcpu->cpus) ? errno : 0;
	vcpu->pin = false;
	vcpu->vmm->pins--;
	update_hold(vcpu->vmm);
}

/**
 * life_gate() - a vCPU thread asks whether it may enter the guest
 * @vcpu: the vCPU
 *
 * Waits while the domain is paused, frozen or halted, or the vCPU not plugged in.
 *
 * Return: false if the thread has to end
 */
bool life_gate(struct vcpu *vcpu)
{
	struct vmm *vmm = vcpu->vmm;
	bool go;

	if (__atomic_load_n(&vcpu->run->exit_request, __ATOMIC_RELAXED))
		__atomic_store_n(&vcpu->run->exit_request, 0, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&vmm->hold, __ATOMIC_SEQ_CST) &&
	    __atomic_load_n(&vcpu->plugged, __ATOMIC_SEQ_CST))
		return true;

	pthread_mutex_lock(&vmm->lock);
	take_pin(vcpu);
	vmm->parked++;
	pthread_cond_broadcast(&vmm->changed);
	while (held(vcpu)) {
		pthread_cond_wait(&vmm->changed, &vmm->lock);
		take_pin(vcpu);
	}
	vmm->parked--;
	go = !vmm->ended;
	pthread_mutex_unlock(&vmm->lock);
	return go;
}

/**
 * life_set_plugged() - let a vCPU run, or not any more
 * @vcpu: the vCPU
 * @plugged: which
 */
void life_set_plugged(struct vcpu *vcpu, bool plugged)
{
	struct vmm *vmm = vcpu->vmm;

	pthread_mutex_lock(&vmm->lock);
	__atomic_store_n(&vcpu->plugged, plugged, __ATOMIC_SEQ_CST);
	pthread_cond_broadcast(&vmm->changed);
	if (!plugged)
		call_out(vcpu);
	pthread_mutex_unlock(&vmm->lock);
}

/* With the lock: no processor will ever do anything again. */
static bool all_halted(const struct vmm *vmm)
{
	unsigned int i;

	for (i = 0; i < vmm->vcpus; i++) {
		if (vmm->vcpu[i].plugged && !vmm->vcpu[i].halted)
			return false;
	}
	return true;
}

/**
 * life_halted() - a vCPU halted and nothing in sight can wake it
 * @vcpu: the vCPU
 *
 * Another vCPU may still send it INIT or an NMI, so it has to try again from
 * time to time. When all are so for some time, the guest is dead.
 */
void life_halted(struct vcpu *vcpu)
{
	struct vmm *vmm = vcpu->vmm;
	bool certain = ++vcpu->halts >= HALTS_CERTAIN;
	struct timespec until;
	bool dead;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += HALT_POLL_NS;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_mutex_lock(&vmm->lock);
	vcpu->halted = certain;
	dead = vcpu->plugged && all_halted(vmm);
	if (!dead && !vmm->hold && vcpu->plugged)
		pthread_cond_timedwait(&vmm->changed, &vmm->lock, &until);
	vcpu->halted = false;
	pthread_mutex_unlock(&vmm->lock);
	if (dead)
		life_end(vmm, VMM_PANIC,
			 "every processor halted with interrupts off");
}

/**
 * life_thread_ends() - the last that a vCPU thread does
 * @vmm: the domain
 */
void life_thread_ends(struct vmm *vmm)
{
	pthread_mutex_lock(&vmm->lock);
	vmm->threads--;
	pthread_cond_broadcast(&vmm->changed);
	pthread_mutex_unlock(&vmm->lock);
}

/* The owner's will counts whatever the guest's actions are. */
static void stop(struct vmm *vmm, enum vmm_outcome outcome, const char *text)
{
	bool first;

	pthread_mutex_lock(&vmm->lock);
	if (!vmm->ended)
		snprintf(vmm->text, sizeof(vmm->text), "%s", text);
	first = end_locked(vmm, outcome);
	pthread_mutex_unlock(&vmm->lock);
	if (first)
		vmm->ops.ended(vmm->ctx, outcome);
}

/**
 * life_end() - the guest ends or halts; the first call counts
 * @vmm: the domain
 * @outcome: how
 * @format: text for vmm_outcome_text()
 *
 * From any thread that holds no lock.
 */
void life_end(struct vmm *vmm, enum vmm_outcome outcome, const char *format,
	      ...)
{
	enum vmm_action action;
	va_list args;
	bool first;

	pthread_mutex_lock(&vmm->lock);
	if (!vmm->ended && !vmm->halted_by) {
		va_start(args, format);
		vsnprintf(vmm->text, sizeof(vmm->text), format, args);
		va_end(args);
	}
	action = action_for(vmm, outcome);
	first = halt_locked(vmm, outcome, action);
	pthread_mutex_unlock(&vmm->lock);
	if (!first)
		return;
	if (action == VMM_ACTION_DESTROY)
		vmm->ops.ended(vmm->ctx, outcome);
	else
		vmm->ops.halted(vmm->ctx);
}

/**
 * life_freeze() - hold all vCPU threads, whatever the domain's state
 * @vmm: the domain
 *
 * Return: 0, life_thaw() lets them go; -1 with errno ESHUTDOWN: it has ended
 */
int life_freeze(struct vmm *vmm)
{
	bool ended;

	pthread_mutex_lock(&vmm->lock);
	vmm->frozen++;
	update_hold(vmm);
	while (!vmm->ended && vmm->parked < vmm->threads)
		pthread_cond_wait(&vmm->changed, &vmm->lock);
	ended = vmm->ended;
	vmm->frozen -= ended;
	pthread_mutex_unlock(&vmm->lock);
	return ended ? fail_ended() : 0;
}

/**
 * life_thaw() - undo life_freeze()
 * @vmm: the domain
 */
void life_thaw(struct vmm *vmm)
{
	pthread_mutex_lock(&vmm->lock);
	vmm->frozen--;
	update_hold(vmm);
	pthread_mutex_unlock(&vmm->lock);
}

/**
 * life_begin_again() - life_thaw() of a guest that was loaded again
 * @vmm: the domain, not preserved
 */
void life_begin_again(struct vmm *vmm)
{
	pthread_mutex_lock(&vmm->lock);
	vmm->frozen--;
	if (!vmm->ended) {
		vmm->halted_by = VMM_ACTION_DESTROY;
		vmm->reboot = false;
		vmm->text[0] = '\0';
	}
	update_hold(vmm);
	pthread_mutex_unlock(&vmm->lock);
}

/* With the lock. Signals are the owner's: vCPU threads take none. */
static int make_threads(struct vmm *vmm)
{
	sigset_t all;
	sigset_t old;
	unsigned int i;
	int ret = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (i = 0; i < vmm->vcpus && !ret; i++) {
		struct vcpu *vcpu = &vmm->vcpu[i];

		ret = pthread_create(&vcpu->thread, NULL, vcpu_main, vcpu);
		vcpu->thread_made = !ret;
		vmm->threads += !ret;
	}
	if (!ret)
		ret = rtc_start(&vmm->rtc);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

int vmm_affinity(struct vmm *vmm, unsigned int vcpu, cpu_set_t *cpus)
{
	int error = EINVAL;

	/* A thread that was made stays joinable until vmm_destroy(). */
	if (vcpu < vmm->vcpus && vmm->vcpu[vcpu].thread_made)
		error = pthread_getaffinity_np(vmm->vcpu[vcpu].thread,
					       sizeof(*cpus), cpus);
	errno = error;
	return error ? -1 : 0;
}

int vmm_start(struct vmm *vmm)
{
	int ret;

	pthread_mutex_lock(&vmm->lock);
	if (vmm->ended || vmm->started) {
		pthread_mutex_unlock(&vmm->lock);
		return fail_ended();
	}
	if (!vmm->paused && set_state(vmm, HVMOD_STATE_RUNNING, 0)) {
		pthread_mutex_unlock(&vmm->lock);
		return -1;
	}
	vmm->started = true;
	ret = devices_start(vmm);
	if (!ret)
		ret = make_threads(vmm);
	/* Those that were made end; vmm_destroy() joins them. */
	if (ret)
		end_locked(vmm, VMM_FAILED);
	pthread_mutex_unlock(&vmm->lock);
	if (ret)
		errno = ret;
	return ret ? -1 : 0;
}

int vmm_pause(struct vmm *vmm)
{
	bool ended;
	int ret = 0;

	pthread_mutex_lock(&vmm->lock);
	if (!vmm->ended && !vmm->paused) {
		ret = set_state(vmm, HVMOD_STATE_PAUSED, 0);
		vmm->paused = !ret;
		update_hold(vmm);
	}
	while (!ret && vmm->paused && !vmm->ended &&
	       vmm->parked < vmm->threads)
		pthread_cond_wait(&vmm->changed, &vmm->lock);
	ended = vmm->ended;
	pthread_mutex_unlock(&vmm->lock);
	return ended ? fail_ended() : ret;
}

int vmm_unpause(struct vmm *vmm)
{
	bool ended;
	int ret = 0;

	pthread_mutex_lock(&vmm->lock);
	ended = vmm->ended;
	if (!ended && vmm->paused) {
		if (vmm->started)
			ret = set_state(vmm, HVMOD_STATE_RUNNING, 0);
		vmm->paused = ret;
		update_hold(vmm);
	}
	pthread_mutex_unlock(&vmm->lock);
	return ended ? fail_ended() : ret;
}

void vmm_stop(struct vmm *vmm, enum vmm_outcome outcome)
{
	stop(vmm, outcome, "stopped from outside");
}

/**
 * life_fail() - the VMM can't go on; counts whatever the guest did
 * @vmm: the domain
 * @text: why
 */
void life_fail(struct vmm *vmm, const char *text)
{
	stop(vmm, VMM_FAILED, text);
}

enum vmm_action vmm_halted(struct vmm *vmm, enum vmm_outcome *outcome)
{
	enum vmm_action action;

	pthread_mutex_lock(&vmm->lock);
	action = vmm->ended ? VMM_ACTION_DESTROY : vmm->halted_by;
	*outcome = vmm->outcome;
	pthread_mutex_unlock(&vmm->lock);
	return action;
}

void vmm_reboot_at_poweroff(struct vmm *vmm, bool reboot)
{
	pthread_mutex_lock(&vmm->lock);
	vmm->reboot = reboot;
	pthread_mutex_unlock(&vmm->lock);
}

int vmm_pin(struct vmm *vmm, unsigned int vcpu, const cpu_set_t *cpus)
{
	struct vcpu *v = &vmm->vcpu[vcpu];
	int error;

	if (vcpu >= vmm->vcpus) {
		errno = EINVAL;
		return -1;
	}
	pthread_mutex_lock(&vmm->lock);
	v->cpus = *cpus;
	vmm->pins += !v->pin;
	v->pin = true;
	v->pin_error = 0;
	update_hold(vmm);
	while (vmm->started && v->pin && !vmm->ended)
		pthread_cond_wait(&vmm->changed, &vmm->lock);
	error = v->pin && vmm->ended ? ESHUTDOWN : v->pin_error;
	pthread_mutex_unlock(&vmm->lock);
	errno = error;
	return error ? -1 : 0;
}

const char *vmm_outcome_text(const struct vmm *vmm)
{
	return __atomic_load_n(&vmm->ended, __ATOMIC_ACQUIRE) ? vmm->text : "";
}

const char *vmm_error(const struct vmm *vmm)
{
	if (!__atomic_load_n(&vmm->ended, __ATOMIC_ACQUIRE) ||
	    vmm->outcome != VMM_FAILED)
		return "";
	return vmm->text;
}
