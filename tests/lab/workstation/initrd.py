# SPDX-License-Identifier: GPL-2.0-or-later
"""A small initrd: busybox, the modules that are named, and a script. No initramfs-tools needed."""

import gzip
import lzma
import stat
from pathlib import Path

from .failure import LabError


class Archive:
    """A cpio archive in the kernel's "newc" format."""

    def __init__(self):
        self.parts = []
        self.inode = 0

    def add(self, name, mode, content=b"", device=(0, 0)):
        """Append one file; mode with its file type."""
        self.inode += 1
        name = name.encode() + b"\0"
        fields = [self.inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0]
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
        self.parts += [head, b"\0" * (-len(head) % 4), content, b"\0" * (-len(content) % 4)]

    def finish(self):
        """The whole archive, compressed."""
        self.add("TRAILER!!!", 0)
        return gzip.compress(b"".join(self.parts), 6)


def closure(modules, wanted):
    """Paths below the module directory of modules and what they depend on, in load order."""
    depends = {}
    for line in (modules / "modules.dep").read_text(encoding="utf-8").splitlines():
        path, _, needs = line.partition(":")
        depends[path] = needs.split()
    builtin = (modules / "modules.builtin").read_text(encoding="utf-8").split()
    names = {Path(path).name.split(".")[0].replace("-", "_"): path for path in depends}
    compiled_in = {Path(path).stem.replace("-", "_") for path in builtin}
    order = []
    for name in wanted:
        path = names.get(name.replace("-", "_"))
        if path is None:
            if name.replace("-", "_") in compiled_in:
                continue
            raise LabError(f"{modules}: no kernel module {name}")
        # modules.dep lists dependencies with the deepest last.
        for item in [*reversed(depends[path]), path]:
            if item not in order:
                order.append(item)
    return order


def build(tree, release, wanted, script):
    """The initrd as bytes. `script` runs as /init after the modules were loaded."""
    modules = tree / "usr/lib/modules" / release
    archive = Archive()
    for name in ("bin", "dev", "proc", "sys", "lib", "mnt"):
        archive.add(name, stat.S_IFDIR | 0o755)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.add("bin/busybox", stat.S_IFREG | 0o755, (tree / "usr/bin/busybox").read_bytes())
    loads = []
    for path in closure(modules, wanted):
        content = (modules / path).read_bytes()
        if path.endswith(".xz"):
            content = lzma.decompress(content)
        name = Path(path).name.split(".")[0] + ".ko"
        archive.add(f"lib/{name}", stat.S_IFREG | 0o644, content)
        loads.append(f"insmod /lib/{name}")
    init = "\n".join(["#!/bin/busybox sh", "/bin/busybox --install -s /bin",
                      "export PATH=/bin", "mount -t devtmpfs dev /dev", "mount -t proc proc /proc",
                      "mount -t sysfs sys /sys", *loads, script, ""])
    archive.add("init", stat.S_IFREG | 0o755, init.encode())
    return archive.finish()
