/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pciport: what config space says of ACS, and which ports are above a function. */
#include "pcitree.h"

#include "configspace.h"
#include "pciport.h"

static struct pciport parse(unsigned type, int acs, size_t size)
{
	unsigned char config[CONFIGSPACE_SIZE];
	struct pciport port = { .kind = PCIPORT_UNKNOWN };

	configspace_port(config, type, acs);
	pciport_parse(config, size, &port);
	return port;
}

static void acs_is_on_when_all_that_the_kernel_wants_is_on(void **state)
{
	(void)state;
	assert_int_equal(parse(CONFIGSPACE_ROOT, 0x1d, 4096).acs, PCIPORT_ACS_ON);
	assert_int_equal(parse(CONFIGSPACE_ROOT, 0x1f, 4096).acs, PCIPORT_ACS_ON);
	assert_int_equal(parse(CONFIGSPACE_ROOT, 0x0d, 4096).acs, PCIPORT_ACS_OFF);
	assert_int_equal(parse(CONFIGSPACE_DOWN, 0, 4096).acs, PCIPORT_ACS_OFF);
	assert_int_equal(parse(CONFIGSPACE_ROOT, -1, 4096).acs, PCIPORT_ACS_ABSENT);
	assert_int_equal(parse(CONFIGSPACE_ROOT, 0x1d, 4096).kind, PCIPORT_ROOT);
	assert_int_equal(parse(CONFIGSPACE_DOWN, 0x1d, 4096).kind, PCIPORT_DOWNSTREAM);
}

static void what_a_port_cannot_do_it_need_not(void **state)
{
	unsigned char config[CONFIGSPACE_SIZE];
	struct pciport port;

	(void)state;
	configspace_port(config, CONFIGSPACE_ROOT, 0x05);
	config[0x144] = 0x05;
	pciport_parse(config, sizeof(config), &port);
	assert_int_equal(port.acs, PCIPORT_ACS_ON);
}

static void an_upstream_port_needs_none_and_a_bridge_has_none(void **state)
{
	unsigned char config[CONFIGSPACE_SIZE] = { 0 };
	struct pciport port;

	(void)state;
	assert_int_equal(parse(5, -1, 4096).acs, PCIPORT_ACS_NEEDLESS);
	assert_int_equal(parse(7, -1, 4096).kind, PCIPORT_BRIDGE);
	pciport_parse(config, 256, &port);
	assert_int_equal(port.kind, PCIPORT_BRIDGE);
	assert_true(pciport_is_open(&port));
}

static void sixty_four_bytes_say_nothing(void **state)
{
	struct pciport port = parse(CONFIGSPACE_ROOT, 0x1d, 64);

	(void)state;
	assert_int_equal(port.acs, PCIPORT_ACS_UNSEEN);
	assert_false(pciport_is_open(&port));
	/* A conventional config space of a PCI Express port: kind, and no more. */
	port = parse(CONFIGSPACE_ROOT, 0x1d, 256);
	assert_int_equal(port.kind, PCIPORT_ROOT);
	assert_int_equal(port.acs, PCIPORT_ACS_UNSEEN);
}

static void a_list_that_is_a_loop_ends(void **state)
{
	unsigned char config[CONFIGSPACE_SIZE];
	struct pciport port;

	(void)state;
	configspace_port(config, CONFIGSPACE_ROOT, -1);
	config[0x103] = 0x10; /* back to itself */
	pciport_parse(config, sizeof(config), &port);
	assert_int_equal(port.acs, PCIPORT_ACS_ABSENT);
	config[0x51] = 0x40;
	config[0x50] = 0x05;
	pciport_parse(config, sizeof(config), &port);
	assert_int_equal(port.kind, PCIPORT_BRIDGE);
	memset(config, 0xff, sizeof(config)); /* a dead port */
	pciport_parse(config, sizeof(config), &port);
}

static void the_path_is_where_sysfs_hangs_it(void **state)
{
	struct tree *tree = *state;
	struct pciaddr addr = pcitree_addr("0000:03:00.0");
	unsigned char config[CONFIGSPACE_SIZE];
	struct pciport ports[PCIPORT_MAX];
	size_t count;

	tree_link(
		tree, "sys/bus/pci/devices/0000:03:00.0",
		"../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:01.0/0000:03:00.0");
	configspace_port(config, CONFIGSPACE_ROOT, 0x1d);
	tree_write_bytes(tree, "sys/bus/pci/devices/0000:00:01.0/config", config, sizeof(config));
	configspace_port(config, 5, -1);
	tree_write_bytes(tree, "sys/bus/pci/devices/0000:01:00.0/config", config, sizeof(config));
	configspace_port(config, CONFIGSPACE_DOWN, -1);
	tree_write_bytes(tree, "sys/bus/pci/devices/0000:02:01.0/config", config, 64);
	assert_int_equal(pciport_path(&tree->host, &addr, ports, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(ports[0].kind, PCIPORT_ROOT);
	assert_int_equal(ports[0].acs, PCIPORT_ACS_ON);
	assert_int_equal(ports[1].acs, PCIPORT_ACS_NEEDLESS);
	assert_int_equal(ports[2].acs, PCIPORT_ACS_UNSEEN);
	assert_string_equal(pciport_kind_word(ports[1].kind), "upstream port");
	assert_string_equal(pciport_acs_word(ports[0].acs), "on");
}

static void a_record_without_links_does_not_say(void **state)
{
	struct tree *tree = *state;
	struct pciaddr addr = pcitree_addr("0000:03:00.0");
	struct pciport ports[PCIPORT_MAX];
	size_t count;

	assert_int_equal(pciport_path(&tree->host, &addr, ports, &count), -ENOENT);
	tree_mkdir(tree, "sys/bus/pci/devices/0000:03:00.0");
	assert_int_equal(pciport_path(&tree->host, &addr, ports, &count), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acs_is_on_when_all_that_the_kernel_wants_is_on),
		cmocka_unit_test(what_a_port_cannot_do_it_need_not),
		cmocka_unit_test(an_upstream_port_needs_none_and_a_bridge_has_none),
		cmocka_unit_test(sixty_four_bytes_say_nothing),
		cmocka_unit_test(a_list_that_is_a_loop_ends),
		tree_test(the_path_is_where_sysfs_hangs_it),
		tree_test(a_record_without_links_does_not_say),
	};

	return cmocka_run_group_tests_name("pciport", tests, NULL, NULL);
}
