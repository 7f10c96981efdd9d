# SPDX-License-Identifier: GPL-2.0-or-later
# What the lab needs on the machine it runs on.
TEST_PACKAGES += apt debian-archive-keyring debootstrap dpkg e2fsprogs mount openssh-client tar util-linux mtools dosfstools zstd libdrm-dev
