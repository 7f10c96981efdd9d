# SPDX-License-Identifier: GPL-2.0-or-later
"""The emulated dual-GPU workstation in which VxM is tested."""
