// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vxm_monitor - a monitor on an i2c bus of a GPU that has none, for the lab of VxM.
 *
 * One adapter, registered as a child of a display-class PCI function (libddcutil ignores buses of
 * anything else) and linked from that GPU's connector, as a driver's own would be: libddcutil 2.x
 * looks for a connector of the bus, by that link or by an equal EDID, and the EDID that virtio-vga
 * emulates has no serial and cannot be overridden in kernel 6.12. At 0x50 it gives an EDID, at 0x37
 * it speaks DDC/CI as VESA's DDC/CI 1.1 and MCCS 2.2 describe it: VCP get and set of input source
 * (0x60), brightness (0x10), power (0xD6) and MCCS version (0xDF), and the capabilities string.
 * What a real monitor has as buttons and faults is in debugfs:
 *
 * - vcp_60, vcp_10: the values now; a write is somebody pressing the monitor's own buttons and is
 *   not counted
 * - sets_60, sets_10: VCP sets that came over the bus, carried out or not; sets, gets: all of them
 * - fault: none, nak (at 0x37), checksum (every reply is wrong), null (every reply is the null
 *   message; sets are carried out), ignore (sets are accepted and not carried out), no-edid
 * - nak_first: so many transfers to 0x37 are not acknowledged; counts down
 * - ignore_first: so many sets of 0x60 are accepted and not carried out; counts down
 * - falls_back: so many sets of 0x60 find no signal on the input: it is shown for three seconds,
 *   then the one before it again; counts down
 * - answers_only_on: 0x37 answers only while this is the input shown; 0 is always
 */
#include <linux/debugfs.h>
#include <linux/i2c.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#define EDID_MAX	256
#define EDID_ADDRESS	0x50
#define SEGMENT_ADDRESS 0x30
#define DDC_ADDRESS	0x37
/* Both ends' addresses as they enter the checksums: the display's 8-bit write address, and the
 * host's virtual one. */
#define DDC_TO_DISPLAY	0x6e
#define DDC_TO_HOST	0x50
#define DDC_HOST	0x51
#define DDC_LENGTH_FLAG 0x80
#define DDC_FRAGMENT	32

/* How long an input without a signal is shown. */
#define NO_SIGNAL_MS 3000

#define VCP_BRIGHTNESS 0x10
#define VCP_INPUT      0x60
#define VCP_POWER      0xd6
#define VCP_VERSION    0xdf

static char *parent = "0000:00:01.0";
module_param(parent, charp, 0444);
MODULE_PARM_DESC(parent, "PCI address of the GPU the monitor hangs on");

static char *edid = "";
module_param(edid, charp, 0444);
MODULE_PARM_DESC(edid,
		 "EDID, 128 or 256 bytes in hexadecimal; without it, maker VXM, serial LAB0001");

/* Maker VXM, product 2a01, serial number 0x00c0ffee, model "VxM Monitor", serial text "LAB0001". */
static const u8 default_edid[] = {
	0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x5b, 0x0d, 0x01, 0x2a, 0xee, 0xff, 0xc0,
	0x00, 0x2a, 0x18, 0x01, 0x04, 0xa5, 0x20, 0x14, 0x78, 0x06, 0xee, 0x91, 0xa3, 0x54, 0x4c,
	0x99, 0x26, 0x0f, 0x50, 0x54, 0x21, 0x08, 0x00, 0xe1, 0xc0, 0xd1, 0xc0, 0xd1, 0x00, 0xa9,
	0x40, 0xb3, 0x00, 0x95, 0x00, 0x81, 0x80, 0x81, 0x40, 0xea, 0x29, 0x00, 0xc0, 0x51, 0x20,
	0x1c, 0x30, 0x40, 0x26, 0x44, 0x40, 0x45, 0xcb, 0x10, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00,
	0xf7, 0x00, 0x0a, 0x00, 0x40, 0x82, 0x00, 0x28, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0xff, 0x00, 0x4c, 0x41, 0x42, 0x30, 0x30, 0x30, 0x31, 0x0a, 0x20, 0x20,
	0x20, 0x20, 0x20, 0x00, 0x00, 0x00, 0xfc, 0x00, 0x56, 0x78, 0x4d, 0x20, 0x4d, 0x6f, 0x6e,
	0x69, 0x74, 0x6f, 0x72, 0x0a, 0x20, 0x00, 0x96,
};

static const char capabilities[] =
	"(prot(monitor)type(LCD)model(VxM Monitor)cmds(01 02 03 07 0C E3 F3)"
	"vcp(10 60(0F 10 11 12) D6(01 04 05) DF)mccs_ver(2.2))";

enum fault {
	FAULT_NONE,
	FAULT_NAK,
	FAULT_CHECKSUM,
	FAULT_NULL,
	FAULT_IGNORE,
	FAULT_NO_EDID,
};

static const char *const fault_names[] = {
	[FAULT_NONE] = "none", [FAULT_NAK] = "nak",	  [FAULT_CHECKSUM] = "checksum",
	[FAULT_NULL] = "null", [FAULT_IGNORE] = "ignore", [FAULT_NO_EDID] = "no-edid",
};

static struct monitor {
	struct mutex lock; /* one transfer at a time, and debugfs' text */
	struct pci_dev *gpu;
	struct device *connector; /* of the GPU, NULL if it has none */
	struct dentry *debugfs;
	u8 edid[EDID_MAX];
	size_t edid_size;
	size_t edid_offset;
	u8 reply[3 + 3 + DDC_FRAGMENT];
	size_t reply_size;
	enum fault fault;
	u32 vcp_input;
	u32 vcp_brightness;
	u32 sets_input;
	u32 sets_brightness;
	u32 sets;
	u32 gets;
	u32 nak_first;
	u32 answers_only_on;
	u32 ignore_first;
	u32 falls_back;
	u32 fall_back_to;
	struct delayed_work fall_back;
} monitor = {
	.vcp_input = 0x0f,
	.vcp_brightness = 75,
};

static u8 checksum(u8 seed, const u8 *bytes, size_t count)
{
	while (count-- > 0)
		seed ^= *bytes++;
	return seed;
}

/* Frames a payload as the display's next reply; an empty one is the null message. */
static void set_reply(struct monitor *m, const u8 *payload, size_t size)
{
	if (m->fault == FAULT_NULL)
		size = 0;
	m->reply[0] = DDC_TO_DISPLAY;
	m->reply[1] = DDC_LENGTH_FLAG | size;
	memcpy(m->reply + 2, payload, size);
	m->reply[2 + size] = checksum(DDC_TO_HOST, m->reply, 2 + size);
	if (m->fault == FAULT_CHECKSUM)
		m->reply[2 + size] ^= 0x5a;
	m->reply_size = 3 + size;
}

static void vcp_get(struct monitor *m, u8 code)
{
	u8 payload[8] = { 0x02, 0x00, code };
	u16 maximum = 0;
	u16 value = 0;

	m->gets++;
	switch (code) {
	case VCP_INPUT:
		maximum = 0x12;
		value = m->vcp_input;
		break;
	case VCP_BRIGHTNESS:
		maximum = 100;
		value = m->vcp_brightness;
		break;
	case VCP_POWER:
		maximum = 5;
		value = 1;
		break;
	case VCP_VERSION:
		value = 0x0202;
		break;
	default:
		payload[1] = 0x01; /* unsupported */
	}
	payload[4] = maximum >> 8;
	payload[5] = maximum & 0xff;
	payload[6] = value >> 8;
	payload[7] = value & 0xff;
	set_reply(m, payload, sizeof(payload));
}

static void fall_back(struct work_struct *work)
{
	struct monitor *m = container_of(to_delayed_work(work), struct monitor, fall_back);

	mutex_lock(&m->lock);
	m->vcp_input = m->fall_back_to;
	mutex_unlock(&m->lock);
}

/* DisplayPort 1 and 2, HDMI 1 and 2; others have no plug. */
static void show_input(struct monitor *m, u8 value)
{
	if (value < 0x0f || value > 0x12)
		return;
	if (m->ignore_first > 0) {
		m->ignore_first--;
		return;
	}
	cancel_delayed_work(&m->fall_back);
	if (m->falls_back > 0 && value != m->vcp_input) {
		m->falls_back--;
		m->fall_back_to = m->vcp_input;
		schedule_delayed_work(&m->fall_back, msecs_to_jiffies(NO_SIGNAL_MS));
	}
	m->vcp_input = value;
}

static void vcp_set(struct monitor *m, u8 code, u16 value)
{
	bool obey = m->fault != FAULT_IGNORE;

	m->sets++;
	switch (code) {
	case VCP_INPUT:
		m->sets_input++;
		if (obey)
			show_input(m, value & 0xff);
		break;
	case VCP_BRIGHTNESS:
		m->sets_brightness++;
		if (obey && value <= 100)
			m->vcp_brightness = value;
		break;
	}
}

static void send_capabilities(struct monitor *m, u16 offset)
{
	u8 payload[3 + DDC_FRAGMENT] = { 0xe3, offset >> 8, offset & 0xff };
	size_t length = sizeof(capabilities) - 1;
	size_t count = offset < length ? min_t(size_t, length - offset, DDC_FRAGMENT) : 0;

	memcpy(payload + 3, capabilities + min_t(size_t, offset, length), count);
	set_reply(m, payload, 3 + count);
}

/* A message from the host: source address, length, payload, checksum. What is malformed is not
 * acknowledged further. */
static void receive(struct monitor *m, const u8 *bytes, size_t count)
{
	size_t size;

	set_reply(m, NULL, 0);
	if (count < 3 || bytes[0] != DDC_HOST || !(bytes[1] & DDC_LENGTH_FLAG))
		return;
	size = bytes[1] & ~DDC_LENGTH_FLAG;
	if (size == 0 || count != size + 3 || checksum(DDC_TO_DISPLAY, bytes, count) != 0)
		return;
	if (bytes[2] == 0x01 && size == 2)
		vcp_get(m, bytes[3]);
	else if (bytes[2] == 0x03 && size == 4)
		vcp_set(m, bytes[3], bytes[4] << 8 | bytes[5]);
	else if (bytes[2] == 0xf3 && size == 3)
		send_capabilities(m, bytes[3] << 8 | bytes[4]);
}

static int ddc_transfer(struct monitor *m, struct i2c_msg *msg)
{
	if (m->fault == FAULT_NAK)
		return -ENXIO;
	if (m->nak_first > 0) {
		m->nak_first--;
		return -ENXIO;
	}
	if (m->answers_only_on && m->answers_only_on != m->vcp_input)
		return -ENXIO;
	if (!(msg->flags & I2C_M_RD)) {
		receive(m, msg->buf, msg->len);
		return 0;
	}
	/* Reading on beyond the reply reads zeros. */
	memset(msg->buf, 0, msg->len);
	memcpy(msg->buf, m->reply, min_t(size_t, msg->len, m->reply_size));
	return 0;
}

static int edid_transfer(struct monitor *m, struct i2c_msg *msg)
{
	if (m->fault == FAULT_NO_EDID)
		return -ENXIO;
	if (!(msg->flags & I2C_M_RD)) {
		if (msg->len > 0)
			m->edid_offset = msg->buf[0];
		return 0;
	}
	for (size_t i = 0; i < msg->len; i++)
		msg->buf[i] = m->edid[m->edid_offset++ % m->edid_size];
	return 0;
}

static int monitor_xfer(struct i2c_adapter *adapter, struct i2c_msg *msgs, int count)
{
	struct monitor *m = i2c_get_adapdata(adapter);
	int r = 0;

	mutex_lock(&m->lock);
	for (int i = 0; r == 0 && i < count; i++) {
		if (msgs[i].addr == EDID_ADDRESS)
			r = edid_transfer(m, &msgs[i]);
		else if (msgs[i].addr == DDC_ADDRESS)
			r = ddc_transfer(m, &msgs[i]);
		else if (msgs[i].addr != SEGMENT_ADDRESS || m->fault == FAULT_NO_EDID)
			r = -ENXIO;
	}
	mutex_unlock(&m->lock);
	return r < 0 ? r : count;
}

static u32 monitor_functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm monitor_algorithm = {
	.master_xfer = monitor_xfer,
	.functionality = monitor_functionality,
};

static struct i2c_adapter monitor_adapter = {
	.owner = THIS_MODULE,
	.algo = &monitor_algorithm,
	.name = "VxM lab monitor",
};

static ssize_t fault_read(struct file *file, char __user *buffer, size_t size, loff_t *offset)
{
	char text[32];
	int length = scnprintf(text, sizeof(text), "%s\n", fault_names[monitor.fault]);

	return simple_read_from_buffer(buffer, size, offset, text, length);
}

static ssize_t fault_write(struct file *file, const char __user *buffer, size_t size,
			   loff_t *offset)
{
	char text[32] = "";
	int fault;

	if (size >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, buffer, size))
		return -EFAULT;
	fault = sysfs_match_string(fault_names, text);
	if (fault < 0)
		return fault;
	mutex_lock(&monitor.lock);
	monitor.fault = fault;
	mutex_unlock(&monitor.lock);
	return size;
}

static const struct file_operations fault_operations = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = fault_read,
	.write = fault_write,
};

static void create_debugfs(struct monitor *m)
{
	m->debugfs = debugfs_create_dir("vxm_monitor", NULL);
	debugfs_create_u32("vcp_60", 0600, m->debugfs, &m->vcp_input);
	debugfs_create_u32("vcp_10", 0600, m->debugfs, &m->vcp_brightness);
	debugfs_create_u32("sets_60", 0600, m->debugfs, &m->sets_input);
	debugfs_create_u32("sets_10", 0600, m->debugfs, &m->sets_brightness);
	debugfs_create_u32("sets", 0600, m->debugfs, &m->sets);
	debugfs_create_u32("gets", 0600, m->debugfs, &m->gets);
	debugfs_create_u32("nak_first", 0600, m->debugfs, &m->nak_first);
	debugfs_create_u32("answers_only_on", 0600, m->debugfs, &m->answers_only_on);
	debugfs_create_u32("ignore_first", 0600, m->debugfs, &m->ignore_first);
	debugfs_create_u32("falls_back", 0600, m->debugfs, &m->falls_back);
	debugfs_create_file("fault", 0600, m->debugfs, m, &fault_operations);
}

static int read_edid(struct monitor *m)
{
	size_t size = strlen(edid) / 2;

	if (size == 0) {
		memcpy(m->edid, default_edid, sizeof(default_edid));
		m->edid_size = sizeof(default_edid);
		return 0;
	}
	if ((size != 128 && size != 256) || strlen(edid) % 2 || hex2bin(m->edid, edid, size) < 0) {
		pr_err("vxm_monitor: edid= must be 128 or 256 bytes in hexadecimal\n");
		return -EINVAL;
	}
	m->edid_size = size;
	return 0;
}

static struct pci_dev *find_gpu(void)
{
	struct device *device = bus_find_device_by_name(&pci_bus_type, NULL, parent);

	if (device && to_pci_dev(device)->class >> 16 == PCI_BASE_CLASS_DISPLAY)
		return to_pci_dev(device);
	put_device(device);
	pr_err("vxm_monitor: no display-class function at %s\n", parent);
	return NULL;
}

/* Finds the first DRM connector below a device; its name is the one with a dash
 * ("card0-Virtual-1"). */
static int find_connector(struct device *device, void *ret_connector)
{
	struct device **found = ret_connector;

	if (device->class && strcmp(device->class->name, "drm") == 0 &&
	    strchr(dev_name(device), '-')) {
		*found = get_device(device);
		return 1;
	}
	return device_for_each_child(device, ret_connector, find_connector);
}

/* Drivers say with this link which bus is the connector's; libddcutil 2.x looks for it. */
static void link_connector(struct monitor *m)
{
	device_for_each_child(&m->gpu->dev, &m->connector, find_connector);
	if (m->connector &&
	    sysfs_create_link(&m->connector->kobj, &monitor_adapter.dev.kobj, "ddc") < 0)
		pr_warn("vxm_monitor: cannot link %s to the bus\n", dev_name(m->connector));
}

static void unlink_connector(struct monitor *m)
{
	if (m->connector && m->connector->kobj.sd)
		sysfs_remove_link(&m->connector->kobj, "ddc");
	put_device(m->connector);
}

static int __init monitor_init(void)
{
	int r = read_edid(&monitor);

	if (r < 0)
		return r;
	monitor.gpu = find_gpu();
	if (!monitor.gpu)
		return -ENODEV;
	mutex_init(&monitor.lock);
	INIT_DELAYED_WORK(&monitor.fall_back, fall_back);
	set_reply(&monitor, NULL, 0);
	monitor_adapter.dev.parent = &monitor.gpu->dev;
	i2c_set_adapdata(&monitor_adapter, &monitor);
	r = i2c_add_adapter(&monitor_adapter);
	if (r < 0) {
		pci_dev_put(monitor.gpu);
		return r;
	}
	link_connector(&monitor);
	create_debugfs(&monitor);
	return 0;
}

static void __exit monitor_exit(void)
{
	debugfs_remove(monitor.debugfs);
	unlink_connector(&monitor);
	i2c_del_adapter(&monitor_adapter);
	cancel_delayed_work_sync(&monitor.fall_back);
	pci_dev_put(monitor.gpu);
}

module_init(monitor_init);
module_exit(monitor_exit);
MODULE_DESCRIPTION("A simulated monitor with EDID and DDC/CI, for tests");
MODULE_LICENSE("GPL");
