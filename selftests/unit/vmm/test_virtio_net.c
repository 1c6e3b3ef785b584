// SPDX-License-Identifier: GPL-2.0-only
/* The network device and its backends; the other end is a socket of the test's. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_pci.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver.h"
#include "net_driver.h"
#include "tap.h"

#define BIT(n)		(1ULL << (n))
#define MERGEABLE	BIT(VIRTIO_NET_F_MRG_RXBUF)
#define RX		0
#define TX		1
#define TX_DATA		(DRIVER_DATA + 0x100000)
#define CONFIG		0x1000	/* of the device, in its BAR */

static int other;	/* end of the cable */
static int type;	/* of its socket */
static bool header;	/* frames have one */

static struct virtio_device *create(const struct virtio_machine *machine)
{
	static const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };
	struct net_backend *backend;
	int ends[2];

	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends))
		abort();
	other = ends[0];
	backend = type == SOCK_STREAM ? net_stream_create(ends[1]) :
		  net_tap_create(ends[1], header, 0);
	return virtio_net_create(machine, backend, mac);
}

static const struct driver_device net = { "net", create, TX, net_tx_request, ANSWERED, 0 };

static void attach(int socket_type, bool with_header, uint64_t features)
{
	type = socket_type;
	header = with_header;
	driver_attach(&net);
	driver_up(features);
}

static void detach(void)
{
	close(other);
	driver_detach();
}

static uint8_t pattern(size_t i)
{
	return (uint8_t)(i * 7 + (i >> 8));
}

static void fill(uint8_t *bytes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		bytes[i] = pattern(i);
}

static bool filled(const uint8_t *bytes, size_t count)
{
	size_t i;

	for (i = 0; i < count && bytes[i] == pattern(i); i++)
		;
	return i == count;
}

/* A frame of @bytes bytes at TX_DATA, its header before it. */
static void put_frame(size_t bytes)
{
	memset(driver_memory(TX_DATA), 0, NET_HEADER);
	fill((uint8_t *)driver_memory(TX_DATA) + NET_HEADER, bytes);
}

static void send_one(uint16_t head)
{
	driver_submit(TX, head);
	driver_kick(TX);
	driver_pump();
}

/* The worker has nothing to do any more. */
static bool is_quiet(void)
{
	unsigned int steps = 0;

	while (steps < 1000 && virtio_worker_step(driver.device, 0))
		steps++;
	return steps < 1000;
}

static void offer(uint16_t index, uint32_t bytes)
{
	driver_desc(RX, index, DRIVER_DATA + 0x10000ULL * index, bytes, F_WRITE, 0);
	driver_submit(RX, index);
}

static uint8_t *buffer(uint16_t index)
{
	return driver_memory(DRIVER_DATA + 0x10000ULL * index);
}

static unsigned int buffers_of(uint16_t index)
{
	return ((struct virtio_net_hdr_v1 *)buffer(index))->num_buffers;
}

static void test_send(void)
{
	uint8_t got[4096];

	attach(SOCK_DGRAM, true, 0);
	put_frame(100);
	driver_desc(TX, 0, TX_DATA, 5, F_NEXT, 1);
	driver_desc(TX, 1, TX_DATA + 5, 60, F_NEXT, 2);
	driver_desc(TX, 2, TX_DATA + 65, 47, 0, 0);
	send_one(0);
	ok(read(other, got, sizeof(got)) == 112 && filled(got + NET_HEADER, 100),
	   "a frame in three pieces is sent with its header");
	ok(driver_used(TX) == 1 && driver_used_length(TX, 0) == 0, "and given back");
	detach();

	attach(SOCK_DGRAM, false, 0);
	put_frame(100);
	driver_desc(TX, 0, TX_DATA, 5, F_NEXT, 1);
	driver_desc(TX, 1, TX_DATA + 5, 60, F_NEXT, 2);
	driver_desc(TX, 2, TX_DATA + 65, 47, 0, 0);
	send_one(0);
	ok(read(other, got, sizeof(got)) == 100 && filled(got, 100), "or without");
	driver_desc(TX, 0, TX_DATA, 12, F_NEXT, 1);
	driver_desc(TX, 1, TX_DATA + 12, 100, 0, 0);
	send_one(0);
	ok(read(other, got, sizeof(got)) == 100 && filled(got, 100), "with one in a piece of its own too");
	*(uint8_t *)driver_memory(TX_DATA) = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	send_one(0);
	*(uint8_t *)driver_memory(TX_DATA) = 0;
	*((uint8_t *)driver_memory(TX_DATA) + 1) = VIRTIO_NET_HDR_GSO_TCPV4;
	send_one(0);
	ok(read(other, got, sizeof(got)) < 0 && driver_used(TX) == 4,
	   "what the other end can't do is lost");
	driver_desc(TX, 0, TX_DATA, NET_HEADER + NET_FRAME_MAX + 1, 0, 0);
	send_one(0);
	ok(driver_used(TX) == 5 && !(driver_status() & NEEDS_RESET), "and a frame that is too long");
	driver_desc(TX, 0, TX_DATA, NET_HEADER, 0, 0);
	send_one(0);
	ok(driver_status() & NEEDS_RESET && driver_used(TX) == 5, "a header alone is no frame");
	driver_up(0);
	driver_desc(TX, 0, TX_DATA, 64, F_NEXT, 1);
	driver_desc(TX, 1, TX_DATA, 64, F_WRITE, 0);
	send_one(0);
	ok(driver_status() & NEEDS_RESET, "nor is one with something to write");
	detach();
}

static void test_send_waits(void)
{
	unsigned int sent = 0;
	unsigned int got = 0;
	uint8_t bytes[200];
	uint16_t used;
	bool good = true;

	attach(SOCK_DGRAM, false, 0);
	put_frame(100);
	while (sent < 1000 && driver_used(TX) == sent) {
		driver_desc(TX, 0, TX_DATA, 112, 0, 0);
		send_one(0);
		sent++;
	}
	used = driver_used(TX);
	ok(sent < 1000 && used == sent - 1, "a frame waits while the other end takes none");
	while (good && read(other, bytes, sizeof(bytes)) == 100) {
		good = filled(bytes, 100);
		got++;
		driver_pump();
	}
	ok(good && got == sent && driver_used(TX) == sent && driver.message_count,
	   "and goes, once, when it can: %u", got);
	detach();
}

static void test_receive(void)
{
	uint8_t frame[3000];

	fill(frame, sizeof(frame));
	attach(SOCK_DGRAM, false, 0);
	offer(0, 2048);
	offer(1, 2048);
	driver_kick(RX);
	driver_pump();
	ok(!driver_used(RX), "nothing comes when nothing is sent");
	write(other, frame, 100);
	driver_pump();
	ok(driver_used(RX) == 1 && driver_used_length(RX, 0) == 112 && buffers_of(0) == 1 &&
	   filled(buffer(0) + NET_HEADER, 100), "a frame comes");
	write(other, frame, 2100);
	write(other, frame, 60);
	driver_pump();
	ok(driver_used(RX) == 2 && driver_used_length(RX, 1) == 72,
	   "one that does not fit is lost, the next is not");
	write(other, frame, 61);
	driver_pump();
	ok(driver_used(RX) == 2, "one waits for a buffer");
	offer(2, 2048);
	driver_kick(RX);
	driver_pump();
	ok(driver_used(RX) == 3 && driver_used_length(RX, 2) == 73, "and comes with it");
	offer(3, NET_HEADER);
	driver_kick(RX);
	driver_pump();
	write(other, frame, 61);
	driver_pump();
	ok(driver_status() & NEEDS_RESET, "a buffer without room");
	driver_up(0);
	driver_desc(RX, 0, DRIVER_DATA, 64, F_NEXT, 1);
	driver_desc(RX, 1, DRIVER_DATA, 2048, F_WRITE, 0);
	driver_submit(RX, 0);
	driver_kick(RX);
	write(other, frame, 61);
	driver_pump();
	ok(driver_status() & NEEDS_RESET, "a buffer to read");
	detach();
}

static bool merged(size_t bytes, uint32_t each)
{
	size_t done = 0;
	size_t here = each - NET_HEADER;
	uint8_t *at = buffer(0) + NET_HEADER;
	uint16_t i;
	size_t j;

	for (i = 0; done < bytes; i++) {
		for (j = 0; j < here && done < bytes; j++, done++) {
			if (at[j] != pattern(done))
				return false;
		}
		at = buffer((uint16_t)(i + 1));
		here = each;
	}
	return true;
}

static void test_merge(void)
{
	static const uint8_t zero[NET_HEADER];
	uint8_t frame[3000 + NET_HEADER] = {};
	uint16_t i;

	fill(frame + NET_HEADER, 3000);
	attach(SOCK_DGRAM, true, MERGEABLE);
	for (i = 0; i < 3; i++)
		offer(i, 1000);
	driver_kick(RX);
	driver_pump();
	write(other, frame, sizeof(frame));
	driver_pump();
	ok(!driver_used(RX), "a frame of four buffers waits for the fourth");
	offer(3, 1000);
	driver_kick(RX);
	driver_pump();
	ok(driver_used(RX) == 4 && buffers_of(0) == 4 && merged(3000, 1000),
	   "and is there in all of them at once");
	ok(driver_used_length(RX, 0) == 1000 && driver_used_length(RX, 3) == 12,
	   "each says how much is in it");
	ok(!memcmp(buffer(0), zero, 10), "the header is the other end's");

	for (i = 0; i < 2; i++)
		offer(i, 1000);
	driver_kick(RX);
	driver_pump();
	write(other, frame, sizeof(frame));
	driver_pump();
	driver_set_status(0);
	driver_pump();
	driver_up(MERGEABLE);
	for (i = 0; i < 4; i++)
		offer(i, 1000);
	driver_kick(RX);
	write(other, frame, 500 + NET_HEADER);
	driver_pump();
	ok(driver_used(RX) == 1 && driver_used_length(RX, 0) == 512 && buffers_of(0) == 1,
	   "a reset forgets the half of a frame");

	/* The driver takes buffers for granted that were not given back. */
	driver_up(MERGEABLE);
	for (i = 0; i < 32 && !(driver_status() & NEEDS_RESET); i++) {
		offer(i % 8, 20);
		driver_kick(RX);
		if (!i)
			write(other, frame, sizeof(frame));
		driver_pump();
	}
	ok(i == 9 && driver_status() & NEEDS_RESET && !driver_used(RX),
	   "no frame takes more buffers than a queue has");
	detach();
}

static void send_stream(const void *bytes, size_t count)
{
	if (write(other, bytes, count) != (ssize_t)count)
		abort();
}

static void prefixed(uint8_t *at, uint32_t bytes)
{
	uint32_t prefix = htonl(bytes);

	memcpy(at, &prefix, sizeof(prefix));
	fill(at + 4, bytes);
}

static uint16_t link_status(void)
{
	return (uint16_t)driver_read(CONFIG + offsetof(struct virtio_net_config, status), 2);
}

static void test_stream(void)
{
	static uint8_t bytes[4096];
	size_t i;

	attach(SOCK_STREAM, false, 0);
	put_frame(100);
	driver_desc(TX, 0, TX_DATA, 50, F_NEXT, 1);
	driver_desc(TX, 1, TX_DATA + 50, 62, 0, 0);
	send_one(0);
	ok(read(other, bytes, sizeof(bytes)) == 104 && !memcmp(bytes, "\0\0\0\144", 4) &&
	   filled(bytes + 4, 100), "stream: a frame goes behind its length");

	for (i = 0; i < 8; i++)
		offer((uint16_t)i, 2048);
	driver_kick(RX);
	prefixed(bytes, 200);
	for (i = 0; i < 204; i++) {
		driver_pump();
		check(!driver_used(RX));
		send_stream(bytes + i, 1);
	}
	driver_pump();
	ok(driver_used(RX) == 1 && driver_used_length(RX, 0) == 212 &&
	   filled(buffer(0) + NET_HEADER, 200), "stream: a frame comes byte by byte");
	prefixed(bytes, 60);
	prefixed(bytes + 64, 70);
	prefixed(bytes + 138, 80);
	send_stream(bytes, 150);
	driver_pump();
	ok(driver_used(RX) == 3, "stream: two and a part come");
	send_stream(bytes + 150, 72);
	driver_pump();
	ok(driver_used(RX) == 4 && driver_used_length(RX, 3) == 92 &&
	   filled(buffer(3) + NET_HEADER, 80), "stream: and the rest of the third");

	ok(link_status() == VIRTIO_NET_S_LINK_UP, "stream: the link is up");
	driver.message_count = 0;
	prefixed(bytes, 60);
	send_stream(bytes, 64);
	close(other);
	driver_pump();
	ok(driver_used(RX) == 5 && link_status() == 0 && driver.message_count == 2 &&
	   (driver.messages[0] == 0x40) + (driver.messages[1] == 0x40) == 1,
	   "stream: the last frame comes before the link is down");
	driver_desc(TX, 0, TX_DATA, 112, 0, 0);
	send_one(0);
	ok(driver_used(TX) == 2, "stream: what is sent then is lost");
	driver_up(0);
	driver_desc(TX, 0, TX_DATA, 112, 0, 0);
	send_one(0);
	ok(link_status() == 0 && driver_used(TX) == 1, "stream: a reset does not bring it back");
	driver_detach();
}

static void test_stream_lengths(void)
{
	static const uint32_t lengths[] = { 0, NET_FRAME_MAX + 1, 0x80000000, UINT32_MAX };
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint32_t prefix = htonl(lengths[i]);

		attach(SOCK_STREAM, false, 0);
		offer(0, 2048);
		driver_kick(RX);
		driver_pump();
		send_stream(&prefix, sizeof(prefix));
		driver_pump();
		ok(link_status() == 0 && !driver_used(RX),
		   "stream: a frame of %#x bytes ends the link", lengths[i]);
		detach();
	}
}

static void test_stream_full(void)
{
	const size_t whole = 4 + 60000;
	uint8_t *bytes = malloc(whole);
	unsigned int sent = 0;
	unsigned int got = 0;
	size_t have = 0;
	bool good = true;
	ssize_t n;

	attach(SOCK_STREAM, false, 0);
	put_frame(60000);
	while (sent < 1000 && driver_used(TX) == sent) {
		driver_desc(TX, 0, TX_DATA, NET_HEADER + 60000, 0, 0);
		send_one(0);
		sent++;
	}
	ok(sent < 1000, "stream: a frame waits while the socket is full");
	while (good && (n = read(other, bytes + have, whole - have)) > 0) {
		have += (size_t)n;
		driver_pump();
		if (have < whole)
			continue;
		good = filled(bytes + 4, 60000);
		have = 0;
		got++;
	}
	ok(good && !have && got == sent && driver_used(TX) == sent,
	   "stream: all come whole and in order: %u", got);

	/* The driver breaks a ring while a frame waits. */
	driver_up(0);
	for (sent = 0; sent < 1000 && driver_used(TX) == sent; sent++) {
		driver_desc(TX, 0, TX_DATA, NET_HEADER + 60000, 0, 0);
		send_one(0);
	}
	driver_avail_index(RX, 0x4000);
	driver_kick(RX);
	driver_pump();
	while (read(other, bytes, whole) > 0)
		is_quiet();
	ok(driver_status() & NEEDS_RESET && is_quiet(), "stream: a frame of a device that has failed waits for nothing");

	/* The other end goes while a frame waits. */
	driver_up(0);
	for (sent = 0; sent < 1000 && driver_used(TX) == sent; sent++) {
		driver_desc(TX, 0, TX_DATA, NET_HEADER + 60000, 0, 0);
		send_one(0);
	}
	close(other);
	driver_pump();
	ok(driver_used(TX) == sent && link_status() == 0, "stream: nothing waits for an end that is gone");
	driver_detach();
	free(bytes);
}

static void test_mac(void)
{
	uint8_t mac[4][6];

	net_default_mac(mac[0], "web", 0);
	net_default_mac(mac[1], "web", 0);
	net_default_mac(mac[2], "web", 1);
	net_default_mac(mac[3], "web2", 0);
	ok((mac[0][0] & 3) == 2 && (mac[2][0] & 3) == 2, "a default address is local and for one");
	ok(!memcmp(mac[0], mac[1], 6) && memcmp(mac[0], mac[2], 6) && memcmp(mac[0], mac[3], 6),
	   "the same for a device, others for others");
	attach(SOCK_DGRAM, false, 0);
	ok(driver_read(CONFIG, 1) == 2 && driver_read(CONFIG + 5, 1) == 5, "the guest reads its address");
	detach();
}

static bool refused(const struct vmm_net *config, int error, const char *text)
{
	char err[512] = "";
	struct net_backend *backend = net_open(config, err, sizeof(err));

	if (backend)
		backend->ops->destroy(backend);
	if (!backend && errno == error && strstr(err, text) && strstr(err, "\nhint: "))
		return true;
	printf("# errno %d, %s\n", errno, err);
	return false;
}

static void test_refused(void)
{
	char path[] = "/tmp/hvmod-net-XXXXXX";
	const char *old = getenv("PATH");
	struct vmm_net config = { .kind = VMM_NET_TAP, .name = "nosuchtap0" };

	ok(refused(&config, ENXIO, "tap nosuchtap0: there is no such interface"), "no such tap");
	config.name = "a-name-that-is-longer-than-one-can-be";
	ok(refused(&config, ENXIO, "no such interface"), "a name that is too long");
	config.kind = VMM_NET_FD;
	config.fd = 1000;
	ok(refused(&config, EBADF, "descriptor 1000: it is not open"), "no such descriptor");
	config.fd = open("/dev/null", O_RDWR);
	ok(refused(&config, EINVAL, "is no tap"), "a descriptor of something else");
	close(config.fd);
	config.kind = VMM_NET_PASST;
	config.name = "/nowhere/passt.socket";
	ok(refused(&config, ENOTCONN, "no such socket"), "no passt socket");
	close(mkstemp(path));
	config.name = path;
	ok(refused(&config, ECONNREFUSED, "no passt listens"), "a file that is no socket");
	unlink(path);
	config.name = NULL;
	setenv("PATH", "/nowhere", 1);
	ok(refused(&config, EHOSTUNREACH, "passt: it is not installed"), "no passt");
	setenv("PATH", old, 1);
}

static void test_tap(void)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI, .ifr_name = "hvmodtest%d" };
	int holder = open("/dev/net/tun", O_RDWR);
	struct net_backend *backend;
	struct vmm_net config = { .kind = VMM_NET_TAP };
	char err[512] = "";

	if (holder < 0 || ioctl(holder, TUNSETIFF, &request)) {
		tap_skip("a tap of the host", "taps cannot be made here");
		close(holder);
		return;
	}
	config.name = request.ifr_name;
	ok(refused(&config, EBUSY, "another process has it"), "a tap in use");
	ioctl(holder, TUNSETPERSIST, 1);
	config.kind = VMM_NET_FD;
	config.fd = dup(holder);
	backend = net_open(&config, err, sizeof(err));
	close(config.fd);
	ok(backend && !backend->header && !backend->features, "a tap by descriptor, without offloads");
	if (backend)
		backend->ops->destroy(backend);
	close(holder);
	config.kind = VMM_NET_TAP;
	backend = net_open(&config, err, sizeof(err));
	ok(backend && backend->header && backend->features & BIT(VIRTIO_NET_F_HOST_TSO4),
	   "a tap by name, with them");
	if (backend) {
		ioctl(backend->fd, TUNSETPERSIST, 0);
		backend->ops->destroy(backend);
	}
}

/* Frames that come as fast as they are lost: the worker has other work too. */
static void test_flood(void)
{
	static const struct driver_device plenty = { "net", net_plenty_create, RX, net_rx_request, ANSWERED, 0 };
	const unsigned int flood = 1000000;

	driver_attach(&plenty);
	driver_up(0);
	net_have_frames(flood);
	offer(0, 20);
	driver_kick(RX);
	virtio_worker_step(driver.device, 0);
	ok(net_frames < flood && net_frames > flood - 1000, "frames that do not fit are lost, %u at a time",
	   flood - net_frames);
	driver_set_status(0);
	virtio_worker_step(driver.device, 0);
	ok(driver_status() == 0, "and a reset is done meanwhile");
	driver_up(0);
	net_have_frames(5000);
	offer(0, 20);
	driver_kick(RX);
	driver_pump();
	ok(!net_frames && driver_status() == ALIVE, "in the end all are");
	driver_detach();
}

int main(void)
{
	test_send();
	test_send_waits();
	test_receive();
	test_merge();
	test_stream();
	test_stream_lengths();
	test_stream_full();
	test_flood();
	test_mac();
	test_refused();
	test_tap();
	return tap_done();
}
