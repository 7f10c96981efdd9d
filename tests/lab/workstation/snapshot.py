# SPDX-License-Identifier: GPL-2.0-or-later
"""A workstation that has booted, kept as memory and disk, from which later runs start in seconds.

Made once for each suite, shape and set of inputs: boot, wait for `systemctl is-system-running
--wait` to say running (degraded is a failure), then migrate the *running* machine to a file; one
that was stopped would come back stopped. The payload disk is attached and was never mounted: the
kernel keeps no block of it, so its content may be another at each restore. Its size must not be.
"""

import inspect
import os

from . import accel, cache, machine, payload, remote, shape
from .failure import LabError
from .progress import Deadline, Stage

BOOT_SECONDS = 300


class Snapshot:
    """The cached snapshot of (image, shape) under an emulator and accelerator."""

    def __init__(self, emulator, suite, name):
        self.emulator = emulator
        self.suite = suite
        self.name = name
        self.image = suite.image()
        self.accelerator, self.arguments = accel.choose(emulator, self.image.path)
        self.key = cache.key_of(emulator.key, suite.image_key, payload.SIZE,
                                inspect.getsource(Snapshot.build), inspect.getsource(migrate),
                                self.command_line(shape.devices(name), 0))

    def command_line(self, hardware, port):
        """argv of the emulator for this image."""
        return machine.command_line(self.emulator, self.arguments, self.image.path, hardware, port)

    def entry(self):
        """The cache entry with state and disk.qcow2; made when it is not there."""
        return cache.get(f"snapshot-{self.suite.name}-{self.name}", self.key, self.build)

    def build(self, directory):
        """Boot and migrate to a file."""
        self.emulator.image("create", "-q", "-f", "qcow2", "-F", "raw",
                            "-b", str(self.image.path / "disk.img"),
                            str(directory / "disk.qcow2"))
        payload.make(None, directory / "payload.img")
        booted = machine.Machine(directory)
        link = remote.Remote(directory, remote.free_port(), booted.pid)
        process = booted.start(self.command_line(shape.devices(self.name), link.port),
                               self.emulator, keep=[self.image.fd], detached=False)
        try:
            with Stage(f"{self.suite.name}, {self.name}: first boot"):
                try:
                    link.connect(seconds=BOOT_SECONDS)
                    link.wait_running(BOOT_SECONDS)
                except LabError as error:
                    raise LabError(f"{error}{booted.last_words()}") from error
            link.run("test", "-c", "/dev/kvm")
            link.run("sync")
            link.disconnect()
            with Stage(f"{self.suite.name}, {self.name}: snapshot"):
                migrate(booted, directory / "state")
        finally:
            link.disconnect()
            booted.stop()
            process.wait()
        for name in ("payload.img", "qmp.sock", "qemu.pid", "ssh.log"):
            (directory / name).unlink(missing_ok=True)
        os.chmod(directory / "disk.qcow2", 0o444)


def migrate(booted, target):
    """Write the memory of a running machine to a file and wait for the end of it."""
    deadline = Deadline(120, "migrating the workstation to a file")
    with booted.qmp(120) as qmp:
        qmp.execute("migrate-set-parameters",
                    **{"max-bandwidth": 4 << 30, "downtime-limit": 5000})
        qmp.execute("migrate", uri=f"file:{target}")
        while True:
            info = qmp.execute("query-migrate")
            if info.get("status") == "completed":
                return
            if info.get("status") in ("failed", "cancelled"):
                raise LabError(f"migrating the workstation to a file: {info.get('error-desc')}")
            deadline.pause(0.1)
