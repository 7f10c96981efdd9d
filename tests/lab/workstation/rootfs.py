# SPDX-License-Identifier: GPL-2.0-or-later
"""The workstation's disk and the build chroot of a Debian suite, both made from one tree.

Theory of operation

debootstrap and apt make a tree with what the workstation needs. From it come the disk (mke2fs -d:
no loop device, no mount), the kernel, a small initrd and the ssh keys: the entry image-SUITE. Then
the same tree takes the compiler, the libraries' headers and the headers of exactly that kernel and
becomes the entry chroot-SUITE: what is built there links with the libraries the workstation has.
The disk is made first, so nothing of the compiler gets into it and a run-time dependency that the
product forgot is missed as it would be on a user's machine.
"""

import inspect
import os
import shutil
from pathlib import Path

from . import accel, cache, chroot, host, initrd, mirror
from .failure import LabError
from .progress import Stage

SUITES = ("trixie", "bookworm")
DISK_SIZE = "6G"
ROOT_FILES = Path(__file__).parent.parent / "root"

# The product's run-time dependencies, then what tests use.
WORKSTATION = """
    linux-image-amd64 systemd systemd-sysv udev dbus polkitd kmod
    qemu-system-x86 qemu-utils ovmf swtpm swtpm-tools
    ddcutil libevdev2 libjansson4 libhwloc15 libsmartcols1 libudev1 libpci3 libsystemd0
    openssh-server python3 iproute2 procps pciutils i2c-tools acl evtest strace lsof e2fsprogs
    busybox-static
""".split()
ONLY = {"trixie": ["libddcutil5"], "bookworm": ["libddcutil4"]}
DEVELOPMENT = """
    gcc libc6-dev make pkg-config bc
    libsystemd-dev libudev-dev libevdev-dev libddcutil-dev libpci-dev libjansson-dev libhwloc-dev
    libsmartcols-dev libcmocka-dev scdoc cpio
""".split()

# Work that would start at its own time, in a snapshot at an odd one; consoles nobody looks at.
MASKED = """
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer
    e2scrub_reap.service fstrim.timer systemd-tmpfiles-clean.timer serial-getty@ttyS0.service
    systemd-networkd-wait-online.service systemd-hwdb-update.service
""".split()

# ext4 asks for crc32c by name, which modules.dep does not tell.
DISK_MODULES = ["virtio_pci", "virtio_blk", "crc32c_generic", "ext4"]
FIND_ROOT = """
for try in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/vda ] && break; sleep 0.2; done
mount -t ext4 -o rw,noatime /dev/vda /mnt || { echo "no root file system"; poweroff -f; }
umount /proc /sys
exec switch_root /mnt /sbin/init
"""

# apt and dpkg in a tree that is thrown away when anything fails: no fsync, no documentation.
DPKG_SETTINGS = """force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/lintian/*
"""


def bootstrap(tree, suite, log):
    """A minimal Debian in `tree` whose apt reads the host's mirror."""
    archive, _ = mirror.find()
    include = ["--include=ca-certificates"] if archive.uri.startswith("https") else []
    host.run([*chroot.CONTAIN, "--mount-proc", "debootstrap", "--variant=minbase",
              f"--keyring={archive.keyring}", *include, suite, tree, archive.uri],
             log=log, timeout=900, preexec_fn=chroot.die_with_parent)
    keyring = "/etc/apt/keyrings/lab" + Path(archive.keyring).suffix
    (tree / "etc/apt/keyrings").mkdir(exist_ok=True)
    shutil.copy(archive.keyring, f"{tree}{keyring}")
    (tree / "etc/apt/sources.list").unlink()
    (tree / "etc/apt/sources.list.d/lab.sources").write_text(
        mirror.sources_text(suite, keyring=keyring), encoding="utf-8")
    (tree / "etc/apt/apt.conf.d/99lab").write_text(
        mirror.acquire_text() + 'Acquire::Languages "none";\nAPT::Install-Recommends "false";\n',
        encoding="utf-8")
    (tree / "etc/dpkg/dpkg.cfg.d/lab").write_text(DPKG_SETTINGS, encoding="utf-8")
    policy = tree / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    policy.chmod(0o755)
    shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")


def install(tree, packages, log):
    """apt-get install in the tree. INITRD=No: the lab makes its own initrd."""
    chroot.run(tree, ["apt-get", "-q", "-y", "install", *packages], log=log, writable=True,
               INITRD="No")
    chroot.run(tree, ["apt-get", "clean"], log=log, writable=True)


def kernel_release(tree):
    """The release of the one kernel in the tree."""
    releases = [path.name for path in (tree / "usr/lib/modules").iterdir()]
    if len(releases) != 1:
        raise LabError(f"{tree}: {len(releases)} kernels, one was expected")
    return releases[0]


def configure(tree, log):
    """Turn the tree into the workstation: the lab's files, users, units."""
    for source in sorted(ROOT_FILES.rglob("*")):
        target = tree / source.relative_to(ROOT_FILES)
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            shutil.copyfile(source, target)
            target.chmod(0o755 if os.access(source, os.X_OK) else 0o644)
    commands = [["useradd", "--create-home", "--shell", "/bin/bash", "--comment", "Alice", "alice"],
                ["systemctl", "enable", "systemd-networkd", "ssh", "lab-kvm-keeper"],
                ["systemctl", "mask", *MASKED],
                ["systemctl", "set-default", "multi-user.target"]]
    for command in commands:
        chroot.run(tree, command, log=log, writable=True)
    for home, owner in (("root", 0), ("home/alice", 1000)):
        directory = tree / home / ".ssh"
        directory.mkdir(mode=0o700, exist_ok=True)
        directory.chmod(0o700)
        keys = directory / "authorized_keys"
        shutil.copyfile(ssh_key(), keys)
        for path in (directory, keys):
            os.chown(path, owner, owner)
        keys.chmod(0o600)
    if not (tree / "etc/machine-id").read_text(encoding="utf-8").strip():
        chroot.run(tree, ["systemd-machine-id-setup"], log=log, writable=True)
    (tree / "usr/sbin/policy-rc.d").unlink()


def ssh_key():
    """The public key of this cache, made once; the private one lies beside it."""
    key = cache.root() / "ssh-key"
    cache.root().mkdir(parents=True, exist_ok=True)
    if not key.exists():
        with cache.Builder("ssh-key"):
            if not key.exists():
                new = cache.root() / "building" / "ssh-key-new"
                for path in (new, new.with_suffix(".pub")):
                    path.unlink(missing_ok=True)
                host.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", new])
                new.with_suffix(".pub").rename(key.with_suffix(".pub"))
                new.rename(key)
    return key.with_suffix(".pub")


def make_image(tree, directory, log):
    """Disk, kernel and initrd of the workstation."""
    release = kernel_release(tree)
    (directory / "release").write_text(release + "\n", encoding="utf-8")
    shutil.copyfile(tree / f"boot/vmlinuz-{release}", directory / "vmlinuz")
    (directory / "initrd").write_bytes(initrd.build(tree, release, DISK_MODULES, FIND_ROOT))
    (directory / "probe-initrd").write_bytes(
        initrd.build(tree, release, accel.MODULES, accel.SCRIPT))
    host.run(["mke2fs", "-q", "-t", "ext4", "-L", "workstation", "-d", tree,
              directory / "disk.img", DISK_SIZE], log=log)
    (directory / "disk.img").chmod(0o444)


class Suite:
    """The cached image and build chroot of one suite."""

    def __init__(self, name):
        if name not in SUITES:
            raise LabError(f"suite {name}: unknown, the lab knows {' and '.join(SUITES)}")
        host.require()
        self.name = name
        recipe = [inspect.getsource(step) for step in (bootstrap, install, configure, make_image)]
        self.image_key = cache.key_of(name, recipe, WORKSTATION, ONLY, MASKED, DPKG_SETTINGS,
                                      DISK_SIZE, DISK_MODULES, FIND_ROOT, accel.MODULES,
                                      accel.SCRIPT, Path(initrd.__file__), ROOT_FILES,
                                      ssh_key().read_text(encoding="utf-8"))
        self.chroot_key = cache.key_of(self.image_key, DEVELOPMENT)

    def image(self):
        """Entry with disk.img, vmlinuz, initrd, release."""
        return cache.find(f"image-{self.name}", self.image_key) or self._build()[0]

    def chroot(self):
        """Entry with root/, the build chroot."""
        return cache.find(f"chroot-{self.name}", self.chroot_key) or self._build()[1]

    def _build(self):
        """(image, chroot): what is missing of the two is built, from one tree."""
        host.require_root(f"building the file systems of {self.name}")
        with cache.Builder(f"chroot-{self.name}") as chroots, \
                cache.Builder(f"image-{self.name}") as images:
            image = cache.find(f"image-{self.name}", self.image_key)
            ready = cache.find(f"chroot-{self.name}", self.chroot_key)
            if image and ready:
                return image, ready
            directory = chroots.start(self.chroot_key)
            tree = directory / "root"
            with open(directory / "build.log", "wb") as log:
                with Stage(f"{self.name}: debootstrap"):
                    bootstrap(tree, self.name, log)
                with Stage(f"{self.name}: packages of the workstation"):
                    chroot.run(tree, ["apt-get", "-q", "update"], log=log, writable=True)
                    install(tree, WORKSTATION + ONLY[self.name], log)
                    configure(tree, log)
                if image is None:
                    with Stage(f"{self.name}: disk image"):
                        part = images.start(self.image_key)
                        make_image(tree, part, log)
                        image = images.finish(self.image_key, part)
                if ready:
                    cache.remove_tree(directory)
                    return image, ready
                with Stage(f"{self.name}: packages of the build chroot"):
                    headers = f"linux-headers-{kernel_release(tree)}"
                    install(tree, DEVELOPMENT + [headers], log)
            return image, chroots.finish(self.chroot_key, directory)
