# SPDX-License-Identifier: GPL-2.0-or-later
# The lab's part of `make check` and `make check-long`. tests/lab/README.md says what runs where.

SUITE ?= trixie
export SUITE

# Outside the checkout: what is built for a suite is built in that suite's chroot, against its libraries.
LAB_STAGE ?= $(CACHE)/stage-$(SUITE)-$(shell printf %s '$(CURDIR)' | sha256sum | cut -c 1-12)

LAB_TESTS           := $(sort $(wildcard tests/lab/*.bats))
# In check-long only: what the minutes of `make check` have no room for.
LAB_TESTS_LONG_ONLY := $(filter tests/lab/21-% tests/lab/51-% tests/lab/52-% tests/lab/6%,$(LAB_TESTS))
# On the older release: starting, restoring, refusing, the boot, and what a stuck kernel leaves.
LAB_TESTS_OLDER     := $(filter tests/lab/1%.bats tests/lab/2%.bats tests/lab/3%.bats tests/lab/5%.bats tests/lab/66-%,$(LAB_TESTS))

.PHONY: check-lab check-long lab-payload lab-payload-directory lab-content

# A workstation of its own for each file, and two at a time: one alone waits for a third of its time. What a test printed is
# shown when its file ends.
LAB_PROVE = $(PROVE) -j2 --verbose --exec 'bats --tap --timing'

check-lab: deps
	$(LAB_PROVE) $(filter-out $(LAB_TESTS_LONG_ONLY),$(LAB_TESTS))

# With VXM_LONG (at how many steps of its start each helper is killed) the lab's tests do all that they do without, and
# more: so the rest of check first, and they once on each suite; and the race for a card goes through all pairs of moments.
# The longest begin first, so that none runs on alone.
check-long: check-fast
	VXM_LONG=5 SUITE=trixie $(LAB_PROVE) tests/helpers/isolate-race.bats $(LAB_TESTS_LONG_ONLY) $(filter-out $(LAB_TESTS_LONG_ONLY),$(LAB_TESTS))
	VXM_LONG=2 SUITE=bookworm $(LAB_PROVE) $(LAB_TESTS_OLDER)

demo: deps
	tests/lab/demo

bench: deps all
	tests/helpers/vxm-scale $(BUILD)/vxm tests/fixtures/iommu/m147.json
	tests/helpers/vxm-gate-scale $(BUILD)/vxm-isolate tests/fixtures/machines/dual.json 0000:01:00.0 10de:2684
	tests/lab/bench

# --- the payload of a workstation: the product as installed, the guest's disk, programs for tests ----------------------

lab-payload-directory:
	@echo $(LAB_STAGE)/payload

# One at a time; make inside the chroot does what has changed and nothing else.
lab-payload:
	@mkdir -p $(LAB_STAGE)/payload
	@flock $(LAB_STAGE) tests/lab/lab chroot --bind $(LAB_STAGE) $(SUITE) -- \
		make -s --no-print-directory lab-content SUITE=$(SUITE) LAB_STAGE=$(LAB_STAGE) BUILD=$(LAB_STAGE)/build
	@flock $(LAB_STAGE) tests/lab/guest/build $(LAB_STAGE)/payload/guest.img

# What runs in the workstation beside the product. A helper that forgets is the helper itself, linked so that it finds
# no record of what it changed, or does not clean up behind its server.
LAB_PROGRAMS := $(addprefix tests/lab/programs/,openable guestline hostkeys measure measureparts cycles) \
	$(wildcard tests/lab/fingerprint tests/lab/fingerprint-changes)
LAB_BUILT    := $(BUILD)/lab/settle $(BUILD)/lab/fragment $(BUILD)/lab/drmhold $(BUILD)/lab/killat.so
LAB_MUTANTS  := $(addprefix $(BUILD)/lab/mutants/,vxm-isolate vxm-hugepages vxm-access vxm-tpm vxm-guest vxm-display)
LAB_MODULES  := $(addprefix $(BUILD)/lab/modules/,vxm_monitor.ko vxm_stuck.ko)
LAB_FORGETS  := record_load guestrun_clean rundir_remove

$(BUILD)/lab/settle $(BUILD)/lab/fragment: $(BUILD)/lab/%: tests/lab/programs/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CFLAGS) -o $@ $< $(shell pkg-config --libs libsystemd)

$(BUILD)/lab/drmhold: tests/lab/programs/drmhold.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CFLAGS) -o $@ $< $(shell pkg-config --libs libsystemd libudev)

$(BUILD)/lab/killat.so: tests/lab/programs/killat.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CFLAGS) -shared -fPIC -o $@ $< -ldl

$(BUILD)/lab/mutants/%: $(BUILD)/helpers/%.o $(BUILD)/tests/lab/programs/forgetful.o $(BUILD)/libvxm.a
	@mkdir -p $(@D)
	$(CC) -pie $(CFLAGS) $(LAB_FORGETS:%=-Wl,--wrap=%) -o $@ $^ $(LDLIBS)

# One run of kbuild makes both.
$(LAB_MODULES) &: $(wildcard tests/lab/modules/*)
	$(MAKE) -s -C tests/lab/modules OUT=$(BUILD)/lab/modules >/dev/null

lab-content: all $(LAB_BUILT) $(LAB_MUTANTS) $(LAB_MODULES)
	@rm -rf $(LAB_STAGE)/payload/root $(LAB_STAGE)/payload/bin $(LAB_STAGE)/payload/mutants
	@$(MAKE) -s --no-print-directory install DESTDIR=$(LAB_STAGE)/payload/root PREFIX=/usr >/dev/null
	@mkdir -p $(LAB_STAGE)/payload/bin $(LAB_STAGE)/payload/mutants
	@install -m 0755 $(LAB_PROGRAMS) $(LAB_BUILT) $(LAB_STAGE)/payload/bin
	@install -m 0755 $(LAB_MUTANTS) $(LAB_STAGE)/payload/mutants
	@install -m 0644 $(LAB_MODULES) $(LAB_STAGE)/payload
