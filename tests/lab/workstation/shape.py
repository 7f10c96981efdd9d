# SPDX-License-Identifier: GPL-2.0-or-later
"""The hardware of the workstation: what sits in which slot, per shape.

Slots of the root bus are fixed, so that a device's address says what it is:

    00:01.0  boot GPU (virtio-vga, boot_vga=1)
    00:02.0  root port of the card put in front, when there is one: it takes bus 01
    00:03.0  root port (or the conventional bridge) of the second card: bus 01, or 02 behind a front
    00:04.0  root port of the twin, or of the network card with virtual functions: bus 02
    00:10.0  random numbers, then disk, payload, keyboard, mouse, and 00:15.0 the network

The second card is QEMU's VGA with an HD audio function beside it: a UEFI guest draws on it through
its memory BAR without legacy VGA ports, which vfio-pci does not hand over. NICs have no boot ROM.
"""

from .failure import LabError

MEMORY = "4G"
CPUS = "2"


def bare_card(name, bus, slot="0"):
    """A graphics card; `name` is what `screendump` calls it."""
    return ["-device", f"VGA,id={name},bus={bus},addr={slot}.0,multifunction=on,vgamem_mb=16"]


def card(name, bus, slot="0"):
    """A graphics card with its audio function."""
    return [*bare_card(name, bus, slot),
            "-device", f"intel-hda,id={name}audio,bus={bus},addr={slot}.1",
            "-device", f"hda-output,bus={name}audio.0,audiodev=silence"]


def root_port(name, slot):
    """A PCIe root port in a slot of the root bus: an IOMMU group of its own for what is behind."""
    return ["-device", f"pcie-root-port,id={name},bus=pcie.0,addr={slot:#x}.0,chassis={slot},"
                       f"slot={slot}"]


def idle_nic(model, bus, slot="0"):
    """A network card that nobody uses."""
    return ["-netdev", "user,id=idle,restrict=on",
            "-device", f"{model},netdev=idle,bus={bus},addr={slot}.0,romfile="]


def dual():
    """A second card behind its own root port."""
    return root_port("rp1", 3) + card("dgpu", "rp1")


def twins():
    """Two identical cards behind two root ports."""
    return dual() + root_port("rp2", 4) + card("dgpu2", "rp2")


def sriov():
    """A network card beside it with a function-level reset and virtual functions."""
    return dual() + root_port("rp2", 4) + idle_nic("igb", "rp2")


def shared():
    """The card on a conventional bus that it shares with a NIC: one IOMMU group for all of it."""
    return ["-device", "pcie-pci-bridge,id=br1,bus=pcie.0,addr=0x3.0",
            *card("dgpu", "br1", "1"), *idle_nic("e1000", "br1", "2")]


def single():
    """The boot GPU and nothing else."""
    return []


SHAPES = {"dual": dual, "twins": twins, "sriov": sriov, "shared": shared, "single": single}
CARDS = {"dual": ["hgpu", "dgpu"], "twins": ["hgpu", "dgpu", "dgpu2"], "sriov": ["hgpu", "dgpu"],
         "shared": ["hgpu", "dgpu"], "single": ["hgpu"]}

# What can be put in front of the second card so that addresses shift: a NIC, or a card that has the
# second card's ids and answers at the address that was configured, but has no audio of its own.
FRONTS = {"nic": lambda: idle_nic("e1000e", "rp0"), "card": lambda: bare_card("front", "rp0")}


def devices(shape, front=None):
    """QEMU arguments for the hardware of a shape, disks and network card aside."""
    if shape not in SHAPES:
        raise LabError(f"shape {shape}: unknown, the lab knows {', '.join(SHAPES)}")
    if front is not None and front not in FRONTS:
        raise LabError(f"--front {front}: unknown, the lab knows {', '.join(FRONTS)}")
    if front is not None and shape == "shared":
        raise LabError("--front does not go with the shape shared")
    arguments = ["-audiodev", "none,id=silence",
                 "-device", "intel-iommu,intremap=on,caching-mode=on",
                 "-device", "virtio-vga,id=hgpu,bus=pcie.0,addr=0x1.0,romfile="]
    if front is not None:
        arguments += root_port("rp0", 2) + FRONTS[front]()
    arguments += SHAPES[shape]()
    arguments += ["-device", "virtio-rng-pci,bus=pcie.0,addr=0x10.0",
                  "-device", "virtio-keyboard-pci,bus=pcie.0,addr=0x13.0",
                  "-device", "virtio-mouse-pci,bus=pcie.0,addr=0x14.0"]
    return arguments


def storage(disk, payload):
    """QEMU arguments for the disk and the read-only payload disk."""
    return ["-drive", f"file={disk},if=none,id=disk,format=qcow2,cache=unsafe,discard=unmap",
            "-device", "virtio-blk-pci,drive=disk,bus=pcie.0,addr=0x11.0,bootindex=1",
            "-drive", f"file={payload},if=none,id=payload,format=raw,readonly=on,cache=unsafe",
            "-device", "virtio-blk-pci,drive=payload,bus=pcie.0,addr=0x12.0"]


def network(port):
    """QEMU arguments for a network that leads nowhere but to the workstation's ssh."""
    return ["-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:22",
            "-device", "virtio-net-pci,netdev=net,bus=pcie.0,addr=0x15.0,romfile="]
