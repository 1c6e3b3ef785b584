// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parsers of configurations: the file format, JSON, and "key=value". What
 * was understood is printed and understood again, as the same.
 */
#include <string.h>

#include "config.h"
#include "fuzz.h"
#include "hvctl.h"

struct globals globals;

static unsigned long understood[3];

/* Error messages are part of what is tested, but nobody reads millions of them. */
static void silence(void)
{
	static bool done;

	if (!done) {
		stderr = fopen("/dev/null", "w");
		must(stderr);
	}
	done = true;
}

static void same_again(const struct domain_config *config)
{
	struct json_object *before = config_json(config);
	struct domain_config again = { 0 };
	struct json_object *after;
	const char *text = json_object_to_json_string(before);

	must(!config_parse_json(&again, "again", text));
	after = config_json(&again);
	must(!strcmp(text, json_object_to_json_string(after)));
	json_object_put(before);
	json_object_put(after);
	config_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static int (*const parse[])(struct domain_config *config, const char *path,
				    const char *text) = { config_parse_text, config_parse_json };
	struct domain_config config = { 0 };
	unsigned int which;
	char *text;
	int ret;

	silence();
	if (!bytes)
		return 0;
	which = data[0] % 3;
	text = strndup((const char *)data + 1, bytes - 1);
	must(text);
	globals.json = data[0] & 0x80;
	if (which < 2)
		ret = parse[which](&config, "file", text);
	else
		ret = config_is_argument(text) ? config_argument(&config, text) : HVCTL_USAGE;
	must(ret == HVCTL_OK || ret == HVCTL_USAGE);
	if (!ret) {
		understood[which]++;
		same_again(&config);
	}
	config_free(&config);
	free(text);
	return 0;
}

void fuzz_report(char *text, size_t bytes)
{
	snprintf(text, bytes, "understood: %lu files, %lu JSON, %lu arguments", understood[0],
		 understood[1], understood[2]);
}

size_t fuzz_seed(unsigned int n, uint8_t *data, size_t max)
{
	static const char *const seeds[] = {
		"\0# a comment\nname = \"web\"\nvcpus=2; maxvcpus = 2\nmemory = '512M'\nkernel = /boot/vmlinuz\nramdisk = \"/boot/initrd\"\ncmdline = \"console=ttyS0 a=\\\"b\\\"\"\n",
		"\0disk = [ 'a', 'b' ]\n",
		"\0flat = 0x7c00,real\ndebug_exit = 0x501\nmaxmem=1G\nmemory=1G\n",
		"\1{\"name\":\"web\",\"vcpus\":2,\"memory\":\"512M\",\"kernel\":\"/k\",\"cmdline\":\"a \\\"b\\\"\"}",
		"\1{\"domains\":[{\"id\":3,\"name\":\"web\",\"vcpus_max\":2,\"mem_max_bytes\":536870912,\"kernel\":\"/k\",\"ramdisk\":\"/i\",\"flat\":\"0x100000,long\",\"debug_exit\":\"0x501\"}]}",
		"\2kernel=/boot/vmlinuz",
		"\2memory=12345k",
		"\2debug_exit=1281",
	};
	static const size_t heads = 1;
	size_t length;

	if (n >= sizeof(seeds) / sizeof(seeds[0]))
		return 0;
	length = heads + strlen(seeds[n] + heads);
	must(length <= max);
	memcpy(data, seeds[n], length);
	return length;
}
