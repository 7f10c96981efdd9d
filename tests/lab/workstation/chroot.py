# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands inside a tree, in mount and process namespaces of their own.

The kernel undoes everything when the command ends, however it ends: the mounts go with the
namespace, the processes with the namespace's first one, and that one dies with the lab.
"""

import ctypes
import os
import signal
import subprocess

from . import cache, host
from .failure import LabError

PR_SET_PDEATHSIG = 1

# $1 is the tree, $2 "ro" or "rw", $3 a directory to start in, then directories to show inside at
# the same path, "--", and the command. --propagation private is unshare's default.
ENTER = r"""
set -eu
tree=$1 mode=$2 cwd=$3
shift 3
mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev"
mount --bind -o ro /sys "$tree/sys"
mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
mount -t tmpfs -o mode=755 tmpfs "$tree/run"
while [ "$1" != -- ]; do
	mkdir -p "$tree$1"
	mount --bind "$1" "$tree$1"
	shift
done
shift
[ "$mode" = rw ] || mount -o remount,bind,ro "$tree"
exec chroot "$tree" /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$cwd" "$@"
"""


def die_with_parent():
    """In the child, before exec: SIGKILL when the lab is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


# Namespaces that end with the command: its mounts, and all processes it leaves behind.
CONTAIN = ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL"]


def argv_for(tree, command, *, writable=False, cwd="/", binds=()):
    """argv that runs `command` inside `tree` with `binds` shown at their own paths."""
    return [*CONTAIN, "--ipc", "sh", "-c", ENTER, "sh", str(tree),
            "rw" if writable else "ro", str(cwd), *map(str, binds), "--", *map(str, command)]


def environment(**more):
    """A clean environment for a command of another suite; proxies are kept."""
    env = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    env.update(PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME="/tmp",
               TERM="dumb", LC_ALL="C.UTF-8", DEBIAN_FRONTEND="noninteractive", **more)
    return env


def run(tree, command, *, log, writable=False, timeout=1800, **more):
    """Run a command of the lab's own in a tree, output to the log; LabError on failure."""
    argv = argv_for(tree, command, writable=writable)
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                              env=environment(**more), preexec_fn=die_with_parent, check=False,
                              timeout=timeout, pass_fds=tuple(cache.held))
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{command[0]} in {tree}: not done within {timeout} s") from error
    if done.returncode != 0:
        raise LabError(f"{' '.join(command[:6])}, in {tree}: exit status {done.returncode}\n"
                       + "\n".join(host.tail_of(log).strip().splitlines()[-15:]))


def call(tree, command, *, cwd, binds):
    """Run a user's command in a tree with our own stdin, stdout and stderr; its exit status."""
    with subprocess.Popen(argv_for(tree, command, cwd=cwd, binds=binds), env=environment(),
                          preexec_fn=die_with_parent) as process:
        return process.wait()
