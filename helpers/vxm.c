/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person types first: which GPUs there are, and whether a guest could have one. */
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "cmdline.h"
#include "gpushow.h"
#include "log.h"
#include "program.h"

static const char *arg_root;
static bool arg_json;

static int scan(const struct host *host, struct gpu_list *ret)
{
	int r = gpu_scan(host, ret);

	if (r == -ENOENT)
		log_error("there is no PCI bus in the sysfs of %s%s: is it the root of a recorded "
			  "machine?",
			  arg_root ? "--root=" : "this machine", arg_root ? arg_root : "");
	else if (r < 0)
		log_error("the PCI devices cannot be read: %s", strerror(-r));
	return r;
}

static int verb_list_gpus(const struct host *host, const char *argument)
{
	_cleanup_gpu_list_ struct gpu_list gpus = { 0 };
	_cleanup_hwname_ struct hwname *names = NULL;
	int r = scan(host, &gpus);

	(void)argument;
	if (r < 0)
		return r;
	if (arg_json) {
		gpushow_print_json(stdout, &gpus);
		return 0;
	}
	if (gpus.count == 0)
		log_info("there is no GPU among the %zu PCI functions of this machine",
			 gpus.functions.count);
	/* Without the database the addresses and numbers still stand there. */
	(void)hwname_open(&names);
	return gpushow_print(stdout, gpus.items, gpus.count, names);
}

static const struct cmdline_verb verbs[] = {
	{ "list-gpus", NULL, "list the GPUs, what moves with each, and who shares its IOMMU group",
	  verb_list_gpus },
	{ NULL, NULL, NULL, NULL },
};

static const struct cmdline_option options[] = {
	{ "root", "DIR", "look at the machine recorded below DIR", NULL, &arg_root },
	{ "json", NULL, "print JSON", &arg_json, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct cmdline cmdline = {
	.program = "vxm",
	.summary = "Whether a GPU of this machine can be given to a guest, and what stands against "
		   "it.",
	.verbs = verbs,
	.options = options,
};

int main(int argc, char *argv[])
{
	/* For the branches of a tree, and names in UTF-8. */
	setlocale(LC_CTYPE, "");
	return program_run(&cmdline, &arg_root, argc, argv);
}
