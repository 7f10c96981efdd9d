# SPDX-License-Identifier: GPL-2.0-or-later
"""What one wants to see of a workstation after a test went wrong."""

import shutil
import subprocess

from . import picture
from .failure import LabError
from .progress import say

# File name -> command in the workstation. Each is given a while; one that fails is named.
COMMANDS = {
    "journal.txt": "journalctl -b --no-pager -o short-monotonic",
    "journal.export": "journalctl -b --no-pager -o export",
    "dmesg.txt": "dmesg",
    "run-vxm.txt": "find /run/vxm -ls -type f -exec head -v -n 50 {} +",
    "units.txt": "systemctl list-units --all --no-pager; systemctl list-jobs --no-pager; "
                 "systemctl --failed --no-pager; systemctl status 'vxm-*' --no-pager -n 0 || true",
    "processes.txt": "ps -eo pid,ppid,user,stat,wchan:30,vsz,rss,args",
    "open-files.txt": "lsof -n -P /dev/vfio/* /dev/kvm /dev/input/* /dev/dri/* || true",
    "pci.txt": "lspci -nnk; ls -l /sys/kernel/iommu_groups/*/devices/",
    "memory.txt": "cat /proc/meminfo; grep -r . /sys/devices/system/node/node*/hugepages",
    "nodes.txt": "ls -lR /dev/vfio /dev/input /dev/dri; getfacl -p /dev/input/* /dev/vfio/*",
}


def collect(instance, outdir):
    """Fill outdir; LabError at the end when something could not be had."""
    outdir.mkdir(parents=True, exist_ok=True)
    instance.recorded()
    missing = []
    for name in ("console.log", "qemu.log", "cpu.log"):
        if (instance.directory / name).exists():
            shutil.copyfile(instance.directory / name, outdir / name)
    if instance.pid() is None:
        raise LabError(f"{instance.directory}: the workstation has ended; only its console and "
                       f"the emulator's log are in {outdir}")
    for card in instance.cards():
        try:
            picture.png(instance, card, outdir / f"{card}.png")
        except LabError as error:
            missing.append(str(error))
    link = instance.remote()
    try:
        link.connect(seconds=30)
    except LabError as error:
        raise LabError(f"{error}; only consoles and pictures are in {outdir}") from error
    for name, command in COMMANDS.items():
        try:
            with open(outdir / name, "wb") as output:
                done = link.call(["sh", "-c", command], timeout=60, stdout=output,
                                 stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
            if done.returncode != 0:
                say(f"{name}: exit status {done.returncode}")
        except LabError as error:
            missing.append(str(error))
    if missing:
        raise LabError("; ".join(missing))
