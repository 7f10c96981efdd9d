# SPDX-License-Identifier: GPL-2.0-or-later
# What the lab needs on the machine it runs on.
PACKAGES += debootstrap fakeroot e2fsprogs openssh-client util-linux binutils mtools dosfstools zstd libdrm-dev
