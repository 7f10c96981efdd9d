# SPDX-License-Identifier: GPL-2.0-or-later
"""The outer QEMU: which one runs the workstation, and how it was made to work.

Theory of operation

The workstation needs nested virtualisation. Without hardware for it, TCG emulates AMD's SVM, and
every QEMU Debian has (7.2, 10.0, 11.1) aborts there as soon as OVMF runs in the nested guest:

    cpu_interrupt: assertion failed: (bql_locked())

SVM emulation raises an interrupt without the big lock. Since 11.x the flag itself is set
atomically, so the call is harmless and only the assertion is in the way. Two ways lead past it:
build Debian's source package with one line changed, or take Debian's binary and make that one
conditional jump a no-operation. Building is the cleaner way and takes the better part of an hour on
two cores plus a long list of build dependencies, on every machine that runs `make check`; the patch
takes a tenth of a second. What makes it safe is that it is found by meaning, not by offset: the
jump must lead to the code that passes the strings "bql_locked()" and "cpu_interrupt" to the
assertion's reporter, straight after testing a result, and exactly one place in the whole program
may be so. Anything else is refused.

The packages come from trixie-backports with every library they need from trixie, unpacked beside
each other and started through trixie's own ld.so: nothing of the host but its kernel takes part, so
the host needs no QEMU at all and two hosts run the same one.
"""

import os
import re
import struct

from . import cache, host, mirror
from .failure import LabError
from .progress import Stage, say

SUITE = "trixie"
RELEASE = "trixie-backports"
PACKAGES = ["qemu-system-x86", "qemu-utils"]
LIBRARIES = "usr/lib/x86_64-linux-gnu"
PROGRAM = "usr/bin/qemu-system-x86_64"


def segments(image):
    """(file offset, address, size, executable) of each PT_LOAD of an ELF64 program."""
    if image[:5] != b"\x7fELF\x02":
        raise LabError("the emulator is not a 64-bit ELF program")
    table, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for number in range(count):
        kind, flags, offset, address, _, length = struct.unpack_from("<IIQQQQ", image,
                                                                     table + number * size)
        if kind == 1:
            yield offset, address, length, bool(flags & 1)


def addresses_of(image, text, loads):
    """The addresses at which a C string, or a longer one that ends in it, lies."""
    found = set()
    for match in re.finditer(re.escape(text) + b"\0", image):
        for offset, address, length, _ in loads:
            if offset <= match.start() < offset + length:
                found.add(match.start() - offset + address)
    return found


def find_jump(image):
    """(file offset, length) of the jump to cpu_interrupt's assertion; LabError unless just one."""
    loads = list(segments(image))
    function = addresses_of(image, b"cpu_interrupt", loads)
    condition = addresses_of(image, b"bql_locked()", loads)
    found = []
    for offset, address, length, executable in loads:
        if not executable:
            continue
        code = image[offset:offset + length]
        refers = {}
        for match in re.finditer(rb"[\x48\x4c]\x8d[\x05\x0d\x15\x1d\x25\x2d\x35\x3d]", code):
            at = match.start()
            target = address + at + 7 + int.from_bytes(code[at + 3:at + 7], "little", signed=True)
            if target in function or target in condition:
                refers[at] = target
        for at, target in refers.items():
            # The block that reports: both strings within a few instructions of each other.
            if target in function and any(abs(other - at) < 40 and refers[other] in condition
                                          for other in refers):
                found += jumps_to_block(code, at, offset)
    if len(found) != 1:
        raise LabError(f"{PROGRAM}: {len(found)} places look like the assertion of cpu_interrupt, "
                       "one was expected: this QEMU is not the one the lab knows, not patching it")
    return found[0]


def jumps_to_block(code, report, offset):
    """Conditional jumps after `test %al,%al` that lead to at most 40 bytes before `report`."""
    for match in re.finditer(rb"\x84\xc0(?:[\x74\x75](.)|\x0f[\x84\x85](.{4}))",
                             code[max(0, report - 4096):report + 4096], re.DOTALL):
        start = max(0, report - 4096) + match.start() + 2
        end = max(0, report - 4096) + match.end()
        distance = int.from_bytes(match.group(1) or match.group(2), "little", signed=True)
        if report - 40 <= end + distance <= report:
            yield offset + start, end - start


def build(directory):
    """Fill a cache entry with the emulator's root."""
    tree = directory / "root"
    tree.mkdir()
    with Stage(f"emulator: QEMU of {RELEASE} with the libraries of {SUITE}"), \
            open(directory / "build.log", "wb") as log:
        apt = mirror.Apt(directory / "apt", SUITE, backports=True)
        packages = apt.download(PACKAGES, release=RELEASE, log=log)
        for package in packages:
            host.run(["dpkg-deb", "-x", package, tree], log=log)
    names = [path.name.replace("%3a", ":") for path in packages]
    version = [name.split("_")[1] for name in names if name.startswith("qemu-system-x86_")]
    cache.remove_tree(directory / "apt")
    image = bytearray((tree / PROGRAM).read_bytes())
    start, length = find_jump(bytes(image))
    image[start:start + length] = b"\x90" * length
    (tree / PROGRAM).write_bytes(image)
    (directory / "description").write_text(
        f"QEMU {version[0]} of {RELEASE}, beside the libraries of {SUITE}; the assertion "
        f"bql_locked() in cpu_interrupt patched out at {start:#x}\n", encoding="utf-8")


class Emulator:
    """The outer QEMU and its qemu-img, ready to run."""

    def __init__(self):
        host.require()
        with open(__file__, "rb") as source:
            self.key = cache.key_of(PACKAGES, RELEASE, source.read().decode())
        self.entry = cache.get("emulator", self.key, build)
        self.tree = self.entry.path / "root"
        self.description = (self.entry.path / "description").read_text(encoding="utf-8").strip()

    def announce(self):
        """The line of the log that says which emulator runs."""
        say(f"outer emulator: {self.description}")

    def program(self, name):
        """argv prefix that runs a program of the emulator's root."""
        return [str(self.tree / LIBRARIES / "ld-linux-x86-64.so.2"),
                "--library-path", str(self.tree / LIBRARIES), str(self.tree / "usr/bin" / name)]

    def argv(self):
        """argv prefix of the emulator proper."""
        share = self.tree / "usr/share"
        return [*self.program("qemu-system-x86_64"),
                "-L", str(share / "qemu"), "-L", str(share / "seabios")]

    def environment(self):
        """The emulator's modules lie in its own root."""
        return dict(os.environ, QEMU_MODULE_DIR=str(self.tree / LIBRARIES / "qemu"))

    def image(self, *arguments):
        """Run qemu-img."""
        return host.run([*self.program("qemu-img"), *arguments])
