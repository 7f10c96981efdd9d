# SPDX-License-Identifier: GPL-2.0-or-later
# VxM: the second GPU of a workstation to a guest, and back.
#
#   make            the helpers, in build/
#   make install    DESTDIR=... PREFIX=/usr
#   make check      every test that belongs to a change (lint, unit, helpers, units, one pass in the lab)
#   make check-long everything, on both suites
#   make demo       the main job in the emulated workstation, narrated, with pictures
#   make bench      ratios against the shortest possible hand
#   make fuzz       the parsers under libFuzzer, FUZZ_SECONDS=15 each; what crashes one is left in build/fuzz-artifacts
#   make lint       style, static analysis, spelling, direction of dependencies
#   make deps-build the Debian packages that building takes (as root; else it names what is missing)
#   make deps       those, and what tests, the lab and lint take

VERSION := 0.1.0
PREFIX  ?= /usr
DESTDIR ?=
BUILD   ?= build

# The visible list of Debian packages. What builds and tests has the same names on bookworm and on trixie; the lab adds its
# own. What C is to look like is as clang-format and clang-tidy 14 have it, and those are bookworm's: lint runs there.
BUILD_PACKAGES := gcc make pkg-config libc6-dev scdoc \
	libsystemd-dev libudev-dev libevdev-dev libddcutil-dev libjansson-dev libsmartcols-dev
TEST_PACKAGES  := libcmocka-dev bats perl python3 systemd udev polkitd swtpm swtpm-tools qemu-system-x86 qemu-utils ovmf jq \
	dracut-core cpio clang libclang-rt-dev ccache
LINT_PACKAGES  := clang-format-14 clang-tidy-14 cppcheck shellcheck codespell git
LINT_RELEASE   := bookworm

include tests/lab/packages.mk

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# --- compiling -----------------------------------------------------------------------------------------------------

CC       ?= gcc
CFLAGS   ?= -O2 -g
WARNINGS := -Wall -Wextra -Wformat=2 -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla \
	-Wwrite-strings -Werror
HARDENED := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
# ddcutil 2.2 marks calls deprecated that 1.4 has no other name for.
LIBRARIES := libsystemd libudev libevdev ddcutil jansson smartcols
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -DVXM_VERSION='"$(VERSION)"' -DVXM_PREFIX='"$(PREFIX)"' $(WARNINGS) \
	-Wno-error=deprecated-declarations -Ihelpers/lib $(shell pkg-config --cflags $(LIBRARIES) 2>/dev/null)
# A helper is linked with the libraries it really calls, and no other.
LDLIBS = -Wl,--as-needed $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

LIB_SOURCES    := $(sort $(wildcard helpers/lib/*.c))
HELPERS        := $(patsubst helpers/%.c,%,$(sort $(wildcard helpers/vxm.c helpers/vxm-*.c)))
FAKE_SOURCES   := $(sort $(wildcard tests/fakekernel/*.c))
LIB_OBJECTS    := $(LIB_SOURCES:%.c=$(BUILD)/%.o)
HELPER_OBJECTS := $(HELPERS:%=$(BUILD)/helpers/%.o)
SAN_OBJECTS    := $(LIB_SOURCES:%.c=$(BUILD)/san/%.o)
BINARIES       := $(HELPERS:%=$(BUILD)/%)
MAN_SOURCES    := $(sort $(wildcard helpers/man/*.scd))
MAN_PAGES      := $(MAN_SOURCES:helpers/man/%.scd=$(BUILD)/man/%)

.PHONY: all man
all: $(BINARIES) man

# Else the first missing header ends it, and does not say whose it is.
$(BUILD)/libraries: Makefile
	@pkg-config --print-errors --exists $(LIBRARIES) || \
		{ echo "a library's headers are missing: run \"sudo make deps-build\"" >&2; exit 1; }
	@mkdir -p $(@D)
	@touch $@

$(BUILD)/%.o: %.c Makefile | $(BUILD)/libraries
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(HARDENED) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libvxm.a: $(LIB_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $(LIB_OBJECTS)

$(BINARIES): $(BUILD)/%: $(BUILD)/helpers/%.o $(BUILD)/libvxm.a
	$(CC) -pie -Wl,-z,relro,-z,now $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

man: $(MAN_PAGES)
$(BUILD)/man/%: helpers/man/%.scd
	@mkdir -p $(@D)
	scdoc < $< > $@

# --- installing ----------------------------------------------------------------------------------------------------

BINDIR := $(PREFIX)/bin
UNITS  := $(sort $(wildcard units/*.service units/*.target units/*.slice))
INITRAMFS := $(sort $(wildcard helpers/initramfs/*))

# "FILE DESTINATION MODE" of everything that is installed; install and uninstall walk the same list.
INSTALLED = \
	$(foreach h,$(filter-out vxm-generator,$(HELPERS)),$(BUILD)/$(h)|$(BINDIR)/$(h)|0755) \
	$(foreach h,$(filter vxm-generator,$(HELPERS)),$(BUILD)/$(h)|$(PREFIX)/lib/systemd/system-generators/$(h)|0755) \
	$(foreach u,$(UNITS),$(BUILD)/$(u)|$(PREFIX)/lib/systemd/system/$(notdir $(u))|0644) \
	$(BUILD)/helpers/initramfs/initramfs-tools|$(PREFIX)/share/initramfs-tools/hooks/vxm|0755 \
	$(BUILD)/helpers/initramfs/dracut|$(PREFIX)/lib/dracut/modules.d/90vxm/module-setup.sh|0755 \
	$(foreach f,$(wildcard udev-rules/*.rules),$(f)|$(PREFIX)/lib/udev/rules.d/$(notdir $(f))|0644) \
	$(foreach f,$(wildcard tmpfiles/*.conf),$(f)|$(PREFIX)/lib/tmpfiles.d/$(notdir $(f))|0644) \
	$(foreach f,$(wildcard sysusers/*.conf),$(f)|$(PREFIX)/lib/sysusers.d/$(notdir $(f))|0644) \
	$(foreach f,$(wildcard units/polkit/*.rules),$(f)|$(PREFIX)/share/polkit-1/rules.d/$(notdir $(f))|0644) \
	$(foreach f,$(wildcard helpers/guest.conf),$(f)|$(PREFIX)/lib/vxm/guest.conf|0644) \
	$(foreach f,$(wildcard helpers/examples/*),$(f)|$(PREFIX)/share/doc/vxm/examples/$(notdir $(f))|0644) \
	$(foreach h,$(filter-out vxm-generator,$(HELPERS)),helpers/completions/vxm-helper.bash|$(PREFIX)/share/bash-completion/completions/$(h)|0644) \
	$(foreach m,$(MAN_PAGES),$(m)|$(PREFIX)/share/man/man$(subst .,,$(suffix $(m)))/$(notdir $(m))|0644)

# Touched when another PREFIX is said, for what has it written in.
.PHONY: FORCE
$(BUILD)/prefix: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' > $@
$(BUILD)/helpers/vxm-generator.o $(BUILD)/helpers/lib/guestfile.o: $(BUILD)/prefix

# Units and hooks name /usr/bin; another PREFIX is written in.
$(UNITS:%=$(BUILD)/%) $(INITRAMFS:%=$(BUILD)/%): $(BUILD)/%: % Makefile $(BUILD)/prefix
	@mkdir -p $(@D)
	sed 's|/usr/bin/vxm|$(BINDIR)/vxm|g' $< > $@

.PHONY: install uninstall clean
install: all $(UNITS:%=$(BUILD)/%) $(INITRAMFS:%=$(BUILD)/%)
	@set -e; for row in $(INSTALLED:%='%'); do \
		from=$${row%%|*}; rest=$${row#*|}; to=$${rest%%|*}; mode=$${rest#*|}; \
		install -D -m "$$mode" "$$from" "$(DESTDIR)$$to"; \
	done
	@echo "installed below $(DESTDIR)$(PREFIX); see README.md, \"On real hardware\", for the first guest"

uninstall:
	@set -e; for row in $(INSTALLED:%='%'); do \
		rest=$${row#*|}; to=$${rest%%|*}; rm -f "$(DESTDIR)$$to"; \
	done
	@rmdir "$(DESTDIR)$(PREFIX)/lib/dracut/modules.d/90vxm" "$(DESTDIR)$(PREFIX)/lib/vxm" "$(DESTDIR)$(PREFIX)/share/doc/vxm/examples" \
		"$(DESTDIR)$(PREFIX)/share/doc/vxm" 2>/dev/null || :

clean:
	rm -rf $(BUILD)

include tests/tests.mk

-include $(LIB_OBJECTS:.o=.d) $(HELPER_OBJECTS:.o=.d) $(SAN_OBJECTS:.o=.d) \
	$(HELPERS:%=$(BUILD)/san/helpers/%.d) $(UNIT_SOURCES:%.c=$(BUILD)/san/%.d) $(FAKE_OBJECTS:.o=.d)
