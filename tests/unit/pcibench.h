/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine of two cards and the guest win11 on the second, looked at by isolation. */
#pragma once

#include "pcitree.h"

#include "gate.h"

#define GPU   "0000:01:00.0"
#define AUDIO "0000:01:00.1"
#define BOOT  "0000:02:00.0"

struct pcibench {
	struct guest *guest;
	struct record *record;
	struct isolation iso;
};

static inline void pcibench_make(const struct tree *tree)
{
	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	pcitree_make(tree, AUDIO, "0x10de", "0x22ba", "0x040300", "14", "snd_hda_intel");
	pcitree_make(tree, BOOT, "0x1002", "0x73bf", "0x030000", "16", "amdgpu");
	pcitree_attribute(tree, BOOT, "boot_vga", "1");
	pcitree_attribute(tree, GPU, "reset_method", "flr bus");
	tree_write(tree, "etc/vxm/guests/win11.conf",
		   "[Guest]\nMemory=1G\n[Disk]\nPath=/d\n[GPU]\nDevice=" GPU
		   "\nIdentity=10de:2684\n");
}

static inline void pcibench_look(const struct tree *tree, struct pcibench *bench)
{
	struct guest_error error = { .text = "" };

	*bench = (struct pcibench){ 0 };
	if (guest_load(&tree->host, "win11", &bench->guest, &error) < 0)
		fail_msg("%s", error.text);
	(void)record_load(&tree->host, "win11", "isolate", &bench->record);
	assert_int_equal(isolation_observe(&tree->host, bench->guest, bench->record, &bench->iso),
			 0);
	assert_int_equal(gate_look(&tree->host, &bench->iso), 0);
}

static inline void pcibench_leave(struct pcibench *bench)
{
	isolation_done(&bench->iso);
	record_free(bench->record);
	guest_free(bench->guest);
}
