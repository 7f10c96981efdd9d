# SPDX-License-Identifier: GPL-2.0-or-later
"""A QMP client: one command, one reply, with a deadline."""

import json
import os
import socket

from .failure import LabError
from .progress import Deadline


class Qmp:
    """A connection to the QMP socket qmp.sock in a run directory."""

    def __init__(self, directory, seconds=30):
        self.deadline = Deadline(seconds, f"{directory}: an answer of the emulator's monitor")
        self.buffer = b""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # By way of a descriptor: a path of a socket has at most 107 bytes.
        fd = os.open(directory, os.O_PATH | os.O_DIRECTORY)
        try:
            self.socket.settimeout(self.deadline.left())
            self.socket.connect(f"/proc/self/fd/{fd}/qmp.sock")
        except OSError as error:
            raise LabError(f"{directory}/qmp.sock: {error.strerror or error}: no workstation runs "
                           "there, or it does not answer") from error
        finally:
            os.close(fd)
        self.receive()
        self.execute("qmp_capabilities")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def receive(self):
        """The next message."""
        while b"\n" not in self.buffer:
            self.socket.settimeout(self.deadline.left())
            try:
                data = self.socket.recv(65536)
            except OSError as error:
                raise LabError(f"{self.deadline.what}: {error}") from error
            if not data:
                raise LabError("the emulator closed its monitor: it has ended")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def execute(self, command, **arguments):
        """The value a command returns; LabError with QEMU's words when it refuses."""
        return self.send({"execute": command, **({"arguments": arguments} if arguments else {})})

    def send(self, message):
        """Send a whole message and return what its reply holds under "return"."""
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        while True:
            reply = self.receive()
            if "error" in reply:
                raise LabError(f"{message.get('execute')}: {reply['error']['desc']}")
            if "return" in reply:
                return reply["return"]

    def human(self, line):
        """A command of the human monitor; what it printed."""
        return self.execute("human-monitor-command", **{"command-line": line})
