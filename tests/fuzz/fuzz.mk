# SPDX-License-Identifier: GPL-2.0-or-later
# The fuzzers: libFuzzer of clang on the library under ASan and UBSan. Each runs FUZZ_SECONDS, two at a time; an hour
# each is `make fuzz FUZZ_SECONDS=3600`. Seeds are in tests/fuzz/seeds/NAME, one small file each, among them every input
# that once found something; `build/fuzz/fuzz-NAME FILE` runs a file alone.

FUZZ_SECONDS ?= 15
FUZZ_CC      ?= clang

FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz-*.c))
FUZZERS      := $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/fuzz/%)
FUZZ_LIBRARY := $(LIB_SOURCES:%.c=$(BUILD)/fuzz/%.o)
FUZZ_RUNS    := $(FUZZ_SOURCES:tests/fuzz/%.c=run-%)

FUZZ_COMPILE = $(CCACHE) $(FUZZ_CC) $(ALL_CFLAGS) $(SANITIZE) -fsanitize=fuzzer-no-link -O1 -g -MMD -MP

$(BUILD)/fuzz/tests/fuzz/%.o: tests/fuzz/%.c Makefile tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	$(FUZZ_COMPILE) -c -o $@ $<

# What warnings say of the library is gcc's to judge, in the builds that are installed.
$(BUILD)/fuzz/helpers/%.o: helpers/%.c Makefile tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	$(FUZZ_COMPILE) -w -c -o $@ $<

$(BUILD)/fuzz/libvxm.a: $(FUZZ_LIBRARY)
	@rm -f $@
	$(AR) rcs $@ $^

$(FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/fuzz/tests/fuzz/%.o $(BUILD)/fuzz/libvxm.a
	$(FUZZ_CC) $(SANITIZE) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

.PRECIOUS: $(BUILD)/fuzz/tests/fuzz/%.o

.PHONY: fuzz fuzzers $(FUZZ_RUNS)
fuzzers: $(FUZZERS)

fuzz: deps
	$(MAKE) -j2 fuzzers
	$(MAKE) -j2 --keep-going $(FUZZ_RUNS)

$(FUZZ_RUNS): run-%: $(BUILD)/fuzz/%
	@tests/fuzz/run $< $(FUZZ_SECONDS) $(BUILD)/fuzz-artifacts

-include $(FUZZ_LIBRARY:.o=.d) $(FUZZ_SOURCES:%.c=$(BUILD)/fuzz/%.d)
