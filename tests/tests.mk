# SPDX-License-Identifier: GPL-2.0-or-later
# How VxM is tested. `prove` runs cmocka programs and bats files alike (both speak TAP) and closes with one verdict.

UNIT_SOURCES := $(sort $(wildcard tests/unit/test-*.c))
UNIT_TESTS   := $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/unit/%)
FAKE_TESTED  := $(filter-out vxm-generator,$(HELPERS))
FAKES        := $(if $(FAKE_SOURCES),$(FAKE_TESTED:%=$(BUILD)/fake/%))
FAKE_OBJECTS := $(FAKE_SOURCES:%.c=$(BUILD)/san/%.o)

export VXM_SOURCE := $(CURDIR)
export VXM_BUILD  := $(abspath $(BUILD))

# What is slow to make and does not change is kept outside the checkout, by what it was made of.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/vxm
# For the objects that tests are linked of; what is installed is compiled each time. Without ccache that is so for all.
CCACHE := $(if $(shell command -v ccache),CCACHE_DIR=$(CACHE)/ccache CCACHE_MAXSIZE=500M CCACHE_NOHASHDIR=1 ccache)

# --- the sanitized library, the unit tests on it, and helpers on the fake kernel ---------------------------------------

$(BUILD)/san/%.o: %.c Makefile tests/tests.mk
	@mkdir -p $(@D)
	$(CCACHE) $(CC) $(ALL_CFLAGS) $(SANITIZE) -O1 -g -MMD -MP -c -o $@ $<

$(BUILD)/san/libvxm.a: $(SAN_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $(SAN_OBJECTS)

$(UNIT_TESTS): $(BUILD)/unit/%: $(BUILD)/san/tests/unit/%.o $(BUILD)/san/libvxm.a
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $(LDLIBS) -lcmocka

# The fake kernel's object stands before the archive, so the archive's sysfs.o is never pulled in.
$(BUILD)/fake/%: $(BUILD)/san/helpers/%.o $(FAKE_OBJECTS) $(BUILD)/san/libvxm.a
	@mkdir -p $(@D)
	$(CC) $(SANITIZE) -o $@ $^ $(LDLIBS)

# Kept for the next run, and made by the pattern rule above.
.PRECIOUS: $(BUILD)/san/%.o

# --- packages ----------------------------------------------------------------------------------------------------------

.PHONY: deps deps-build
deps-build:
	@tests/packages $(BUILD_PACKAGES)

RELEASE := $(shell . /etc/os-release && echo "$$VERSION_CODENAME")
CAN_LINT = $(filter $(LINT_RELEASE),$(RELEASE))
deps:
	@tests/packages $(BUILD_PACKAGES) $(TEST_PACKAGES) $(if $(CAN_LINT),$(LINT_PACKAGES))

# --- the parts of check --------------------------------------------------------------------------------------------------

PROVE := prove --timer --color

.PHONY: check check-fast check-unit check-helpers check-units check-lab check-long lint demo bench

check-unit: $(UNIT_TESTS)
	CMOCKA_MESSAGE_OUTPUT=TAP $(PROVE) -j2 --exec '' $(UNIT_TESTS)

check-helpers: all $(FAKES)
	$(PROVE) -j2 --exec 'bats --tap' $(sort $(wildcard tests/helpers/*.bats))

check-units: all $(UNITS:%=$(BUILD)/%)
	$(PROVE) --exec 'bats --tap' $(sort $(wildcard tests/units/*.bats))

# In order, and from the cheap to the dear: what lint can say needs no boot.
check: check-fast
	$(MAKE) check-lab

check-fast: deps
	$(if $(CAN_LINT),$(MAKE) -j2 lint,@echo "lint is left out: its tools are those of $(LINT_RELEASE), and this is $(RELEASE)")
	$(MAKE) -j2 check-unit
	$(MAKE) -j2 check-helpers
	$(MAKE) -j2 check-units
	$(MAKE) fuzz

include tests/fuzz/fuzz.mk
include tests/lab/lab.mk

# --- lint ------------------------------------------------------------------------------------------------------------------

C_FILES := $(LIB_SOURCES) $(wildcard helpers/*.c helpers/lib/*.h) $(UNIT_SOURCES) \
	$(wildcard tests/unit/*.h tests/fakekernel/*.[ch] tests/fuzz/*.[ch] tests/lab/*/*.[ch])
# Shell: everything git knows that begins with a shell's name.
SHELL_FILES = $(shell git ls-files -z | xargs -0 grep -lIE '^#!.*(/| )(ba)?sh( |$$)' 2>/dev/null)

.PHONY: lint-format lint-tidy lint-cppcheck lint-shell lint-spelling lint-dependencies
lint: lint-format lint-dependencies lint-shell lint-spelling lint-cppcheck lint-tidy

lint-format:
	clang-format-14 --dry-run -Werror $(C_FILES)

TIDY_STAMPS := $(patsubst %.c,$(BUILD)/tidy/%.ok,$(LIB_SOURCES) $(wildcard helpers/*.c))
$(BUILD)/tidy/%.ok: %.c .clang-tidy $(wildcard helpers/lib/*.h)
	@mkdir -p $(@D)
	@echo clang-tidy-14 $<
	@tests/tidy $(CACHE)/tidy $(CC) $< $(ALL_CFLAGS)
	@touch $@
lint-tidy: $(TIDY_STAMPS)

lint-cppcheck:
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppressions-list=.cppcheck -D_GNU_SOURCE -Ihelpers/lib helpers

lint-shell:
	shellcheck $(SHELL_FILES) $(wildcard helpers/completions/*.bash)
	shellcheck --shell=bats $(wildcard tests/helpers/*.bats tests/units/*.bats tests/lab/*.bats)

lint-spelling:
	codespell --quiet-level=2 --skip='./.git,./$(BUILD),./LICENSE,./tests/fixtures,./tests/fuzz/seeds' .

lint-dependencies:
	tests/dependencies
