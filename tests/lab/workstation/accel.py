# SPDX-License-Identifier: GPL-2.0-or-later
"""KVM where nested virtualisation really works, else TCG.

/dev/kvm being there proves nothing: in some clouds a stock kernel never gets to its first line
under it, or its own KVM does not load. So a stock Debian kernel is booted, with a deadline, and asked
whether it has a /dev/kvm of its own. The verdict holds until the host reboots.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from . import cache, chroot
from .progress import Stage, say

SECONDS = 25
MODULES = ["kvm_amd", "kvm_intel"]
SCRIPT = "[ -c /dev/kvm ] && echo nested KVM works > /dev/ttyS0\npoweroff -f\n"
SIGN = "nested KVM works"

TCG = ["-accel", "tcg,thread=multi", "-machine", "q35,i8042=off", "-cpu", "max,la57=off"]
KVM = ["-accel", "kvm", "-machine", "q35,i8042=off,kernel-irqchip=split", "-cpu", "host"]


def probe(emulator, image):
    """Whether the stock kernel of an image boots under KVM and has KVM itself."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with tempfile.TemporaryDirectory() as scratch, Stage("KVM: trying a stock kernel under it"):
        console = Path(scratch) / "console"
        argv = [*emulator.argv(), *KVM, "-m", "512M", "-nodefaults", "-display", "none",
                "-no-reboot", "-serial", f"file:{console}", "-kernel", str(image / "vmlinuz"),
                "-initrd", str(image / "probe-initrd"), "-append", "console=ttyS0 panic=-1"]
        with subprocess.Popen(argv, env=emulator.environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              preexec_fn=chroot.die_with_parent) as process:
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        return console.exists() and SIGN in console.read_text(errors="replace")


def choose(emulator, image):
    """("kvm" or "tcg", QEMU arguments)."""
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as boot:
        key = [boot.read().strip(), emulator.key]
    verdict = cache.root() / "kvm-verdict"
    try:
        known = json.loads(verdict.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        known = {}
    if known.get("key") != key:
        known = {"key": key, "kvm": probe(emulator, image)}
        new = verdict.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(known), encoding="utf-8")
        new.rename(verdict)
    if known["kvm"]:
        say("outer accelerator: KVM (a stock kernel boots under it and has KVM itself)")
        return "kvm", KVM
    say("outer accelerator: TCG with emulated SVM (no KVM here under which a stock kernel boots "
        "and has KVM itself)")
    return "tcg", TCG
