# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures of a card's own framebuffer, as the emulator's screendump gives them."""

import os

from .failure import LabError


def dump(instance, card, name, kind):
    """Let the emulator write the picture of `card` to a file of the run directory."""
    path = instance.directory / name
    try:
        with instance.qmp() as qmp:
            qmp.execute("screendump", filename=name, device=card, head=0, format=kind)
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)


def png(instance, card, target):
    """Write the picture of a card to target, whole or not at all."""
    content = dump(instance, card, f".{card}-{os.getpid()}.png", "png")
    part = f"{target}.part"
    with open(part, "wb") as file:
        file.write(content)
    os.rename(part, target)


def parse_ppm(content):
    """(width, height, bytes of RGB) of a binary PPM with 8 bits a channel."""
    fields = content.split(maxsplit=4)
    if len(fields) < 4 or fields[0] != b"P6" or fields[3] != b"255":
        raise LabError("screendump: not a PPM picture with 8 bits a channel")
    width, height = int(fields[1]), int(fields[2])
    pixels = content[-width * height * 3:]
    if len(pixels) != width * height * 3:
        raise LabError(f"screendump: {len(pixels)} bytes for {width}x{height} pixels")
    return width, height, pixels


def pixel(instance, card, x, y):
    """The colour of a pixel as "#rrggbb"."""
    width, height, pixels = parse_ppm(dump(instance, card, f".{card}-{os.getpid()}.ppm", "ppm"))
    if not (0 <= x < width and 0 <= y < height):
        raise LabError(f"pixel {x},{y}: outside the picture of {card}, {width}x{height}")
    start = (y * width + x) * 3
    return "#" + pixels[start:start + 3].hex()
