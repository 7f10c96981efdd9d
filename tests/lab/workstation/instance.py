# SPDX-License-Identifier: GPL-2.0-or-later
"""One running workstation: up, reset, reboot, down, from a run directory."""

import json
import shutil

from . import emulator, machine, payload, remote, rootfs, shape, snapshot
from .failure import LabError
from .progress import Deadline, Stage, say


# udev reads rules anew when their directory has changed, at any event, and resolves OWNER= then; a
# rule whose user is not there yet stays without it, also over `udevadm control --reload`, as long as
# the directory does not change again. So users come before the tree that has the rules.
USERS_FIRST = """
mkdir -p /payload
mountpoint -q /payload || mount -t ext4 -o ro,noload /dev/disk/by-path/*-pci-0000:00:12.0 /payload
for file in /payload/root/usr/lib/sysusers.d/*.conf; do
	[ ! -e "$file" ] || systemd-sysusers "$file"
done
"""


class Instance(machine.Machine):
    """A run directory with what is needed to talk to the workstation in it."""

    def load(self):
        """What `up` wrote; LabError when nothing runs there."""
        self.require()
        return self.recorded()

    def recorded(self):
        """What `up` wrote, also of an instance that no longer runs."""
        path = self.directory / "instance.json"
        if not path.exists():
            raise LabError(f"{self.directory}: no workstation was started there: lab up")
        return json.loads(path.read_text(encoding="utf-8"))

    def remote(self):
        """ssh to it."""
        return remote.Remote(self.directory, self.load()["port"], self.pid)

    def cards(self):
        """The names of its graphics cards."""
        return shape.CARDS[self.load()["shape"]]

    def up(self, *, suite, name, cold, reuse, content, front, degraded=False, initrd=None):
        """Start a workstation: from the snapshot, or from power-on with `cold`.

        reuse: power on again with the disk an earlier instance left in the run directory. content:
        directory for the payload disk, or None. front: what to put before the second card.
        degraded: units may have failed in the boot. initrd: a file to boot with, made as a user's
        machine makes it.
        """
        if self.pid() is not None:
            raise LabError(f"{self.directory}: a workstation runs there already: lab down")
        disk = self.directory / "disk.qcow2"
        if reuse and not disk.exists():
            raise LabError(f"{disk}: not there, so there is no disk to start from again")
        hardware = shape.devices(name, front)
        cold = cold or reuse or front is not None or initrd is not None
        outer = emulator.Emulator()
        outer.announce()
        snap = snapshot.Snapshot(outer, rootfs.Suite(suite), name)
        entry = None if cold else snap.entry()
        self.directory.mkdir(parents=True, exist_ok=True)
        for old in ("ssh-root.sock", "ssh-alice.sock", "console.log", "qemu.log", "cpu.log"):
            (self.directory / old).unlink(missing_ok=True)
        if not reuse:
            disk.unlink(missing_ok=True)
            back = (snap.image.path / "disk.img", "raw") if cold \
                else (entry.path / "disk.qcow2", "qcow2")
            outer.image("create", "-q", "-f", "qcow2", "-F", back[1], "-b", str(back[0]),
                        str(disk))
        if content is not None or not reuse or not (self.directory / "payload.img").exists():
            payload.make(content, self.directory / "payload.img")
        if not cold:
            shutil.copyfile(entry.path / "console.log", self.directory / "console.log")
        link = remote.Remote(self.directory, remote.free_port(), self.pid)
        (self.directory / "instance.json").write_text(json.dumps(
            {"suite": suite, "shape": name, "front": front, "port": link.port,
             "emulator": outer.description, "accelerator": snap.accelerator}), encoding="utf-8")
        keep = [outer.entry.fd, snap.image.fd] + ([entry.fd] if entry else [])
        try:
            with Stage(f"{suite}, {name}: " + ("power on" if cold else "restore")):
                incoming = ["-incoming", f"file:{entry.path}/state"] if entry else []
                argv = snap.command_line(hardware, link.port)
                if initrd is not None:
                    argv = machine.boot_with(argv, initrd)
                self.start(argv + incoming, outer, keep=keep)
                self.wait_running(60)
                self.wait_up(degraded=degraded)
                if not cold:
                    link.set_clock()
            if content is not None:
                with Stage("payload"):
                    link.run("sh", "-euc", USERS_FIRST)
                    link.run("/usr/local/lib/lab/install-payload", timeout=120)
        except BaseException:
            self.stop()
            raise

    def wait_up(self, seconds=snapshot.BOOT_SECONDS, degraded=False):
        """Wait until the workstation has booted and systemd says running (or degraded)."""
        link = self.remote()
        try:
            link.connect(seconds=seconds)
            link.wait_running(seconds, degraded)
        except LabError as error:
            raise LabError(f"{error}{self.last_words()}") from error

    def reset(self):
        """The reset button: no warning, caches lost."""
        link = self.remote()
        with self.qmp() as qmp:
            qmp.execute("system_reset")
        link.disconnect()

    def reboot(self, seconds=snapshot.BOOT_SECONDS):
        """An orderly reboot, until the new boot is up."""
        link = self.remote()
        link.connect()
        before = link.boot_id()
        link.ask_end("reboot")
        deadline = Deadline(seconds, f"{self.directory}: a new boot of the workstation")
        while True:
            deadline.pause(1)
            try:
                link.disconnect()
                link.connect(seconds=deadline.left())
                if link.boot_id() != before:
                    break
            except LabError:
                deadline.left()
        self.wait_up(deadline.left())

    def power_off(self, seconds=120):
        """An orderly power-off; the disk stays for `up --reuse`."""
        link = self.remote()
        link.connect()
        link.ask_end("poweroff")
        if not self.wait_gone(seconds):
            raise LabError(f"{self.directory}: the workstation did not power off within "
                           f"{seconds} s{self.last_words()}")
        link.disconnect()

    def down(self):
        """End it at once; the run directory keeps logs and disk."""
        if (self.directory / "instance.json").exists():
            remote.Remote(self.directory, self.recorded()["port"]).disconnect()
        if self.pid() is None:
            say(f"{self.directory}: no workstation runs there")
        self.stop()
        for name in ("qmp.sock", "qemu.pid"):
            (self.directory / name).unlink(missing_ok=True)


def build(suite, names):
    """Make everything cached: emulator, image, chroot, and a snapshot of each shape."""
    outer = emulator.Emulator()
    outer.announce()
    wanted = rootfs.Suite(suite)
    wanted.image()
    wanted.chroot()
    for name in names:
        snapshot.Snapshot(outer, wanted, name).entry()
