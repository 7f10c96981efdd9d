// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A PCI device that the kernel never gets done with.
 *
 * A driver whose remove() or probe() does not return has the device's lock all the time
 * (device_release_driver_internal(), __driver_probe_device()). Who has not is every later writer of
 * unbind, drivers_probe, driver_override and power/control, and every reader of driver_override:
 * they sleep where no signal reaches them. This module has that lock instead, and nothing else of
 * the device is touched, so that rmmod ends it.
 */
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/pci.h>
#include <linux/reboot.h>

static char *device;
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "DOMAIN:BUS:DEVICE.FUNCTION of the PCI device");

static struct pci_dev *stuck;
static struct task_struct *holder;
static DECLARE_COMPLETION(taken);

static int hold(void *unused)
{
	device_lock(&stuck->dev);
	complete(&taken);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
	}
	__set_current_state(TASK_RUNNING);
	device_unlock(&stuck->dev);
	return 0;
}

/*
 * The kernel's own last step begins: programs and file systems are done with. device_shutdown() is
 * next, and it wants the lock as well.
 */
static int tell(struct notifier_block *block, unsigned long event, void *data)
{
	pr_emerg("vxm_stuck: the kernel ends the machine\n");
	return NOTIFY_DONE;
}

static struct notifier_block end = { .notifier_call = tell };

static int __init vxm_stuck_init(void)
{
	unsigned int domain, bus, slot, function;

	if (!device || sscanf(device, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return -EINVAL;
	stuck = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!stuck)
		return -ENODEV;
	holder = kthread_run(hold, NULL, "vxm_stuck");
	if (IS_ERR(holder)) {
		pci_dev_put(stuck);
		return PTR_ERR(holder);
	}
	wait_for_completion(&taken);
	register_reboot_notifier(&end);
	return 0;
}

static void __exit vxm_stuck_exit(void)
{
	unregister_reboot_notifier(&end);
	kthread_stop(holder);
	pci_dev_put(stuck);
}

module_init(vxm_stuck_init);
module_exit(vxm_stuck_exit);
MODULE_DESCRIPTION("Keeps the lock of a PCI device, for tests of VxM");
MODULE_LICENSE("GPL");
