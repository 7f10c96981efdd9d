# SPDX-License-Identifier: GPL-2.0-or-later
"""The payload disk: a directory of the host as a read-only ext4 disk of fixed size."""

from . import host

# Fixed, as the snapshot's kernel knows the size; sparse, so it costs what it holds.
SIZE = 1 << 30


def make(directory, target):
    """Make the disk; `directory` may be None: then it is empty."""
    with open(target, "wb") as file:
        file.truncate(SIZE)
    if directory is not None:
        host.run(["mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0",
                  "-E", "root_owner=0:0", "-L", "payload", "-d", directory, target])
