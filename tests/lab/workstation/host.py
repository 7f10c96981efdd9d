# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lab needs of the host, by name of Debian package, and how it runs host programs."""

import os
import shutil
import subprocess

from . import cache
from .failure import LabError

# program -> Debian package. QEMU is not among them: the lab brings its own (see emulator.py).
PROGRAMS = {
    "apt-get": "apt",
    "debootstrap": "debootstrap",
    "dpkg-deb": "dpkg",
    "mke2fs": "e2fsprogs",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "tar": "tar",
    "unshare": "util-linux",
    "mount": "mount",
}


def path():
    """PATH with the sbin directories, which a user's login shell may lack."""
    return os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"


def require():
    """Raise LabError naming each Debian package that is missing, and when not root."""
    missing = sorted({package for program, package in PROGRAMS.items()
                      if shutil.which(program, path=path()) is None})
    if missing:
        raise LabError(f"the lab needs {', '.join(missing)}: "
                       f"apt-get install --no-install-recommends {' '.join(missing)}")


def require_root(what):
    """Building root file systems takes chroot, mount and file owners."""
    if os.geteuid() != 0:
        raise LabError(f"{what} needs root (chroot, mounts, file owners): run it as root")


def run(argv, *, log=None, timeout=600, **keywords):
    """Run a host program; LabError with the end of its output when it fails.

    argv: list of strings. log: an open file that takes stdout and stderr, else they are captured.
    Returns the captured output (text), or None with log.
    """
    argv = [str(arg) for arg in argv]
    env = keywords.pop("env", None) or dict(os.environ)
    env["PATH"] = env.get("PATH", "") + ":/usr/sbin:/sbin"
    env["LC_ALL"] = "C.UTF-8"
    output = log if log is not None else subprocess.PIPE
    keywords.setdefault("stdin", subprocess.DEVNULL)
    keywords.setdefault("pass_fds", tuple(cache.held))
    try:
        done = subprocess.run(argv, stdout=output, stderr=subprocess.STDOUT, env=env,
                              timeout=timeout, check=False, **keywords)
    except FileNotFoundError as error:
        raise LabError(f"{argv[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{argv[0]}: not done within {timeout} s") from error
    text = done.stdout.decode(errors="replace") if log is None else None
    if done.returncode != 0:
        tail = tail_of(log) if log is not None else text
        raise LabError(f"{' '.join(argv[:6])}: exit status {done.returncode}\n"
                       + "\n".join(tail.strip().splitlines()[-15:]))
    return text


def tail_of(log):
    """The last lines of an open log file."""
    log.flush()
    with open(log.name, encoding="utf-8", errors="replace") as again:
        return again.read()[-4000:]
