// SPDX-License-Identifier: GPL-2.0-only
/* Configurations: keys, the text format, JSON, defaults. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config.h"
#include "disk_option.h"
#include "fs_option.h"
#include "net_option.h"
#include "hvctl.h"
#include "tap.h"
#include "vsock_option.h"

struct globals globals = { .color = 0, .timeout_ms = -1 };

static char message[4096];

/* What goes to stderr while a test runs is its message. */
static int capture(int (*parse)(struct domain_config *, const char *),
		   struct domain_config *config, const char *text)
{
	int saved = dup(STDERR_FILENO), file = memfd_create("stderr", 0), ret;
	ssize_t n;

	fflush(stderr);
	dup2(file, STDERR_FILENO);
	ret = parse(config, text);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = pread(file, message, sizeof(message) - 1, 0);
	message[n < 0 ? 0 : n] = '\0';
	close(file);
	return ret;
}

static int parse_text(struct domain_config *config, const char *text)
{
	return config_parse_text(config, "x.cfg", text);
}

static int parse_json(struct domain_config *config, const char *text)
{
	return config_parse_json(config, "x.json", text);
}

static int parse_argument(struct domain_config *config, const char *text)
{
	return config_argument(config, text);
}

static int complete(struct domain_config *config, const char *text)
{
	(void)text;
	return config_complete(config);
}

static void refuse(int (*parse)(struct domain_config *, const char *),
		   const char *text, const char *part)
{
	struct domain_config config = { 0 };
	char what[256];
	int ret = capture(parse, &config, text);

	snprintf(what, sizeof(what), "refused: %.40s", text);
	for (char *p = what; *p; p++) {
		if (*p == '\n' || *p == '#')
			*p = ' ';
	}
	if (!ok(ret == HVCTL_USAGE && strstr(message, part), what))
		printf("# status %d, message %s", ret, message);
	config_free(&config);
}

static void test_text(void)
{
	static const char text[] =
		"# a domain\n"
		"name = \"web\"   # its name\n"
		"\n"
		"vcpus=4;memory = '2G'\r\n"
		"kernel = /boot/vmlinuz\n"
		"initrd = \"/boot/initrd with blank\"\n"
		"cmdline = \"console=ttyS0 a=\\\"b\\\" c#d;e\"";
	struct domain_config config = { 0 };

	ok(!capture(parse_text, &config, text), "a file is read");
	same(config.name, "web", "name");
	ok(config.vcpus == 4, "vcpus, before a semicolon");
	ok(config.memory == 2ULL << 30, "memory, in single quotes");
	same(config.kernel, "/boot/vmlinuz", "kernel, without quotes");
	same(config.ramdisk, "/boot/initrd with blank", "initrd is ramdisk");
	same(config.cmdline, "console=ttyS0 a=\"b\" c#d;e", "cmdline, with quotes inside");
	config_free(&config);
	ok(!capture(parse_text, &config, ""), "an empty file");
	ok(!capture(parse_text, &config, "\n# only a comment"), "only a comment");
	ok(!capture(parse_text, &config, "vcpus = 1\nvcpus = 2\n") && config.vcpus == 2,
	   "the later line counts");
	config_free(&config);
}

static void test_disks(void)
{
	struct domain_config config = { 0 };
	struct disk_option option;
	unsigned int i;
	char *text;

	ok(!capture(parse_text, &config,
		    "disk = [ \"/a,ro\",\n '/b' , # two\n]; disk=/c\ndisk = []\n") &&
	   config.disk.count == 3, "a list of disks, and one more");
	same(config.disk.text[0], "/a,ro", "the first");
	same(config.disk.text[2], "/c", "the last");
	ok(!capture(parse_json, &config, "{\"disk\":[\"/d\",\"/e,direct\"]}") && config.disk.count == 5,
	   "and two from JSON");
	for (i = config.disk.count; i < CONFIG_LIST_MAX; i++)
		ok(!capture(parse_argument, &config, "disk=/x"), "one more");
	ok(capture(parse_argument, &config, "disk=/x") == HVCTL_USAGE && strstr(message, "at most 24"),
	   "25 are too many");
	config_free(&config);

	ok(!disk_parse("/a,,b,direct,serial=A,,1,ro", &option) && option.read_only && option.direct,
	   "all words");
	same(option.path, "/a,b", "a comma of the path");
	same(option.serial, "A,1", "and of the serial number");
	text = disk_format(&option);
	same(text, "/a,,b,ro,direct,serial=A,,1", "and back");
	free(text);
	ok(!disk_parse("x,id=12345678901234567890,rw", &option) && !option.read_only, "id is serial");
	same(option.serial, "12345678901234567890", "of 20 characters");
	text = disk_format(&option);
	same(text, "x,serial=12345678901234567890", "and back");
	free(text);

	refuse(parse_argument, "disk=", "the path is empty");
	refuse(parse_argument, "disk=,ro", "the path is empty");
	refuse(parse_argument, "disk=a,qcow2", "come ro, direct or serial=S");
	refuse(parse_argument, "disk=a,ro,", "come ro");
	refuse(parse_argument, "disk=a,serial=", "serial number is empty");
	refuse(parse_argument, "disk=a,serial=123456789012345678901", "at most 20");
	refuse(parse_argument, "disk=a,serial=a b", "no blanks");
	refuse(parse_argument, "disk=vhost-user:", "the path is empty");
	refuse(parse_argument, "disk=vhost-user:/s,ro", "behind the socket come no words");
	ok(!disk_parse("vhost-user:/a,,b", &option) && option.vhost_user && !strcmp(option.path, "/a,b"),
	   "a disk of another process");
	text = disk_format(&option);
	same(text, "vhost-user:/a,,b", "as text");
	free(text);
	refuse(parse_text, "disk = [ 'a' 'b' ]\n", "',' or ']' is expected");
	refuse(parse_text, "disk = [ a ]\n", "quotation marks");
	refuse(parse_text, "disk = [ 'a'", "',' or ']' is expected");
	refuse(parse_text, "disk = [\n'a',\n'b,x' ]\n", "x.cfg:3: disk: cannot use 'b,x'");
	refuse(parse_text, "disk = [ 'a' ] 'b'\n", "one list");
	refuse(parse_json, "{\"disk\":[7]}", "list of strings");
	refuse(parse_json, "{\"disk\":7}", "list of strings");
}

static void test_fs(void)
{
	struct domain_config config = { 0 };
	struct fs_option option;
	unsigned int i;
	char word[64];
	char *text;

	ok(!capture(parse_text, &config, "fs = [ 'tag=a,socket=/a', 'socket=/b,tag=b' ]\n") &&
	   config.fs.count == 2, "two directories");
	ok(capture(parse_argument, &config, "fs=tag=b,socket=/c") == HVCTL_USAGE && strstr(message, "same tag"),
	   "a tag that is there");
	for (i = config.fs.count; i < CONFIG_LIST_MAX; i++) {
		snprintf(word, sizeof(word), "fs=tag=t%u,socket=/a", i);
		ok(!capture(parse_argument, &config, word), "one more");
	}
	ok(capture(parse_argument, &config, "fs=tag=z,socket=/a") == HVCTL_USAGE && strstr(message, "at most 24"),
	   "25 are too many");
	config_free(&config);

	ok(!fs_parse("socket=/a,,b=c,tag=x,,y", &option), "any order, with commas");
	same(option.tag, "x,y", "the tag");
	same(option.socket, "/a,b=c", "the socket");
	text = fs_format(&option);
	same(text, "tag=x,,y,socket=/a,,b=c", "as text");
	free(text);
	ok(!fs_parse("tag=123456789012345678901234567890123456,socket=/a", &option) &&
	   strlen(option.tag) == 36, "a tag of 36 bytes");
	refuse(parse_argument, "fs=", "tag=NAME,socket=PATH is expected");
	refuse(parse_argument, "fs=/shared", "tag=NAME,socket=PATH is expected");
	refuse(parse_argument, "fs=tag=a,socket=/a,ro", "tag=NAME,socket=PATH is expected");
	refuse(parse_argument, "fs=tag=a", "no socket=PATH");
	refuse(parse_argument, "fs=socket=/a", "no tag=NAME");
	refuse(parse_argument, "fs=tag=,socket=/a", "the tag is empty");
	refuse(parse_argument, "fs=tag=a,socket=", "the socket is empty");
	refuse(parse_argument, "fs=tag=1234567890123456789012345678901234567,socket=/a", "at most 36 bytes");
	refuse(parse_argument, "fs=tag=a\tb,socket=/a", "no control characters");
	refuse(parse_json, "{\"fs\":7}", "list of strings");
}

static void test_vsock(void)
{
	char text[VSOCK_TEXT_MAX];
	uint32_t cid;

	ok(!vsock_parse("cid=3", &cid) && cid == 3, "the lowest CID");
	ok(!vsock_parse("cid=4294967294", &cid) && cid == VMM_VSOCK_CID_MAX, "the highest");
	same(vsock_format(cid, text), "cid=4294967294", "as text");
	ok(!vsock_parse("auto", &cid) && cid == VMM_VSOCK_AUTO, "one that is free");
	same(vsock_format(cid, text), "auto", "as text");
	ok(!vsock_format(0, text), "none");
	refuse(parse_argument, "vsock=", "cid=N is expected");
	refuse(parse_argument, "vsock=3", "cid=N is expected");
	refuse(parse_argument, "vsock=cid=", "not a number");
	refuse(parse_argument, "vsock=cid=-1", "not a number");
	refuse(parse_argument, "vsock=cid=3,x", "not a number");
	refuse(parse_argument, "vsock=cid=0", "reserved");
	refuse(parse_argument, "vsock=cid=2", "reserved");
	refuse(parse_argument, "vsock=cid=4294967295", "too large");
	refuse(parse_argument, "vsock=cid=99999999999999999999999", "too large");
	refuse(parse_text, "vsock = [ 'cid=3' ]\n", "cid=N is expected");
	refuse(parse_json, "{\"vsock\":[\"auto\"]}", "a string or a whole number");
}

static void test_nets(void)
{
	struct domain_config config = { 0 };
	struct net_option option;
	char *text;

	ok(!capture(parse_text, &config, "net = [ 'tap=tap0', \"passt,mac=52:54:00:12:34:56\" ]\n") &&
	   !capture(parse_argument, &config, "net=fd=7") && config.net.count == 3, "a list of networks");
	same(config.net.text[2], "fd=7", "the last");
	config_free(&config);

	ok(!net_parse("tap=tap0", &option) && option.kind == VMM_NET_TAP && !option.mac[0], "a tap");
	text = net_format(&option);
	same(text, "tap=tap0", "and back");
	free(text);
	ok(!net_parse("passt=/a,,b,mac=02:ff:00:0A:0b:0c", &option) && option.kind == VMM_NET_PASST &&
	   option.mac[1] == 0xFF && option.mac[5] == 0x0C, "a socket and an address");
	same(option.name, "/a,b", "a comma of the path");
	text = net_format(&option);
	same(text, "passt=/a,,b,mac=02:ff:00:0a:0b:0c", "and back");
	free(text);
	ok(!net_parse("fd=2147483647", &option) && option.fd == 2147483647, "a descriptor");
	text = net_format(&option);
	same(text, "fd=2147483647", "and back");
	free(text);
	ok(!net_parse("tap=tap0,vhost=on,mac=02:00:00:00:00:01", &option) && option.vhost, "a tap that the kernel serves");
	text = net_format(&option);
	same(text, "tap=tap0,mac=02:00:00:00:00:01,vhost=on", "and back");
	free(text);
	ok(!net_parse("fd=5,vhost=off", &option) && !option.vhost, "one that it does not");
	text = net_format(&option);
	same(text, "fd=5", "and back");
	free(text);
	ok(!net_parse("passt,vhost=off", &option) && !option.vhost, "passt, which it never does");
	ok(!net_parse("passt", &option) && !*option.name, "passt of its own");
	text = net_format(&option);
	same(text, "passt", "and back");
	free(text);

	refuse(parse_argument, "net=", "begins with tap=NAME");
	refuse(parse_argument, "net=bridge=br0", "begins with tap=NAME");
	refuse(parse_argument, "net=tap=", "name of the tap is empty");
	refuse(parse_argument, "net=tap=0123456789abcdef", "at most 15");
	refuse(parse_argument, "net=fd=2", "from 3 on");
	refuse(parse_argument, "net=fd=7x", "from 3 on");
	refuse(parse_argument, "net=fd=99999999999999999999", "from 3 on");
	refuse(parse_argument, "net=passt=", "socket is empty");
	refuse(parse_argument, "net=tap=a,", "comes mac=ADDRESS");
	refuse(parse_argument, "net=tap=a,vhost=", "on or off");
	refuse(parse_argument, "net=tap=a,vhost=yes", "on or off");
	refuse(parse_argument, "net=passt,vhost=on", "taps alone");
	refuse(parse_argument, "net=tap=a,mac=1", "six bytes");
	refuse(parse_argument, "net=tap=a,mac=02:00:00:00:00:001", "six bytes");
	refuse(parse_argument, "net=tap=a,mac=02:00:00:00:00:0g", "six bytes");
	refuse(parse_argument, "net=tap=a,mac=2:0:0:0:0:1", "six bytes");
	refuse(parse_argument, "net=tap=a,mac=01:00:00:00:00:01", "address of a group");
	refuse(parse_argument, "net=tap=a,mac=00:00:00:00:00:00", "zeros is none");
}

static void test_text_refused(void)
{
	char *huge = malloc(6000);

	refuse(parse_text, "memory = 512\n", "x.cfg:1: memory: cannot use '512'");
	refuse(parse_text, "\n\nvcpus = 0\n", "x.cfg:3: vcpus");
	refuse(parse_text, "vcpus = 65\n", "at most 64");
	refuse(parse_text, "vcpus = two\n", "not a number");
	refuse(parse_text, "vcpus = -1\n", "not a number");
	refuse(parse_text, "name = a/b\n", "slash");
	refuse(parse_text, "kernal = /x\n", "did you mean 'kernel'");
	refuse(parse_text, "xyzzy = 1\n", "unknown key 'xyzzy'");
	refuse(parse_text, "vif = [ 'a', 'b' ]\n", "network devices are 'net' here");
	refuse(parse_text, "cap = half\n", "x.cfg:1: cap: cannot use 'half': not a number from 0 to 6400");
	refuse(parse_text, "cap = 6401\n", "not a number from 0 to 6400");
	refuse(parse_text, "cap = -1\n", "not a number");
	refuse(parse_text, "cpu_period_us = 999\n", "from 1000 to 1000000");
	refuse(parse_text, "cpu_period_us = 1000001\n", "from 1000 to 1000000");
	refuse(parse_text, "cpu_weight = 0\n", "from 1 to 10000");
	refuse(parse_text, "cpu_weight = 10001\n", "cpu_weight=100 is the usual one");
	refuse(parse_text, "on_crash = 'rename-restart'\n", "it is destroy, restart or preserve");
	refuse(parse_text, "cpus = '3-1'\n", "not a range of processors");
	refuse(parse_text, "vcpus = [ 1 ]\n", "vcpus");
	refuse(parse_text, "kernel = [ 1 ]\n", "takes no list");
	refuse(parse_text, "name\n", "'=' is expected");
	refuse(parse_text, "= x\n", "a key is expected");
	refuse(parse_text, "name =\n", "a value is expected");
	refuse(parse_text, "name = web server\n", "only one value");
	refuse(parse_text, "cmdline = \"open\n", "not closed");
	refuse(parse_text, "cmdline = \"open\\", "not closed");
	refuse(parse_text, "kernel = ''\n", "empty");
	refuse(parse_text, "memory = 1000k\n", "whole mebibytes");
	refuse(parse_text, "memory = 0M\n", "at least one");
	refuse(parse_text, "\x01\x02", "a key is expected");
	memset(huge, 'x', 5999);
	huge[5999] = '\0';
	refuse(parse_text, huge, "too long");
	memcpy(huge, "cmdline=", 8);
	refuse(parse_text, huge, "too long");
	memcpy(huge, "cmdline=\"", 9);
	refuse(parse_text, huge, "too long");
	huge[3000] = '"';
	huge[3001] = '\0';
	refuse(parse_text, huge, "2047");
	free(huge);
}

/* Share of processors: as a file has it, and as info --json does. */
static void test_shares(void)
{
	struct domain_config config = { 0 };

	ok(!capture(parse_text, &config, "cap = 50; cpu_weight = 200\ncpu_period_us = 10000; cpus = \"0-3,8\"\n") &&
	   config.cap == 50 && config.cpu_weight == 200 && config.cpu_period_us == 10000,
	   "cap, weight, period");
	same(config.cpus, "0-3,8", "processors");
	ok(!capture(parse_text, &config, "cap = 0\n") && !config.cap, "cap = 0: none");
	config_free(&config);
	ok(!capture(parse_json, &config,
		    "{\"domains\":[{\"cpu_cap_percent\":150,\"cpu_period_us\":50000,\"cpu_weight\":7}]}") &&
	   config.cap == 150 && config.cpu_period_us == 50000 && config.cpu_weight == 7,
	   "cpu_cap_percent is cap");
	config_free(&config);
	ok(!capture(parse_json, &config,
		    "{\"domains\":[{\"cpu_cap_percent\":0,\"cpu_period_us\":100000,\"cpu_weight\":100}]}") &&
	   !config.cap && !config.cpu_period_us && !config.cpu_weight,
	   "what every domain has is not asked for");
	config_free(&config);
}

static void test_arguments(void)
{
	struct domain_config config = { 0 };

	ok(config_is_argument("name=web"), "name=web is an argument");
	ok(config_is_argument("cmdline="), "cmdline= is an argument");
	ok(!config_is_argument("web.cfg"), "web.cfg is a file");
	ok(!config_is_argument("./a=b"), "./a=b is a file");
	ok(!config_is_argument("="), "= is a file");
	ok(!config_is_argument("-"), "- is a file");
	ok(!capture(parse_argument, &config, "cmdline=a=b c=d"), "a value with =");
	same(config.cmdline, "a=b c=d", "its value");
	ok(!capture(parse_argument, &config, "cmdline=") && !*config.cmdline, "an empty command line");
	config_free(&config);
	refuse(parse_argument, "vcpus=0", "vcpus: cannot use '0'");
	refuse(parse_argument, "foo=0", "unknown key");
}

static const char record[] = "{\"domains\":[{"
	"\"id\":3,\n"
	"\"name\":\"web\",\n"
	"\"state\":\"running\",\n"
	"\"vcpus\":1,\n"
	"\"vcpus_max\":4,\n"
	"\"mem_max_bytes\":536870912,\n"
	"\"mem_target_bytes\":268435456,\n"
	"\"kernel\":\"/k\",\n"
	"\"cmdline\":\"a b\",\n"
	"\"cpu_percent\":1.5,\n"
	"\"future\":{\"x\":[]}\n"
	"}]}\n";

static void test_json(void)
{
	struct domain_config config = { 0 };

	ok(!capture(parse_json, &config,
		    "{\"name\":\"web\",\"vcpus\":2,\"memory\":\"1G\",\"kernel\":\"/k\",\"initrd\":\"/i\"}"),
	   "a JSON object is read");
	ok(config.vcpus == 2 && config.memory == 1ULL << 30, "its numbers");
	same(config.ramdisk, "/i", "its initrd");
	config_free(&config);
	ok(!capture(parse_json, &config,
		    record),
	   "what info --json prints is read");
	same(config.name, "web", "its name");
	ok(config.vcpus == 1 && config.maxvcpus == 4, "vcpus and vcpus_max are vcpus and maxvcpus");
	ok(config.maxmem == 512ULL << 20 && config.memory == 256ULL << 20,
	   "mem_max_bytes is maxmem, mem_target_bytes memory");
	same(config.cmdline, "a b", "its cmdline");
	config_free(&config);

	refuse(parse_json, "{\"memory\":512}", "suffix");
	refuse(parse_json, "{\"vcpus\":0}", "at least one vCPU");
	refuse(parse_json, "{\"vcpus\":-1}", "negative");
	refuse(parse_json, "{\"vcpus\":1.5}", "whole number");
	refuse(parse_json, "{\"vcpus\":99999999999999999999}", "vcpus");
	refuse(parse_json, "{\"name\":null}", "expected");
	refuse(parse_json, "{\"name\":[]}", "expected");
	refuse(parse_json, "{\"nam\":\"x\"}", "did you mean 'name'");
	refuse(parse_json, "{\"name\":\"x\"", "JSON");
	refuse(parse_json, "{\"name\":\"x\"} trailing", "JSON");
	refuse(parse_json, "{\"name\": x}", ":1: cannot read the configuration: JSON");
	refuse(parse_json, "{\n\t\"name\": \"x\",\n\t\"vcpus\": two\n}\n", ":3: cannot read the configuration: JSON");
	refuse(parse_json, "{\n\"name\":\"x\"}\n\n trailing", ":4: cannot read the configuration: JSON");
	refuse(parse_json, "{\n\"name\":\"x\"\n", ":3: cannot read the configuration: JSON");
	refuse(parse_json, "[{\"name\":\"x\"}]", "not an object");
	refuse(parse_json, "\"name\"", "not an object");
	refuse(parse_json, "7", "not an object");
	refuse(parse_json, "9//a comment up to the end", "not an object");
	refuse(parse_json, "{\"domains\":[]}", "one domain");
	refuse(parse_json, "{\"domains\":[{},{}]}", "one domain");
	refuse(parse_json, "{\"domains\":{}}", "one domain");
	refuse(parse_json, "{\"domains\":[7]}", "no object");
	refuse(parse_json, "{\"domains\":[{\"mem_max_bytes\":1}]}", "whole number of KiB");
	refuse(parse_json, "{\"domains\":[{\"name\":\"a/b\"}]}", "slash");
}

static void test_complete(void)
{
	struct domain_config config = { 0 };
	char file[] = "/tmp/hvctl-test-XXXXXX";
	struct json_object *json;
	int fd = mkstemp(file);

	ok(capture(complete, &config, "") == HVCTL_USAGE && strstr(message, "no kernel given"),
	   "no kernel");
	config_set(&config, NULL, "kernel", "/nonexistent/kernel");
	ok(capture(complete, &config, "") == HVCTL_FAILED &&
	   strstr(message, "/nonexistent/kernel: cannot open the kernel: No such file"),
	   "a kernel that is not there");
	config_set(&config, NULL, "kernel", "/tmp");
	ok(capture(complete, &config, "") == HVCTL_FAILED && strstr(message, "not a regular file"),
	   "a directory");
	config_set(&config, NULL, "kernel", file);
	ok(capture(complete, &config, "") == HVCTL_FAILED && strstr(message, "empty"),
	   "an empty file");
	ok(write(fd, "x", 1) == 1 && !capture(complete, &config, ""), "a file");
	ok(config.vcpus == 1 && config.memory == 512ULL << 20, "defaults");
	config_set(&config, NULL, "memory", "1000000T");
	ok(capture(complete, &config, "") == HVCTL_FAILED && strstr(message, "this machine has"),
	   "more memory than there is");
	config_set(&config, NULL, "memory", "64M");
	config_set(&config, NULL, "maxmem", "63M");
	ok(capture(complete, &config, "") == HVCTL_USAGE &&
	   strstr(message, "maxmem: cannot use 63M: memory is 64M"), "maxmem less than memory");
	config_set(&config, NULL, "maxmem", "1000000T");
	ok(capture(complete, &config, "") == HVCTL_FAILED && strstr(message, "maxmem: cannot give"),
	   "maxmem more than there is");
	config_set(&config, NULL, "maxmem", "128M");
	config_set(&config, NULL, "maxvcpus", "2");
	ok(!capture(complete, &config, "") && config.vcpus == 1, "maxvcpus more than vcpus");
	config_set(&config, NULL, "vcpus", "3");
	ok(capture(complete, &config, "") == HVCTL_USAGE && strstr(message, "at the beginning"),
	   "maxvcpus less than vcpus");
	config_set(&config, NULL, "vcpus", "1");
	config_set(&config, NULL, "cap", "200");
	ok(!capture(complete, &config, ""), "a cap of all its vCPUs");
	config_set(&config, NULL, "cap", "201");
	ok(capture(complete, &config, "") == HVCTL_USAGE && strstr(message, "200 percent of a processor at most"),
	   "and one that is more than that");
	config_set(&config, NULL, "cap", "0");
	config_set(&config, NULL, "initrd", "/nonexistent/initrd");
	ok(capture(complete, &config, "") == HVCTL_FAILED && strstr(message, "the initrd"),
	   "an initrd that is not there");
	json = config_json(&config);
	same(json_object_get_string(json_object_object_get(json, "memory")), "64M",
	     "memory as JSON");
	json_object_put(json);
	config_free(&config);
	close(fd);
	unlink(file);
}

/* Whatever bytes come, there is an answer and no error of the sanitizers. */
static void test_noise(void)
{
	static const char alphabet[] = "nameguvcps=[]{}\"'\\#;\n\t 0129MG:,/-";
	char text[64];
	int i, j;

	for (i = 0; i < 20000; i++) {
		struct domain_config config = { 0 };
		int len = random() % (sizeof(text) - 1);

		for (j = 0; j < len; j++)
			text[j] = alphabet[random() % (sizeof(alphabet) - 1)];
		text[len] = '\0';
		if (i % 2)
			text[0] = '{';
		(*text == '{' ? parse_json : parse_text)(&config, text);
		config_free(&config);
	}
	ok(true, "20000 random texts");
}

static void quietly(void (*test)(void))
{
	int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	test();
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(null);
}

int main(void)
{
	test_text();
	test_disks();
	test_nets();
	test_fs();
	test_vsock();
	test_text_refused();
	test_shares();
	test_arguments();
	test_json();
	test_complete();
	quietly(test_noise);
	return tap_done();
}
