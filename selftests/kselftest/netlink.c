// SPDX-License-Identifier: GPL-2.0-only
/* The netlink family: answers, dumps, statistics and events. TAP. */
#define _GNU_SOURCE
#include <pthread.h>
#include <poll.h>
#include <time.h>

#include "guest.h"
#include "nl.h"

#define CPUIDS		1000
#define OUTS		50
#define MANY		200
#define CHANGES		10000

static int device;
static struct nl nl;

/* What a record or an event of a domain says. */
struct record {
	int cmd;
	unsigned int count;
	uint32_t id, state, reason, vcpus;
	uint64_t seq, seq_now;
	char name[64];
	unsigned char uuid[16];
};

static void take_domain(struct genlmsghdr *head, void *arg)
{
	struct nlattr **attrs = nl_attributes(head);
	struct record *record = arg;

	record->cmd = head->cmd;
	record->count++;
	record->id = nla_get_u32(attrs[HVMOD_A_DOMAIN_ID]);
	record->reason = nla_get_u32(attrs[HVMOD_A_DOMAIN_REASON]);
	record->seq = nla_get_u64(attrs[HVMOD_A_DOMAIN_SEQ]);
	snprintf(record->name, sizeof(record->name), "%s", nla_get_string(attrs[HVMOD_A_DOMAIN_NAME]));
	memcpy(record->uuid, nla_data(attrs[HVMOD_A_DOMAIN_UUID]), 16);
	record->state = 0;
	if (attrs[HVMOD_A_DOMAIN_STATE]) {
		record->state = nla_get_u32(attrs[HVMOD_A_DOMAIN_STATE]);
		record->vcpus = nla_get_u32(attrs[HVMOD_A_DOMAIN_VCPUS]);
		record->seq_now = nla_get_u64(attrs[HVMOD_A_DOMAIN_SEQ_NOW]);
	}
}

static int get_domain(uint32_t id, struct record *record)
{
	memset(record, 0, sizeof(*record));
	return nl_get(&nl, HVMOD_CMD_DOMAIN_GET, HVMOD_A_DOMAIN_ID, id, 0, 0, take_domain, record);
}

static int get_domain_by_name(const char *name, struct record *record)
{
	struct nl_msg *message = nl_request(&nl, HVMOD_CMD_DOMAIN_GET, NLM_F_ACK);

	memset(record, 0, sizeof(*record));
	nla_put_string(message, HVMOD_A_DOMAIN_NAME, name);
	return nl_ask(&nl, message, take_domain, record);
}

/* Ids of a dump, in order. */
struct ids {
	unsigned int count;
	uint32_t id[MANY + 16];
	bool rising;
};

static void take_id(struct genlmsghdr *head, void *arg)
{
	uint32_t id = nla_get_u32(nl_attributes(head)[HVMOD_A_DOMAIN_ID]);
	struct ids *ids = arg;

	if (ids->count && id <= ids->id[ids->count - 1])
		ids->rising = false;
	if (ids->count < MANY + 16)
		ids->id[ids->count++] = id;
}

static int dump_ids(struct ids *ids)
{
	memset(ids, 0, sizeof(*ids));
	ids->rising = true;
	return nl_ask_all(&nl, HVMOD_CMD_DOMAIN_GET, take_id, ids);
}

static void domains(void)
{
	struct hvmod_domain_create create = { .size = sizeof(create), .name = "named", .vcpus = 1,
					      .mem_max = 1 << 20,
					      .uuid = { 1, 2, 3, [15] = 0xff } };
	struct hvmod_domain_info info = { .size = sizeof(info) };
	struct record record, other;
	struct guest guest;
	struct ids ids;
	int fd;

	ok(!get_domain(0, &record) && !strcmp(record.name, "Domain-0") &&
	   record.state == HVMOD_STATE_RUNNING && record.vcpus, "Domain-0 by its id");
	ok(!get_domain_by_name("Domain-0", &other) && other.id == 0, "and by its name");
	ok(!dump_ids(&ids) && ids.count == 1 && ids.id[0] == 0, "it is alone at first");

	need(guest_create(device, &guest, "first", 2, 1 << 20), "HVMOD_DOMAIN_CREATE");
	ok(!get_domain(guest.id, &record) && !strcmp(record.name, "first") &&
	   record.state == HVMOD_STATE_CREATED, "a domain by its id");
	ok(!get_domain_by_name("first", &other) && other.id == guest.id, "and by its name");
	ok((record.uuid[6] >> 4) == 4 && (record.uuid[8] >> 6) == 2, "it has a random UUID");

	fd = ioctl(device, HVMOD_DOMAIN_CREATE, &create);
	ok(fd >= 0 && !get_domain(create.id, &record) && !memcmp(record.uuid, create.uuid, 16),
	   "a domain with a UUID of the creator's");
	snprintf(create.name, sizeof(create.name), "other");
	ok(ioctl(device, HVMOD_DOMAIN_CREATE, &create) < 0 && errno == EEXIST,
	   "which nobody else can have");
	ok(!ioctl(fd, HVMOD_DOMAIN_INFO, &info) && !memcmp(info.uuid, create.uuid, 16) &&
	   info.seq == record.seq, "ioctl and netlink tell the same");
	ok(!dump_ids(&ids) && ids.count == 3 && ids.rising, "a dump has all three");
	close(fd);
	guest_end(&guest);
	ok(get_domain(create.id, &record) == ENOENT && strstr(nl.text, "no such domain"),
	   "one that is gone: ENOENT, '%s'", nl.text);
}

static void wrong_requests(void)
{
	struct record record;
	struct nl_msg *message;

	ok(nl_ask(&nl, nl_request(&nl, HVMOD_CMD_DOMAIN_GET, NLM_F_ACK), NULL, NULL) == EINVAL &&
	   nl.text[0], "neither id nor name: '%s'", nl.text);
	message = nl_request(&nl, HVMOD_CMD_DOMAIN_GET, NLM_F_ACK);
	nla_put_u32(message, HVMOD_A_DOMAIN_ID, 0);
	nla_put_string(message, HVMOD_A_DOMAIN_NAME, "Domain-0");
	ok(nl_ask(&nl, message, NULL, NULL) == EINVAL, "both");
	ok(nl_get(&nl, HVMOD_CMD_DOMAIN_GET, HVMOD_A_DOMAIN_STATE, 1, 0, 0, NULL, NULL) == EINVAL,
	   "an attribute of answers: '%s'", nl.text);
	ok(nl_get(&nl, HVMOD_CMD_DOMAIN_GET, 63, 1, 0, 0, NULL, NULL) == EINVAL,
	   "an unknown attribute: '%s'", nl.text);
	message = nl_request(&nl, HVMOD_CMD_DOMAIN_GET, NLM_F_ACK);
	nla_put(message, HVMOD_A_DOMAIN_ID, 2, "ab");
	ok(nl_ask(&nl, message, NULL, NULL) == ERANGE || nl.error == EINVAL, "a short id");
	message = nl_request(&nl, HVMOD_CMD_DOMAIN_GET, NLM_F_ACK);
	nla_put(message, HVMOD_A_DOMAIN_NAME, 4, "abcd");
	ok(nl_ask(&nl, message, NULL, NULL) == EINVAL, "a name without NUL");
	ok(get_domain_by_name("nobody", &record) == ENOENT, "an unknown name");
	ok(get_domain(~0U, &record) == ENOENT, "an unknown id");
	ok(nl_get(&nl, HVMOD_CMD_VCPU_GET, HVMOD_A_VCPU_DOMAIN, 0, 0, 0, NULL, NULL) == EINVAL,
	   "a vCPU without index: '%s'", nl.text);
	ok(nl_get(&nl, HVMOD_CMD_VCPU_GET, HVMOD_A_VCPU_DOMAIN, 0, HVMOD_A_VCPU_INDEX, 9999, NULL,
		  NULL) == ENOENT, "a processor that is not there: '%s'", nl.text);
	ok(nl_get(&nl, HVMOD_CMD_VCPU_GET, HVMOD_A_VCPU_DOMAIN, 77777, HVMOD_A_VCPU_INDEX, 0, NULL,
		  NULL) == ENOENT, "a vCPU of no domain");
	ok(nl_ask(&nl, nl_request(&nl, 200, NLM_F_ACK), NULL, NULL) == EOPNOTSUPP,
	   "an unknown operation");
	ok(nl_ask(&nl, nl_request(&nl, HVMOD_CMD_DOMAIN_DELETED_NTF, NLM_F_ACK), NULL, NULL) ==
	   EOPNOTSUPP, "an event is no request");
}

/* Statistics of a domain: of one exit reason, and sums. */
struct stats {
	uint32_t reason;
	uint64_t resumed, driver, vmm, run_ns, msis, held, memory[8];
};

static void take_stats(struct genlmsghdr *head, void *arg)
{
	struct nlattr **attrs = nl_attributes(head), *attr, *in[8];
	struct stats *stats = arg;
	int rest;

	stats->run_ns = nla_get_u64(attrs[HVMOD_A_STATS_RUN_NS]);
	stats->msis = nla_get_u64(attrs[HVMOD_A_STATS_MSIS]);
	nla_for_each_attr(attr, genlmsg_attrdata(head, 0), genlmsg_attrlen(head, 0), rest) {
		if (nla_type(attr) == HVMOD_A_STATS_EXIT) {
			nla_parse_nested(in, 7, attr, NULL);
			if (nla_get_u32(in[HVMOD_A_EXIT_REASON]) != stats->reason)
				continue;
			stats->resumed = nla_get_u64(in[HVMOD_A_EXIT_RESUMED]);
			stats->driver = nla_get_u64(in[HVMOD_A_EXIT_DRIVER]);
			stats->vmm = nla_get_u64(in[HVMOD_A_EXIT_VMM]);
		} else if (nla_type(attr) == HVMOD_A_STATS_MEMORY) {
			nla_parse_nested(in, 7, attr, NULL);
			stats->memory[nla_get_u32(in[HVMOD_A_MEMORY_KIND]) % 8] =
				nla_get_u64(in[HVMOD_A_MEMORY_BYTES]);
			stats->held += nla_get_u64(in[HVMOD_A_MEMORY_BYTES]);
		}
	}
}

static int get_stats(uint32_t id, uint32_t reason, struct stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->reason = reason;
	return nl_get(&nl, HVMOD_CMD_STATS_GET, HVMOD_A_STATS_DOMAIN, id, 0, 0, take_stats, stats);
}

struct vcpu {
	unsigned int count;
	uint32_t activity, cpu, tid;
	uint64_t run_ns, halt_ns, exits;
};

static void take_vcpu(struct genlmsghdr *head, void *arg)
{
	struct nlattr **attrs = nl_attributes(head);
	struct vcpu *vcpu = arg;

	vcpu->count++;
	vcpu->activity = nla_get_u32(attrs[HVMOD_A_VCPU_ACTIVITY]);
	vcpu->cpu = attrs[HVMOD_A_VCPU_CPU] ? nla_get_u32(attrs[HVMOD_A_VCPU_CPU]) : ~0U;
	vcpu->tid = attrs[HVMOD_A_VCPU_TID] ? nla_get_u32(attrs[HVMOD_A_VCPU_TID]) : 0;
	vcpu->run_ns = nla_get_u64(attrs[HVMOD_A_VCPU_RUN_NS]);
	vcpu->halt_ns = nla_get_u64(attrs[HVMOD_A_VCPU_HALT_NS]);
	vcpu->exits = nla_get_u64(attrs[HVMOD_A_VCPU_EXITS]);
}

static int get_vcpu(uint32_t id, uint32_t index, struct vcpu *vcpu)
{
	memset(vcpu, 0, sizeof(*vcpu));
	return nl_get(&nl, HVMOD_CMD_VCPU_GET, HVMOD_A_VCPU_DOMAIN, id, HVMOD_A_VCPU_INDEX, index,
		      take_vcpu, vcpu);
}

/* CPUID many times, OUT some times, then it spins. */
static const char code_exits[] =
	"\xe9\x0d\xf0"			/* FFF0: jmp F000 */;
static const char code_work[] =
	"\xbf\xe8\x03"			/* mov $1000, %di */
	"\x31\xc0\x0f\xa2"		/* xor %ax, %ax; cpuid */
	"\x4f\x75\xf9"			/* dec %di; jnz cpuid */
	"\xbf\x32\x00"			/* mov $50, %di */
	"\xe6\x80"			/* out %al, $0x80 */
	"\x4f\x75\xfb"			/* dec %di; jnz out */
	"\xe6\x81\xeb\xfe"		/* out %al, $0x81; jmp . */;

static void statistics(void)
{
	struct hvmod_msi msi = { .size = sizeof(msi), .address = 0xfee00000, .data = 0x40 };
	struct hvmod_vcpu_plug plug = { .size = sizeof(plug) };
	struct stats stats, before;
	struct vcpu vcpu;
	struct guest guest;

	guest_start(device, &guest, "counted", 1, code_exits, sizeof(code_exits) - 1);
	memcpy(guest.memory, code_work, sizeof(code_work) - 1);
	ok(!get_vcpu(guest.id, 0, &vcpu) && vcpu.activity == HVMOD_ACTIVITY_STOPPED &&
	   vcpu.cpu == ~0U && !vcpu.tid && !vcpu.exits, "a vCPU that never ran");
	ok(!get_stats(guest.id, HVMOD_HW_EXIT_CPUID, &before) && !before.resumed && !before.run_ns,
	   "has done nothing");
	do {
		need(ioctl(guest.vcpu[0], HVMOD_VCPU_RUN), "HVMOD_VCPU_RUN");
		if (guest.run[0]->exit != HVMOD_EXIT_IO)
			errx(1, "exit %u, why %u", guest.run[0]->exit, guest.run[0]->why);
	} while (guest.run[0]->io.port == 0x80);
	get_stats(guest.id, HVMOD_HW_EXIT_CPUID, &stats);
	ok(!nl.error && stats.resumed + stats.driver == CPUIDS && stats.resumed > CPUIDS / 2 && !stats.vmm, "CPUID: %llu resumed, %llu cut off by an interrupt",
	   (unsigned long long)stats.resumed, (unsigned long long)stats.driver);
	get_stats(guest.id, HVMOD_HW_EXIT_IO, &stats);
	ok(!nl.error && stats.vmm == OUTS + 1 && !stats.resumed,
	   "OUT: %llu to the VMM", (unsigned long long)stats.vmm);
	get_stats(guest.id, HVMOD_HW_EXIT_EPT_VIOLATION, &stats);
	ok(!nl.error && stats.driver == 1 && stats.run_ns > 0, "one page fault, %llu ns in the guest", (unsigned long long)stats.run_ns);
	ok(stats.memory[HVMOD_MEMORY_GUEST] == GUEST_BYTES &&
	   stats.memory[HVMOD_MEMORY_TABLES] >= before.memory[HVMOD_MEMORY_TABLES] + 3 * 4096 &&
	   stats.memory[HVMOD_MEMORY_CORE] >= 6 * 4096 && stats.memory[HVMOD_MEMORY_DRIVER] > 4096 &&
	   stats.held < 1 << 20, "it holds %llu bytes: one guest page, tables, and what else it takes",
	   (unsigned long long)stats.held);
	ok(!get_vcpu(guest.id, 0, &vcpu) && vcpu.tid == (uint32_t)gettid() && vcpu.cpu != ~0U &&
	   vcpu.exits >= CPUIDS + OUTS + 2, "its vCPU was run by this thread");
	ioctl(guest.fd, HVMOD_MSI, &msi);
	ok(!get_stats(guest.id, 0, &stats) && stats.msis == 1, "an MSI is counted");
	ioctl(guest.vcpu[0], HVMOD_VCPU_PLUG, &plug);
	ok(!get_vcpu(guest.id, 0, &vcpu) && vcpu.activity == HVMOD_ACTIVITY_UNPLUGGED &&
	   vcpu.exits >= CPUIDS + OUTS + 2, "its vCPU is not plugged in any more");
	plug.plugged = 1;
	ioctl(guest.vcpu[0], HVMOD_VCPU_PLUG, &plug);
	ok(!get_vcpu(guest.id, 0, &vcpu) && vcpu.activity == HVMOD_ACTIVITY_STOPPED, "and is again");
	guest_end(&guest);

	/* A domain alone takes dozens; more processors synchronise more often. */
	get_stats(0, HVMOD_HW_EXIT_VMCALL, &stats);
	ok(!nl.error && stats.resumed > 50 && stats.run_ns > 0,
	   "Domain-0 has statistics: %llu calls of the gate, %llu ns",
	   (unsigned long long)stats.resumed, (unsigned long long)stats.run_ns);
	before = stats;
	ok(!get_stats(0, HVMOD_HW_EXIT_VMCALL, &stats) && stats.resumed > before.resumed &&
	   stats.run_ns >= before.run_ns, "that grow");
	memset(&vcpu, 0, sizeof(vcpu));
	ok(!nl_ask_all(&nl, HVMOD_CMD_VCPU_GET, take_vcpu, &vcpu) &&
	   vcpu.count == (unsigned int)sysconf(_SC_NPROCESSORS_ONLN), "its vCPUs are the processors");
}

struct host {
	uint32_t abi, domains, cpus;
	uint64_t promised, total, core_pages, seq;
};

static void take_host(struct genlmsghdr *head, void *arg)
{
	struct nlattr **attrs = nl_attributes(head);
	struct host *host = arg;

	host->abi = nla_get_u32(attrs[HVMOD_A_HOST_ABI_VERSION]);
	host->domains = nla_get_u32(attrs[HVMOD_A_HOST_DOMAINS]);
	host->cpus = nla_get_u32(attrs[HVMOD_A_HOST_CPUS]);
	host->promised = nla_get_u64(attrs[HVMOD_A_HOST_MEM_PROMISED]);
	host->total = nla_get_u64(attrs[HVMOD_A_HOST_MEM_TOTAL]);
	host->core_pages = nla_get_u64(attrs[HVMOD_A_HOST_CORE_PAGES]);
	host->seq = nla_get_u64(attrs[HVMOD_A_HOST_SEQ_NOW]);
}

static void get_host(struct host *host)
{
	memset(host, 0, sizeof(*host));
	if (nl_ask(&nl, nl_request(&nl, HVMOD_CMD_HOST_GET, NLM_F_ACK), take_host, host))
		errx(1, "HVMOD_CMD_HOST_GET: %s", strerror(nl.error));
}

static void host(void)
{
	struct host before, now;
	struct guest guest;

	get_host(&before);
	ok(before.abi == HVMOD_ABI_VERSION && !before.domains && before.core_pages > 100 &&
	   before.cpus == (uint32_t)sysconf(_SC_NPROCESSORS_ONLN) && !before.promised, "the host");
	need(guest_create(device, &guest, "one", 1, 8 << 20), "HVMOD_DOMAIN_CREATE");
	get_host(&now);
	ok(now.domains == 1 && now.promised > 8 << 20 && now.seq == before.seq + 1,
	   "one domain more, that may hold %llu bytes, and one event",
	   (unsigned long long)now.promised);
	guest_end(&guest);
	get_host(&now);
	ok(!now.domains && !now.promised, "and none again");
}

static int next_event(struct nl *events, struct record *record)
{
	struct pollfd poll_fd = { .fd = nl_socket_get_fd(events->socket), .events = POLLIN };

	memset(record, 0, sizeof(*record));
	if (poll(&poll_fd, 1, 5000) != 1)
		return ETIMEDOUT;
	return nl_events(events, take_domain, record);
}

static void events(void)
{
	struct record record;
	struct guest guest;
	struct nl listener;
	struct host host;
	uint64_t seq;

	nl_begin(&listener);
	nl_subscribe(&listener, 0);
	get_host(&host);
	seq = host.seq;
	need(guest_create(device, &guest, "told", 2, 1 << 20), "HVMOD_DOMAIN_CREATE");
	next_event(&listener, &record);
	ok(record.cmd == HVMOD_CMD_DOMAIN_CREATED_NTF && record.id == guest.id && record.seq == ++seq && record.state == HVMOD_STATE_CREATED,
	   "created, number %llu", (unsigned long long)record.seq);
	guest_vcpu(&guest, 0);
	ok(!next_event(&listener, &record) && record.cmd == HVMOD_CMD_DOMAIN_CHANGED_NTF &&
	   record.vcpus == 1 && record.seq == ++seq, "a vCPU was made");
	guest_set_state(&guest, HVMOD_STATE_RUNNING, HVMOD_REASON_NONE);
	ok(!next_event(&listener, &record) && record.state == HVMOD_STATE_RUNNING &&
	   record.seq == ++seq, "it runs");
	guest_set_state(&guest, HVMOD_STATE_RUNNING, HVMOD_REASON_NONE);
	guest_set_state(&guest, HVMOD_STATE_SHUTDOWN, HVMOD_REASON_POWEROFF);
	ok(!next_event(&listener, &record) && record.state == HVMOD_STATE_SHUTDOWN &&
	   record.reason == HVMOD_REASON_POWEROFF && record.seq == ++seq,
	   "it powered off; what changes nothing is no event");
	guest_end(&guest);
	ok(!next_event(&listener, &record) && record.state == HVMOD_STATE_DYING &&
	   record.seq == ++seq, "it goes");
	ok(!next_event(&listener, &record) && record.cmd == HVMOD_CMD_DOMAIN_DELETED_NTF &&
	   !strcmp(record.name, "told") && record.seq == ++seq &&
	   record.reason == HVMOD_REASON_POWEROFF, "it is gone");
	ok(nl_events(&listener, take_domain, &record) == EAGAIN, "that is all");
	nl_end(&listener);
}

/* Domains that come and go while somebody dumps. */
static volatile bool churn_stop;
static volatile unsigned int churn_pause;

static void *churn(void *arg __attribute__((unused)))
{
	struct guest guest;

	while (!churn_stop) {
		if (guest_create(device, &guest, "churn", 1, 1 << 16) < 0)
			err(1, "HVMOD_DOMAIN_CREATE");
		close(guest.fd);
		usleep(churn_pause);
	}
	return NULL;
}

static void many(void)
{
	static struct guest guests[MANY];
	unsigned int i, whole = 0, overtaken = 0, wrong = 0;
	uint32_t first;
	struct ids ids;
	pthread_t thread;
	char name[32];

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many-%u", i);
		need(guest_create(device, &guests[i], name, 1, 1 << 16), "HVMOD_DOMAIN_CREATE");
	}
	first = guests[0].id;
	dump_ids(&ids);
	ok(!nl.error && ids.count == MANY + 1 && ids.rising && !nl.interrupted,
	   "a dump of %u domains, in several messages", ids.count);
	pthread_create(&thread, NULL, churn, NULL);
	for (i = 0; i < 40; i++) {
		churn_pause = i < 20 ? 0 : 50000;
		dump_ids(&ids);
		if (nl.interrupted) {
			overtaken++;
			continue;
		}
		whole++;
		/* All that were there all the time are in it, each once. */
		for (unsigned int n = 0; n < MANY; n++)
			wrong += ids.id[1 + n] != first + n;
		wrong += !ids.rising || ids.count < MANY + 1 || ids.count > MANY + 2;
	}
	churn_stop = true;
	pthread_join(thread, NULL);
	ok(!wrong && whole && overtaken, "while others come and go: %u dumps whole, %u say that they were overtaken", whole,
	   overtaken);
	for (i = 0; i < MANY; i++)
		close(guests[i].fd);
	ok(!dump_ids(&ids) && ids.count == 1, "all gone");
}

/* A reader of events that loses nothing without knowing. */
struct reader {
	uint64_t last, seen, lost;
	uint32_t state;
};

static void *changes(void *arg)
{
	for (int i = 0; i < CHANGES; i++)
		guest_set_state(arg, i & 1 ? HVMOD_STATE_PAUSED : HVMOD_STATE_RUNNING,
				HVMOD_REASON_NONE);
	return NULL;
}

static void read_changes(int buffer, bool all)
{
	struct reader reader = { 0 };
	unsigned int overruns = 0;
	bool overrun = false;
	struct record record;
	struct guest guest;
	struct nl listener;
	struct host host;
	pthread_t thread;
	uint64_t start;
	int ret;

	need(guest_create(device, &guest, "fast", 1, 1 << 20), "HVMOD_DOMAIN_CREATE");
	nl_begin(&listener);
	nl_subscribe(&listener, buffer);
	get_host(&host);
	reader.last = start = host.seq;
	pthread_create(&thread, NULL, changes, &guest);
	while (reader.last < start + CHANGES) {
		ret = overrun ? nl_events(&listener, take_domain, &record) : next_event(&listener, &record);
		if (ret == ENOBUFS) {
			overruns++;
			overrun = true;
			continue;
		}
		if (ret == EAGAIN && overrun) {
			/* Of losses the socket tells once until it is empty. Who was told asks then how things stand. */
			if (get_domain(guest.id, &record))
				break;
			reader.lost += record.seq - reader.last;
			reader.last = record.seq;
			reader.state = record.state;
			overrun = false;
		} else if (ret) {
			break;
		}
		if (record.seq > reader.last) {
			if (record.seq != reader.last + 1)
				reader.lost += record.seq - reader.last - 1;
			reader.last = record.seq;
			reader.state = record.state;
			reader.seen++;
		}
	}
	pthread_join(thread, NULL);
	get_domain(guest.id, &record);
	ok(reader.last == start + CHANGES && reader.state == record.state &&
	   reader.seen + reader.lost == CHANGES && (!reader.lost || overruns),
	   "%d changes, buffer of %d: %llu seen, %llu known to be lost, %u times told so", CHANGES,
	   buffer, (unsigned long long)reader.seen, (unsigned long long)reader.lost, overruns);
	if (all)
		ok(!reader.lost, "a buffer that is large enough loses none");
	nl_end(&listener);
	guest_end(&guest);
}

static void churned(void)
{
	read_changes(0, false);
	read_changes(64 << 20, true);
}

int main(int argc, char **argv)
{
	static const struct tap_part parts[] = {
		{ "domains", domains },
		{ "wrong", wrong_requests },
		{ "statistics", statistics },
		{ "host", host },
		{ "events", events },
		{ "many", many },
		{ "changes", churned },
		{ NULL, NULL },
	};

	device = device_open();
	if (!nl_begin(&nl)) {
		fprintf(stderr, "netlink: no family of the name\n");
		return 1;
	}
	tap_parts(parts, argc, argv);
	nl_end(&nl);
	return tap_done();
}
