# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulator's process: its command line, its start, its end.

A run directory holds all there is of an instance:

    qemu.pid  qmp.sock  qemu.log  cpu.log  console.log  disk.qcow2  payload.img  instance.json
    ssh-USER.sock

The emulator is known by its pid file and by its command line naming that very file, so a recycled
process id is not mistaken for it and a dead instance is seen as dead, also when the lab itself was
killed while starting it.
"""

import os
import select
import signal
import subprocess
from pathlib import Path

from . import cache, chroot, shape
from .failure import LabError
from .progress import Deadline
from .qmp import Qmp

# no_timer_check: under load an emulated timer may miss the kernel's test of it, and that is a panic.
COMMAND_LINE = ("root=/dev/vda console=tty0 console=ttyS0 intel_iommu=on iommu=pt mitigations=off "
                "no_timer_check net.ifnames=0 panic=0")


def command_line(emulator, accelerator, image, hardware, port):
    """argv of the emulator for a run directory, but for its pid file.

    image: directory with vmlinuz and initrd. hardware: arguments of shape.devices(). A snapshot's
    key holds this, so two argvs that are equal can share one. cpu.log has the registers at
    each reset of a processor, and "Triple fault" before one the workstation did not ask for.
    """
    return [*emulator.argv(), *accelerator, "-name", "vxm-lab", "-nodefaults", "-no-user-config",
            "-display", "none", "-d", "cpu_reset", "-D", "cpu.log",
            "-m", shape.MEMORY, "-smp", shape.CPUS,
            "-qmp", "unix:qmp.sock,server=on,wait=off",
            "-chardev", "file,id=console,path=console.log,append=on", "-serial", "chardev:console",
            "-kernel", str(image / "vmlinuz"), "-initrd", str(image / "initrd"),
            "-append", COMMAND_LINE, *hardware, *shape.storage("disk.qcow2", "payload.img"),
            *shape.network(port)]


def boot_with(argv, initrd):
    """command_line()'s argv with another initrd."""
    changed = list(argv)
    changed[changed.index("-initrd") + 1] = str(Path(initrd).resolve(strict=True))
    return changed


class Machine:
    """An emulated workstation in a run directory."""

    def __init__(self, directory):
        self.directory = Path(directory).absolute()

    def pid(self):
        """The emulator's process id, or None when it does not run."""
        path = self.directory / "qemu.pid"
        try:
            pid = int(path.read_text(encoding="ascii"))
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(path) in command else None

    def require(self):
        """LabError unless the emulator runs; says what it said last."""
        if not (self.directory / "instance.json").exists():
            raise LabError(f"{self.directory}: no workstation was started there: lab up")
        if self.pid() is None:
            raise LabError(f"{self.directory}: the workstation there is no longer running: lab up"
                           + self.last_words())

    def last_words(self):
        """What emulator and serial console said last, for an error message."""
        words = ""
        for name in ("qemu.log", "console.log"):
            path = self.directory / name
            if path.exists():
                lines = path.read_text(errors="replace").strip().splitlines()[-8:]
                words += "".join(f"\n{name}: {line}" for line in lines)
        return words

    def start(self, argv, emulator, *, keep, detached=True):
        """Start the emulator with command_line()'s argv; its process.

        keep: descriptors of cache entries to hold as long as it lives. detached: survives the lab,
        else dies with it.
        """
        for name in ("qemu.pid", "qmp.sock"):
            (self.directory / name).unlink(missing_ok=True)
        with open(self.directory / "qemu.log", "ab") as log:
            process = subprocess.Popen(
                [*argv, "-pidfile", str(self.directory / "qemu.pid")], cwd=self.directory,
                env=emulator.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=keep if detached else [*keep, *cache.held], start_new_session=detached,
                preexec_fn=None if detached else chroot.die_with_parent)
        deadline = Deadline(60, f"{self.directory}: the emulator's monitor")
        while not (self.pid() and (self.directory / "qmp.sock").exists()):
            if process.poll() is not None:
                raise LabError(f"{self.directory}: the emulator ended at once, status "
                               f"{process.returncode}{self.last_words()}")
            deadline.pause(0.05)
        return process

    def qmp(self, seconds=30):
        """A monitor connection."""
        return Qmp(self.directory, seconds)

    def wait_running(self, seconds):
        """Wait until a restored machine's CPUs run."""
        deadline = Deadline(seconds, f"{self.directory}: the emulator's CPUs running")
        while True:
            with self.qmp(seconds) as qmp:
                status = qmp.execute("query-status")["status"]
            if status == "running":
                return
            if status not in ("inmigrate", "prelaunch", "paused", "restore-vm"):
                raise LabError(f"{self.directory}: the emulator is {status}{self.last_words()}")
            if self.pid() is None:
                raise LabError(f"{self.directory}: the emulator ended{self.last_words()}")
            deadline.pause(0.1)

    def wait_gone(self, seconds):
        """Wait for the emulator's end; whether it came in time."""
        pid = self.pid()
        if pid is None:
            return True
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        with os.fdopen(fd):
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            return bool(poll.poll(seconds * 1000))

    def stop(self):
        """End the emulator: asked by its monitor, else killed."""
        pid = self.pid()
        if pid is None:
            return
        try:
            with self.qmp(5) as qmp:
                qmp.execute("quit")
        except LabError:
            pass
        if self.wait_gone(10):
            return
        os.kill(pid, signal.SIGKILL)
        if not self.wait_gone(10):
            raise LabError(f"{self.directory}: the emulator, process {pid}, cannot be killed")
