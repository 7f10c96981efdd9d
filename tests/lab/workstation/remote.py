# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands and files into the workstation: ssh over one kept connection for each user."""

import shlex
import socket
import subprocess
import time
from pathlib import Path

from . import rootfs
from .failure import LabError
from .progress import Deadline


class Remote:
    """ssh to the workstation of an instance.

    The kept connection (a ControlMaster) has no stdin, stdout or stderr of ours, or a test that
    waits for the end of a pipe would wait for it. Its socket is named relative to the run
    directory, which may lie deeper than a socket's path may be long.
    """

    def __init__(self, directory, port, alive=lambda: True):
        self.directory = directory
        self.port = port
        self.alive = alive

    def argv(self, user, *options):
        """argv prefix of ssh as `user`."""
        return ["ssh", "-F", "/dev/null", "-i", str(rootfs.ssh_key().with_suffix("")),
                "-p", str(self.port), "-o", f"ControlPath=ssh-{user}.sock",
                "-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no",
                "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes",
                "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=8", *options,
                f"{user}@127.0.0.1"]

    def wait_banner(self, deadline):
        """Wait until sshd speaks; the emulator accepts connections long before.

        A connection made while the workstation boots is lost: the emulated network backs off for
        so long that a new one gets through sooner. So each try is short at first.
        """
        patience = 1.0
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5) as probe:
                    probe.settimeout(min(patience, deadline.left()))
                    if probe.recv(4) == b"SSH-":
                        return
            except OSError:
                pass
            if not self.alive():
                raise LabError(f"{deadline.what}: the emulator has ended")
            patience = min(patience + 0.1, 5)
            deadline.pause(0.2)

    def connect(self, user="root", seconds=60):
        """Open the kept connection unless it is there."""
        if (self.directory / f"ssh-{user}.sock").exists():
            check = subprocess.run(self.argv(user, "-O", "check"), cwd=self.directory, check=False,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
            if check.returncode == 0:
                return
            (self.directory / f"ssh-{user}.sock").unlink(missing_ok=True)
        deadline = Deadline(seconds, f"{self.directory}: ssh to the workstation as {user}")
        while True:
            self.wait_banner(deadline)
            try:
                log = self.directory / "ssh.log"
                with open(log, "wb") as output:
                    done = subprocess.run(
                        self.argv(user, "-M", "-N", "-f", "-o", "ConnectTimeout=20"),
                        cwd=self.directory, check=False, timeout=min(40, deadline.left()),
                        stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                        start_new_session=True)
                if done.returncode == 0:
                    return
                deadline.what = (f"{self.directory}: ssh to the workstation as {user}: "
                                 + log.read_text(errors="replace").strip())
            except subprocess.TimeoutExpired:
                pass
            deadline.pause(0.3)

    def disconnect(self):
        """Close the kept connections."""
        for control in self.directory.glob("ssh-*.sock"):
            user = control.stem.removeprefix("ssh-")
            subprocess.run(self.argv(user, "-O", "exit"), cwd=self.directory, check=False,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=20)
            control.unlink(missing_ok=True)

    def call(self, command, *, user="root", timeout=300, **streams):
        """Run argv `command` there; a CompletedProcess. LabError only when it takes too long."""
        self.connect(user)
        try:
            return subprocess.run([*self.argv(user), "--", shlex.join(command)],
                                  cwd=self.directory, check=False, timeout=timeout, **streams)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"{' '.join(command[:4])}, as {user} in the workstation: not done "
                           f"within {timeout} s") from error

    def run(self, *command, timeout=300, user="root", stdin=None):
        """Run a command that must succeed; its stdout as text."""
        done = self.call(list(command), user=user, timeout=timeout, input=stdin or b"",
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise LabError(f"{' '.join(command[:6])}, in the workstation: exit status "
                           f"{done.returncode}\n" + done.stderr.decode(errors="replace").strip())
        return done.stdout.decode(errors="replace")

    def put(self, local, remote):
        """Copy a file to a path, or what a directory holds into a directory."""
        local = Path(local)
        if local.is_dir():
            self._pipe(["tar", "-C", str(local), "-c", "."],
                       ["sh", "-c", 'mkdir -p "$1" && tar -C "$1" -x', "sh", remote])
        elif local.is_file():
            mode = f"{local.stat().st_mode & 0o7777:o}"
            self._pipe(["cat", "--", str(local.absolute())],
                       ["sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"',
                        "sh", remote, mode])
        else:
            raise LabError(f"{local}: no such file or directory")

    def _pipe(self, producer, consumer):
        self.connect()
        with subprocess.Popen(producer, stdout=subprocess.PIPE) as source:
            done = self.call(consumer, stdin=source.stdout, stderr=subprocess.PIPE)
            source.stdout.close()
            status = source.wait()
        if status != 0 or done.returncode != 0:
            raise LabError(f"copying into the workstation: {' '.join(producer[:4])} -> exit status "
                           f"{status}, there {done.returncode}: "
                           + done.stderr.decode(errors="replace").strip())

    def get(self, remote, local):
        """Copy a file to a path, or what a directory holds into a directory, from there."""
        kind = self.run("sh", "-c", 'if [ -d "$1" ]; then echo directory; else cat "$1" >/dev/null '
                        '&& stat -Lc %a "$1"; fi', "sh", remote).strip()
        local = Path(local)
        if kind == "directory":
            local.mkdir(parents=True, exist_ok=True)
            archive = self.call(["tar", "-C", remote, "-c", "."], stdout=subprocess.PIPE)
            done = subprocess.run(["tar", "-C", str(local), "-x"], input=archive.stdout,
                                  check=False)
            status = archive.returncode or done.returncode
        else:
            part = Path(f"{local}.part")
            with open(part, "wb") as output:
                status = self.call(["cat", remote], stdout=output).returncode
            part.chmod(int(kind, 8))
            part.rename(local)
        if status != 0:
            raise LabError(f"{remote}: copying it from the workstation failed")

    def set_clock(self):
        """A restored workstation lives at the time of its snapshot: tell it the host's."""
        self.run("date", "-u", "-s", f"@{time.time():.3f}")

    def ask_end(self, verb):
        """Ask for the end of this boot: `reboot` or `poweroff`. The caller waits for that end.

        The connection may go before the answer does, for sshd's sessions are stopped at once, with
        all else: ssh then says 255, and so it does where it could not ask. The machine tells which.
        """
        command = ["systemctl", "--no-block", verb]
        done = self.call(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
        if done.returncode not in (0, 255):
            raise LabError(f"{' '.join(command)}, in the workstation: exit status "
                           f"{done.returncode}\n" + done.stdout.decode(errors="replace").strip())

    def boot_id(self):
        """Which boot this is."""
        return self.run("cat", "/proc/sys/kernel/random/boot_id").strip()

    def wait_running(self, seconds, degraded=False):
        """Wait for the end of the boot; a degraded system is a failure that is explained.

        degraded: a boot after which units have failed is what the caller is after.
        """
        done = self.call(["systemctl", "is-system-running", "--wait"], timeout=seconds,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        state = done.stdout.decode(errors="replace").strip()
        if state != "running" and not (degraded and state == "degraded"):
            failed = self.call(["systemctl", "--failed", "--no-legend", "--plain"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            raise LabError(f"{self.directory}: the workstation is {state}, not running:\n"
                           + failed.stdout.decode(errors="replace").strip())


def free_port():
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
