# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line of the lab."""

import argparse
import json
import os
import sys
from pathlib import Path

from . import chroot, collect, instance, picture, rootfs, shape
from .failure import LabError
from .instance import Instance
from .progress import Stage

CHECKOUT = Path(__file__).resolve().parents[3]


def do_build(arguments):
    """Make everything cached."""
    instance.build(arguments.suite, arguments.shape or ["dual"])


def do_chroot(arguments):
    """A command in the build chroot, with the checkout at its own path."""
    entry = rootfs.Suite(arguments.suite).chroot()
    binds = [CHECKOUT, *(Path(path).resolve(strict=True) for path in arguments.bind)]
    cwd = Path.cwd()
    if not any(cwd.is_relative_to(bind) for bind in binds):
        cwd = CHECKOUT
    return chroot.call(entry.path / "root", arguments.command, cwd=cwd, binds=binds)


def do_up(arguments):
    """Start a workstation."""
    Instance(arguments.rundir).up(suite=arguments.suite, name=arguments.shape,
                                  cold=arguments.cold, reuse=arguments.reuse,
                                  content=arguments.payload, front=arguments.front,
                                  degraded=arguments.degraded, initrd=arguments.initrd)


def do_ssh(arguments):
    """Run a command in the workstation; its exit status is ours."""
    return Instance(arguments.rundir).remote().call(
        arguments.command, user=arguments.user, timeout=arguments.timeout).returncode


def do_put(arguments):
    """Copy into the workstation."""
    Instance(arguments.rundir).remote().put(arguments.local, arguments.remote)


def do_get(arguments):
    """Copy from the workstation."""
    Instance(arguments.rundir).remote().get(arguments.remote, arguments.local)


def do_key(arguments):
    """Press keys on the workstation's keyboard, one combination after the other."""
    machine = Instance(arguments.rundir)
    machine.require()
    with machine.qmp() as qmp:
        for combination in arguments.keys:
            keys = [{"type": "qcode", "data": key} for key in combination.split("-")]
            qmp.execute("send-key", **{"keys": keys, "hold-time": arguments.hold})


def known_card(machine, card):
    """LabError unless the shape has such a card."""
    if card not in machine.cards():
        raise LabError(f"card {card}: this workstation has {', '.join(machine.cards())}")


def do_screen(arguments):
    """A picture of a card's framebuffer."""
    machine = Instance(arguments.rundir)
    known_card(machine, arguments.card)
    picture.png(machine, arguments.card, arguments.out)


def do_pixel(arguments):
    """The colour of one pixel."""
    machine = Instance(arguments.rundir)
    known_card(machine, arguments.card)
    print(picture.pixel(machine, arguments.card, arguments.x, arguments.y))


def do_qmp(arguments):
    """One command to the emulator's monitor, JSON in and out."""
    try:
        message = json.loads(arguments.message)
    except ValueError as error:
        raise LabError(f"{arguments.message}: not JSON: {error}") from error
    machine = Instance(arguments.rundir)
    machine.require()
    with machine.qmp() as qmp:
        print(json.dumps(qmp.send(message)))


def do_hmp(arguments):
    """One command to the emulator's human monitor."""
    machine = Instance(arguments.rundir)
    machine.require()
    with machine.qmp() as qmp:
        sys.stdout.write(qmp.human(" ".join(arguments.line)))


def do_reset(arguments):
    """Press the reset button."""
    Instance(arguments.rundir).reset()


def do_reboot(arguments):
    """Reboot in order and wait until it is up again."""
    with Stage("reboot"):
        Instance(arguments.rundir).reboot()


def do_wait_up(arguments):
    """Wait until the workstation has booted."""
    Instance(arguments.rundir).wait_up(arguments.timeout)


def do_poweroff(arguments):
    """Power off in order; the disk stays."""
    Instance(arguments.rundir).power_off()


def do_down(arguments):
    """End the workstation at once."""
    Instance(arguments.rundir).down()


def do_collect(arguments):
    """Save journal, consoles, pictures and the state of things."""
    collect.collect(Instance(arguments.rundir), Path(arguments.outdir))


def do_status(arguments):
    """Say what runs in a run directory."""
    machine = Instance(arguments.rundir)
    recorded = machine.load()
    print(json.dumps({**recorded, "pid": machine.pid()}))


def parser():
    """The whole command line."""
    top = argparse.ArgumentParser(prog="lab", description="The emulated dual-GPU workstation.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name, action, *, rundir=True):
        added = verbs.add_parser(name, help=action.__doc__.rstrip("."),
                                 description=action.__doc__)
        added.set_defaults(action=action)
        if rundir:
            added.add_argument("rundir", metavar="RUNDIR")
        return added

    def suite(added):
        added.add_argument("--suite", default=os.environ.get("SUITE") or "trixie",
                           choices=rootfs.SUITES, help="Debian inside (default: $SUITE or trixie)")

    added = verb("build", do_build, rundir=False)
    suite(added)
    added.add_argument("--shape", action="append", choices=list(shape.SHAPES),
                       help="snapshot of this shape, repeat (default: dual)")
    added = verb("chroot", do_chroot, rundir=False)
    added.add_argument("suite", choices=rootfs.SUITES)
    added.add_argument("--bind", action="append", default=[], metavar="DIR",
                       help="show this directory inside too, writable")
    added.add_argument("command", nargs=argparse.REMAINDER)
    added = verb("up", do_up)
    suite(added)
    added.add_argument("--shape", default="dual", choices=list(shape.SHAPES))
    added.add_argument("--cold", action="store_true", help="boot from power-on, no snapshot")
    added.add_argument("--reuse", action="store_true",
                       help="power on with the disk left in RUNDIR")
    added.add_argument("--front", choices=list(shape.FRONTS),
                       help="a device before the second card: addresses shift (boots cold)")
    added.add_argument("--degraded", action="store_true",
                       help="units may fail in the boot")
    added.add_argument("--initrd", metavar="FILE", type=Path,
                       help="boot with this instead of the lab's own (boots cold)")
    added.add_argument("--payload", metavar="DIR",
                       help="DIR becomes /payload; DIR/root is installed into the system")
    added = verb("ssh", do_ssh)
    added.add_argument("--user", default="root", choices=("root", "alice"))
    added.add_argument("--timeout", type=float, default=300, metavar="SECONDS")
    added.add_argument("command", nargs=argparse.REMAINDER)
    added = verb("put", do_put)
    added.add_argument("local")
    added.add_argument("remote")
    added = verb("get", do_get)
    added.add_argument("remote")
    added.add_argument("local")
    added = verb("key", do_key)
    added.add_argument("--hold", type=int, default=100, metavar="MS")
    added.add_argument("keys", nargs="+", help="names joined by -, like ctrl-ctrl_r")
    added = verb("screen", do_screen)
    added.add_argument("card")
    added.add_argument("out")
    added = verb("pixel", do_pixel)
    added.add_argument("card")
    added.add_argument("x", type=int)
    added.add_argument("y", type=int)
    added = verb("qmp", do_qmp)
    added.add_argument("message")
    added = verb("hmp", do_hmp)
    added.add_argument("line", nargs="+")
    verb("reset", do_reset)
    verb("reboot", do_reboot)
    added = verb("wait-up", do_wait_up)
    added.add_argument("--timeout", type=float, default=300, metavar="SECONDS")
    verb("poweroff", do_poweroff)
    verb("down", do_down)
    verb("status", do_status)
    added = verb("collect", do_collect)
    added.add_argument("outdir")
    return top


def main(argv=None):
    """Parse, act, print one error."""
    arguments = parser().parse_args(argv)
    command = getattr(arguments, "command", None)
    if command is not None:
        if command[:1] == ["--"]:
            del command[0]
        if not command:
            parser().error(f"{arguments.verb}: no command given")
    try:
        return arguments.action(arguments) or 0
    except LabError as error:
        print(f"lab: {arguments.verb}: {error}", file=sys.stderr)
        return 125
    except KeyboardInterrupt:
        return 130
