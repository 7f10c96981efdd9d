# SPDX-License-Identifier: GPL-2.0-or-later
"""The cache: finished things only, each keyed by a hash of all that went into it.

Theory of operation

An entry is a directory KIND-KEY. It is built under building/ and renamed into place when whole, so
a build that is killed leaves nothing but a directory under building/, which the next builder of
that kind removes. Builders of one kind exclude each other by flock on locks/KIND. Every process
that a builder starts inherits the lock (`held`), and the kernel drops it with the last of them:
whoever comes next after a kill -9 does not clean up under the feet of what is still dying.

Who uses an entry holds a shared flock on it (an emulator inherits the descriptor and so holds it as
long as it lives). When an entry is found or finished, others of its kind that nobody holds are
removed, which bounds the disk the cache takes.
"""

import fcntl
import hashlib
import json
import os
import shutil
from pathlib import Path

from .failure import LabError

# Descriptors of locks that the builder's child processes are to share.
held = []


def root():
    """Where the cache lies; outside the checkout, as trees hold foreign programs."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "vxm" / "lab"


def key_of(*inputs):
    """A hash of inputs: strings, numbers, lists, dicts, and Paths by name and content."""
    digest = hashlib.sha256()
    for item in inputs:
        if isinstance(item, Path):
            for path in [item] if item.is_file() else sorted(item.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    name = path.relative_to(item.parent)
                    digest.update(f"{name}\0{path.stat().st_mode & 0o111}\0".encode())
                    digest.update(hashlib.sha256(path.read_bytes()).digest())
        else:
            digest.update(json.dumps(item, sort_keys=True).encode() + b"\0")
    return digest.hexdigest()[:12]


def lock(path, exclusive, wait=True):
    """An open descriptor with a flock on it, or None when wait is false and another has it."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    try:
        fcntl.flock(fd, kind if wait else kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def remove_tree(path):
    """Remove a directory that may hold a root file system; never crosses a mount point."""
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for line in mounts:
            if (line.split()[4] + "/").startswith(f"{path}/"):
                raise LabError(f"{path}: {line.split()[4]} is mounted there: unmount it")
    shutil.rmtree(path, onerror=unless_gone)


def unless_gone(_function, _path, info):
    """Two that remove the same directory do not mind each other."""
    if not issubclass(info[0], FileNotFoundError):
        raise info[1]


class Entry:
    """A finished entry in use: `path`, kept alive by the shared lock `fd`."""

    def __init__(self, path, fd):
        self.path = path
        self.fd = fd


def drop_others(kind, current):
    """Remove the entries of a kind that nobody uses, but for one."""
    for path in root().glob(f"{kind}-????????????"):
        try:
            fd = lock(path, exclusive=True, wait=False) if path != current else None
        except FileNotFoundError:
            continue
        if fd is None:
            continue
        # Renamed while locked: who waits for the lock to use it finds it gone, and builds.
        gone = root() / "building" / f"{path.name}.{os.getpid()}"
        try:
            path.rename(gone)
        except FileNotFoundError:
            continue
        finally:
            os.close(fd)
        remove_tree(gone)


def find(kind, key):
    """The entry, locked for use, or None when it is not there."""
    path = root() / f"{kind}-{key}"
    try:
        fd = lock(path, exclusive=False)
    except FileNotFoundError:
        return None
    if not path.exists():
        os.close(fd)
        return None
    drop_others(kind, path)
    return Entry(path, fd)


def get(kind, key, build):
    """The entry KIND-KEY; build(directory) fills it when it is not there yet."""
    entry = find(kind, key)
    if entry is None:
        with Builder(kind) as builder:
            entry = find(kind, key)
            if entry is None:
                directory = builder.start(key)
                build(directory)
                entry = builder.finish(key, directory)
    return entry


class Builder:
    """Holds the right to build entries of one kind."""

    def __init__(self, kind):
        self.kind = kind

    def __enter__(self):
        for name in ("locks", "building"):
            (root() / name).mkdir(parents=True, exist_ok=True)
        (root() / "locks" / self.kind).touch()
        self.fd = lock(root() / "locks" / self.kind, exclusive=True)
        held.append(self.fd)
        for left in (root() / "building").glob(f"{self.kind}-????????????*"):
            remove_tree(left)
        return self

    def __exit__(self, *_):
        held.remove(self.fd)
        os.close(self.fd)

    def start(self, key):
        """An empty directory to build in."""
        directory = root() / "building" / f"{self.kind}-{key}"
        directory.mkdir()
        return directory

    def finish(self, key, directory):
        """Make what was built visible, and drop what it replaces."""
        path = root() / f"{self.kind}-{key}"
        directory.rename(path)
        return find(self.kind, key)
