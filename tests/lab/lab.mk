# SPDX-License-Identifier: GPL-2.0-or-later
# The lab's part of `make check`. tests/lab/README.md says what runs where.

SUITE ?= trixie
export SUITE

LAB_TESTS := $(sort $(wildcard tests/lab/*.bats))

check-lab: deps
	$(PROVE) --exec 'bats --tap' $(LAB_TESTS)
