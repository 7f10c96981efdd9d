# SPDX-License-Identifier: GPL-2.0-or-later
"""The one exception of the lab: a sentence for the user, printed once by main()."""


class LabError(Exception):
    """What was tried, on which object, why it failed and what can be done."""
