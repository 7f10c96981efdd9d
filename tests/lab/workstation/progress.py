# SPDX-License-Identifier: GPL-2.0-or-later
"""Progress lines on stderr, and deadlines: nothing in the lab waits without one."""

import sys
import time

from .failure import LabError


def say(text):
    """One line of progress; stdout stays free for results."""
    print(f"lab: {text}", file=sys.stderr, flush=True)


class Stage:
    """Narrates one stage of work with the time it took."""

    def __init__(self, text):
        self.text = text

    def __enter__(self):
        say(f"{self.text} ...")
        self.start = time.monotonic()
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            say(f"{self.text}: {time.monotonic() - self.start:.1f} s")


class Deadline:
    """A point in time after which waiting for `what` is an error."""

    def __init__(self, seconds, what):
        self.seconds = seconds
        self.what = what
        self.end = time.monotonic() + seconds

    def left(self):
        """Seconds left; raises LabError once there are none."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise LabError(f"{self.what}: not seen within {self.seconds:g} s")
        return left

    def pause(self, seconds=0.1):
        """Sleep a little between two looks at something that has no event to wait for."""
        time.sleep(min(seconds, self.left()))
