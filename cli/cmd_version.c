// SPDX-License-Identifier: GPL-2.0-only
/* hvctl version */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "device.h"
#include "output.h"

static void print_as_json(const struct hvmod_caps *caps)
{
	struct json_object *root = json_object_new_object();

	json_object_object_add(root, "hvctl", json_object_new_string(HVCTL_VERSION));
	json_object_object_add(root, "schema", json_object_new_int(HVCTL_JSON_SCHEMA));
	json_object_object_add(root, "abi_version",
			       json_object_new_int(HVMOD_ABI_VERSION));
	json_object_object_add(root, "module",
			       caps ? json_object_new_string(caps->module_version) : NULL);
	json_object_object_add(root, "module_abi_version",
			       caps ? json_object_new_int(caps->abi_version) : NULL);
	print_json(root);
}

static int run(struct verb_context *ctx)
{
	struct hvmod_caps caps;
	bool loaded;
	int device, err;

	(void)ctx;
	device = device_open_any();
	err = errno;
	loaded = device >= 0 && !device_caps(device, &caps);
	if (device >= 0)
		close(device);
	if (globals.json) {
		print_as_json(loaded ? &caps : NULL);
		return HVCTL_OK;
	}
	printf("hvctl %s, ABI %d\n", HVCTL_VERSION, HVMOD_ABI_VERSION);
	if (loaded)
		printf("module %s, ABI %u\n", caps.module_version, caps.abi_version);
	else
		printf("module %s\n", err == EACCES ? "loaded, but no permission to ask it" :
		       "not loaded");
	return HVCTL_OK;
}

const struct verb verb_version = {
	.name = "version",
	.summary = "Show the versions of hvctl and of the module",
	.run = run,
};
