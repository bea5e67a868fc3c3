# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds, tests, checks and installs ddnsd. Everything generated lands in build/<variant>/:
#
#   make                            build/release/bin/ddnsd
#   make SAN=address,undefined      build/san/bin/ddnsd
#   make CC=clang                   build/release-clang/bin/ddnsd
#   make check                      unit, fuzz-replay and system tests of the chosen variant
#   make lint                       style, layers, static analysis, documents against the code
#   make fuzz FUZZ_SECONDS=600      libFuzzer on each tests/fuzz/fuzz_*.c
#   make bench                      the figures (tests/bench/run); bench-leases: those of DHCP;
#                                   bench-web: those of HTTP
#   make install DESTDIR= PREFIX=/usr/local
#
# V=1 shows the commands. CFLAGS, CPPFLAGS and LDFLAGS belong to the caller; what the project
# itself needs is kept apart. WERROR= lets warnings pass; BUILD= moves the build folder.

VERSION := 0.1.0

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/ddnsd
HOOKDIR ?= $(PREFIX)/lib/ddnsd
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d

ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin AR),default)
AR := ar
endif
INSTALL ?= install
PKG_CONFIG ?= pkg-config
PYTHON ?= /usr/bin/python3
CLANG ?= clang
CLANG_FORMAT ?= clang-format

CFLAGS ?= -O2 -g
CPPFLAGS ?=
LDFLAGS ?=
WERROR ?= -Werror
SAN ?=
BUILD ?= build
FUZZ_SECONDS ?= 60
PYTEST_ARGS ?=
# System tests mostly wait: one more at a time than there are cores.
SYSTEM_JOBS ?= $(shell echo $$(($$(nproc) + 1)))
BENCH_ARGS ?=
TEST_SECONDS ?= 300

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.DEFAULT_GOAL := all

Q := $(if $(V),,@)
say = @printf '  %-8s%s\n' $(1) $(2)

# --- variant ------------------------------------------------------------------------------------

comma := ,
cc_suffix := $(filter-out -cc -gcc,-$(notdir $(firstword $(CC))))
ifeq ($(SAN),)
VARIANT := release$(cc_suffix)
else ifeq ($(SAN),address$(comma)undefined)
VARIANT := san$(cc_suffix)
else
VARIANT := san-$(subst $(comma),-,$(SAN))$(cc_suffix)
endif
B := $(BUILD)/$(VARIANT)
FUZZ_B := $(BUILD)/fuzz

is_clang := $(findstring clang,$(shell $(CC) --version 2>/dev/null | head -n 1))

# --- libraries ----------------------------------------------------------------------------------

PACKAGES := libknot libdnssec libzscanner libconfuse sqlite3 libmicrohttpd gnutls jansson libidn2
ifeq ($(filter-out clean,$(or $(MAKECMDGOALS),all)),)
# make clean needs no library.
else ifneq ($(shell $(PKG_CONFIG) --exists $(PACKAGES) && echo yes),yes)
$(error a library of "$(PACKAGES)" is missing; scripts/deps installs them)
endif
# Other people's headers are system headers: their warnings are theirs.
PKG_CPPFLAGS := $(patsubst -I%,-isystem%,$(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null))
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lm
CMOCKA_LIBS := $(or $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null),-lcmocka)

# --- flags --------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra $(WERROR) -Wshadow -Wpointer-arith -Wcast-qual -Wwrite-strings \
    -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations -Wold-style-definition \
    -Wundef -Wformat=2 -Wvla -Wimplicit-fallthrough -Wdouble-promotion -Wunused \
    -Wconversion -Wno-sign-conversion -Wdate-time
ifeq ($(is_clang),)
WARNINGS += -Wlogical-op -Wduplicated-cond
ifeq ($(SAN),)
WARNINGS += -Wnull-dereference
else
# The instrumentation itself makes gcc 12 see paths that are not there.
WARNINGS += -Wno-maybe-uninitialized
endif
endif
# cmocka's macros cast everything to LargestIntegralType.
TEST_WARNINGS := -Wno-conversion -Wno-cast-qual

HARDENING := -fPIE -fstack-protector-strong -fstack-clash-protection
ifeq ($(SAN),)
ifneq ($(filter -O -O1 -O2 -O3 -Os -Oz -Ofast,$(CFLAGS)),)
HARDENING += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif
SAN_FLAGS :=
else
SAN_FLAGS := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

BASE_CPPFLAGS := -Iddnsd -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -DDDNSD_VERSION='"$(VERSION)"' $(PKG_CPPFLAGS)
REQUIRED_CFLAGS := -std=gnu11 -fno-common -ffile-prefix-map=$(CURDIR)=. -pthread
REQUIRED_LDFLAGS := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed -pthread

COMPILE = $(CC) $(BASE_CPPFLAGS) $(CPPFLAGS) $(CFLAGS) $(REQUIRED_CFLAGS) $(HARDENING) \
    $(SAN_FLAGS) $(WARNINGS)
LINK = $(CC) $(CFLAGS) $(SAN_FLAGS) $(LDFLAGS) $(REQUIRED_LDFLAGS)

FUZZ_SAN := -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_COMPILE = $(CLANG) $(BASE_CPPFLAGS) $(CPPFLAGS) -O1 -g $(REQUIRED_CFLAGS) \
    -fsanitize=fuzzer-no-link,address,undefined $(FUZZ_SAN) \
    -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
FUZZ_LINK = $(CLANG) -g -fsanitize=fuzzer,address,undefined $(FUZZ_SAN) -Wl,--as-needed -pthread

# --- sources ------------------------------------------------------------------------------------

LAYERS := config base wire auth registry publisher service doors
LIB_SRC := $(sort $(filter-out ddnsd/main.c,$(wildcard ddnsd/*.c)) \
    $(foreach layer,$(LAYERS),$(wildcard ddnsd/$(layer)/*.c)))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/obj/%.o)
LIB := $(B)/libddnsd.a
TOOL_SRC := $(sort $(wildcard ddnsd/tools/*.c))
TOOLS := $(TOOL_SRC:ddnsd/tools/%.c=$(B)/bin/%)
# ddnsctl's commands. A library of their own, for the unit tests too.
CTL_SRC := $(sort $(wildcard ddnsd/tools/ctl/*.c))
CTL_OBJ := $(CTL_SRC:%.c=$(B)/obj/%.o)
CTL_LIB := $(B)/libddnsctl.a
MAN := $(sort $(wildcard ddnsd/man/*.[1-8]))

UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNIT_HELP := $(filter-out $(UNIT_SRC),$(sort $(wildcard tests/unit/*.c)))
UNIT := $(UNIT_SRC:%.c=$(B)/%)
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_HELP := $(filter-out $(FUZZ_SRC) tests/fuzz/replay.c,$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_NAMES := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%)
REPLAY := $(FUZZ_SRC:%.c=$(B)/%)
BENCH_SRC := $(sort $(wildcard tests/bench/*.c))
BENCH := $(BENCH_SRC:%.c=$(B)/%)

C_FILES := $(shell find ddnsd tests -name '*.[ch]' 2>/dev/null | LC_ALL=C sort)
H_FILES := $(filter %.h,$(C_FILES))

.PHONY: all
all: $(B)/bin/ddnsd $(TOOLS)

# --- compile and link ---------------------------------------------------------------------------

# A stamp holds what the objects were made with; it is touched only when that differs.
define stamp
	@mkdir -p $(@D)
	@printf '%s\n' $(1) | cmp -s - $@ || printf '%s\n' $(1) >$@
endef
.PHONY: FORCE
quote = '$(subst ','\'',$(1))'

$(B)/flags: FORCE
	$(call stamp,$(call quote,$(COMPILE)) $(call quote,$(LINK)) $(call quote,$(PKG_LIBS)))
$(B)/sources: FORCE
	$(call stamp,$(call quote,$(LIB_SRC) $(CTL_SRC)))
$(FUZZ_B)/flags: FORCE
	$(call stamp,$(call quote,$(FUZZ_COMPILE)) $(call quote,$(FUZZ_LINK)))

# GnuTLS passes time_t by value: what asks it for times has the time_t that it was built with, which on
# 32-bit machines need not be ours.
TIME_OF_GNUTLS := ddnsd/doors/http_tls.o ddnsd/tools/ddnsctl-tls.o tests/unit/test_http_tls.o \
    tests/fuzz/certificate.o
$(foreach root,$(B) $(FUZZ_B),$(TIME_OF_GNUTLS:%=$(root)/obj/%)): private BASE_CPPFLAGS := \
    $(filter-out -D_TIME_BITS=64,$(BASE_CPPFLAGS))

$(B)/obj/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(if $(filter tests/%,$<),$(TEST_WARNINGS)) -MMD -MP -c -o $@ $<

# The assembler puts the page's files, and the same compressed, into this object, which the compiler's
# dependencies do not tell.
PAGE := $(sort $(wildcard ddnsd/page/*))
define page_rules
$(1)/page/%.gz: ddnsd/page/%
	$$(call say,GZIP,$$<)
	@mkdir -p $$(@D)
	$$(Q)gzip -9nc $$< >$$@
$(1)/obj/ddnsd/doors/page.o: $(PAGE) $(PAGE:ddnsd/%=$(1)/%.gz)
$(1)/obj/ddnsd/doors/page.o: private BASE_CPPFLAGS := -I$(1) $(BASE_CPPFLAGS)
endef
$(foreach root,$(B) $(FUZZ_B),$(eval $(call page_rules,$(root))))

$(LIB): $(LIB_OBJ) $(B)/sources
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $(LIB_OBJ)

$(B)/bin/ddnsd: $(B)/obj/ddnsd/main.o $(LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

$(CTL_LIB): $(CTL_OBJ) $(B)/sources
	$(call say,AR,$@)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $(CTL_OBJ)

# --as-needed leaves out the libraries that a tool does not use, so that it starts at once.
$(TOOLS): $(B)/bin/%: $(B)/obj/ddnsd/tools/%.o $(CTL_LIB) $(LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

# --- unit tests ---------------------------------------------------------------------------------

# A line "/* LDWRAP: fn1 fn2 */" in a test has the linker route these functions to __wrap_fn1 ...
ldwrap = $$(sed -n 's|^/\* LDWRAP: \(.*\) \*/$$|\1|p' $(1) | tr ' ' '\n' | sed 's/^./-Wl,--wrap=&/')

$(UNIT): $(B)/%: $(B)/obj/%.o $(UNIT_HELP:%.c=$(B)/obj/%.o) $(CTL_LIB) $(LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) $(call ldwrap,$*.c) -o $@ $^ $(PKG_LIBS) $(CMOCKA_LIBS)

# As many programs at a time as there are processors; those that fail have their say at the end.
.PHONY: check-unit
check-unit: $(UNIT)
	@rm -f $(UNIT:%=%.failed)
	@printf '%s\n' $(UNIT) | xargs -P "$$(nproc)" -I TEST sh -c ' \
		if timeout $(TEST_SECONDS) TEST >TEST.log 2>&1; then \
			printf "  %-8s%s (%s)\n" PASS "$$(basename TEST)" \
			    "$$(grep -c "\[       OK \]" TEST.log || true)"; \
		else \
			: >TEST.failed; \
		fi'
	@failed=0; \
	for test in $(UNIT); do \
		if [ -e $$test.failed ]; then \
			printf '  %-8s%s\n' FAIL "$${test##*/}"; cat $$test.log; failed=$$((failed + 1)); \
		fi; \
	done; \
	if [ $$failed -ne 0 ]; then \
		echo "unit tests ($(VARIANT)): $$failed of $(words $(UNIT)) programs failed"; exit 1; \
	fi; \
	echo "unit tests ($(VARIANT)): $(words $(UNIT)) programs passed"

# --- fuzzing ------------------------------------------------------------------------------------

$(REPLAY): $(B)/%: $(B)/obj/%.o $(B)/obj/tests/fuzz/replay.o \
    $(FUZZ_HELP:%.c=$(B)/obj/%.o) $(CTL_LIB) $(LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

.PHONY: check-fuzz $(FUZZ_NAMES:%=check-fuzz-%)
check-fuzz: $(FUZZ_NAMES:%=check-fuzz-%)
	@echo "fuzz corpora ($(VARIANT)): $(words $(FUZZ_NAMES)) targets replayed"

$(FUZZ_NAMES:%=check-fuzz-%): check-fuzz-%: $(B)/tests/fuzz/fuzz_%
	@timeout $(TEST_SECONDS) $< tests/fuzz/corpus/$*

$(FUZZ_B)/obj/%.o: %.c $(FUZZ_B)/flags
	$(call say,CC,$< [fuzz])
	@mkdir -p $(@D)
	$(Q)$(FUZZ_COMPILE) -MMD -MP -c -o $@ $<

# An archive, as for the tests: a target may put a stand-in in the place of one of its objects.
$(FUZZ_B)/libddnsd.a: $(LIB_SRC:%.c=$(FUZZ_B)/obj/%.o) $(CTL_SRC:%.c=$(FUZZ_B)/obj/%.o)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(FUZZ_NAMES:%=$(FUZZ_B)/fuzz_%): $(FUZZ_B)/%: $(FUZZ_B)/obj/tests/fuzz/%.o \
    $(FUZZ_HELP:%.c=$(FUZZ_B)/obj/%.o) $(FUZZ_B)/libddnsd.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_LINK) -o $@ $^ $(PKG_LIBS)

.PHONY: fuzz fuzz-build $(FUZZ_NAMES:%=fuzz-%)
fuzz-build: $(FUZZ_NAMES:%=$(FUZZ_B)/fuzz_%)
fuzz: $(FUZZ_NAMES:%=fuzz-%)

# New inputs are kept in build/fuzz/corpus; the seeds in tests/fuzz/corpus are only read.
$(FUZZ_NAMES:%=fuzz-%): fuzz-%: $(FUZZ_B)/fuzz_%
	$(call say,FUZZ,"$* for $(FUZZ_SECONDS) s")
	@mkdir -p $(FUZZ_B)/corpus/$* $(FUZZ_B)/artifacts
	$(Q)$< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
	    -artifact_prefix=$(FUZZ_B)/artifacts/$*- \
	    $(if $(wildcard tests/fuzz/$*.dict),-dict=tests/fuzz/$*.dict) \
	    $(FUZZ_B)/corpus/$* $(wildcard tests/fuzz/corpus/$*)

# --- system tests and figures -------------------------------------------------------------------

.PHONY: check check-system
check: check-unit check-fuzz check-system
	@echo "check ($(VARIANT)): passed"

check-system: all
	$(Q)DDNSD=$(abspath $(B)/bin/ddnsd) PYTHONDONTWRITEBYTECODE=1 \
	    $(PYTHON) -m pytest -p no:cacheprovider -q -n $(SYSTEM_JOBS) $(PYTEST_ARGS) tests/system

$(BENCH): $(B)/%: $(B)/obj/%.o $(LIB)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(PKG_LIBS)

.PHONY: bench bench-build bench-leases bench-web
bench-build: all $(BENCH)
bench: bench-build
	tests/bench/run $(BENCH_ARGS)
bench-leases: all
	tests/bench/leases $(BENCH_ARGS)
bench-web: all
	tests/bench/web --ddnsd $(B)/bin/ddnsd $(BENCH_ARGS)

# --- lint ---------------------------------------------------------------------------------------

SHELL_FILES = $(shell grep -rIlE '^\#!.*[/ ](ba)?sh( |$$)' scripts hooks .ci tests 2>/dev/null | sort) \
    conf/bash-completion/ddnsctl
LINT_FLAGS := $(BASE_CPPFLAGS) -std=gnu11

# The long ones first: the others fill the gaps.
LINTS := tidy reproducible cppcheck format headers text layers functions options shell man systemd
.PHONY: lint $(LINTS:%=lint-%)
lint: $(LINTS:%=lint-%)
	@echo "lint: passed"

lint-layers lint-text lint-functions lint-options lint-systemd:
	$(call say,LINT,$(@:lint-%=%))
	$(Q)scripts/$@

# All files at once, and only where that finds a fault each of them, to show what is to change.
lint-format:
	$(call say,LINT,format)
	@$(CLANG_FORMAT) --dry-run -Werror $(C_FILES) 2>/dev/null && exit; \
	for file in $(C_FILES); do \
		$(CLANG_FORMAT) $$file | diff -u --label $$file --label formatted $$file - || :; \
	done; \
	echo "make format mends these"; exit 1

.PHONY: format
format:
	$(CLANG_FORMAT) -i $(C_FILES)

lint-headers:
	$(call say,LINT,headers)
	$(Q)scripts/lint-headers $(call quote,gcc $(CLANG)) $(LINT_FLAGS) -Wall -Wextra -Werror -- \
	    $(H_FILES)

lint-shell:
	$(call say,LINT,shell)
	@# SC2317: functions that a trap or an argument names are reached.
	$(Q)shellcheck -x -e SC2317 $(SHELL_FILES)

lint-man:
	$(call say,LINT,man)
	$(Q)mandoc -T lint -W warning $(MAN)

lint-tidy:
	$(call say,LINT,clang-tidy)
	$(Q)scripts/lint-tidy $(BUILD)/lint/tidy $(LINT_FLAGS) -Itests -- $(filter %.c,$(C_FILES))

lint-cppcheck:
	$(call say,LINT,cppcheck)
	@mkdir -p $(BUILD)/lint/cppcheck
	$(Q)cppcheck --quiet --enable=warning,performance,portability --error-exitcode=1 -j 2 \
	    --inline-suppr --std=c11 --cppcheck-build-dir=$(BUILD)/lint/cppcheck \
	    --suppressions-list=scripts/cppcheck-suppressions \
	    --include=/usr/include/bsd/sys/queue.h --include=/usr/include/bsd/sys/tree.h \
	    -Iddnsd -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -D__linux__ -DDDNSD_VERSION='"$(VERSION)"' ddnsd tests

lint-reproducible: all
	$(call say,LINT,reproducible)
	$(Q)scripts/lint-reproducible $(B) \
	    $(foreach name,CC AR SAN CPPFLAGS CFLAGS LDFLAGS WERROR,$(name)=$(call quote,$($(name))))

# --- install ------------------------------------------------------------------------------------

# What stands in HOOKDIR under the names that the documents of the hooks and "ddnsctl setup" know.
HOOK_dhcp-script := hooks/dnsmasq/ddnsd-dhcp-script
HOOK_kea-run-script := hooks/kea/ddnsd-run-script
HOOK_isc-dhcp.conf := hooks/isc-dhcp/ddnsd.conf
HOOK_50-ddnsd := hooks/openwrt/50-ddnsd
HOOK_PROGRAMS := dhcp-script kea-run-script 50-ddnsd
HOOK_INCLUDES := isc-dhcp.conf
HOOK_DOCS := $(sort $(wildcard hooks/*/README.md hooks/kea/*.conf))
# Rules and a dashboard, for whoever runs Prometheus and Grafana.
MONITORING := $(patsubst conf/%,%,$(sort $(wildcard conf/prometheus/*.yml conf/grafana/*.json)))
COMPLETION := $(wildcard conf/bash-completion/ddnsctl)
man_target = $(MANDIR)/man$(subst .,,$(suffix $(1)))/$(notdir $(1))

define newline


endef

# $(call install_edited,MODE,FILE,TARGET): FILE, with the paths of this installation in it.
define install_edited
	@mkdir -p $(B)/installed
	sed 's|/usr/local/sbin/|$(SBINDIR)/|g; s|/usr/local/lib/ddnsd/|$(HOOKDIR)/|g' $(2) \
	    >$(B)/installed/$(notdir $(3))
	$(INSTALL) -D -m $(1) $(B)/installed/$(notdir $(3)) $(DESTDIR)$(3)

endef

.PHONY: install uninstall
install: all
	$(INSTALL) -d $(DESTDIR)$(SBINDIR)
	$(INSTALL) -m 0755 $(B)/bin/ddnsd $(TOOLS) $(DESTDIR)$(SBINDIR)
	$(foreach page,$(MAN),$(call install_edited,0644,$(page),$(call man_target,$(page))))
	$(foreach hook,$(HOOK_PROGRAMS),$(call install_edited,0755,$(HOOK_$(hook)),$(HOOKDIR)/$(hook)))
	$(foreach hook,$(HOOK_INCLUDES),$(call install_edited,0644,$(HOOK_$(hook)),$(HOOKDIR)/$(hook)))
	$(foreach file,$(HOOK_DOCS),$(call install_edited,0644,$(file),$(DOCDIR)/$(file)))
	$(call install_edited,0644,conf/systemd/ddnsd.service,$(UNITDIR)/ddnsd.service)
	$(call install_edited,0644,conf/dnsmasq.d/ddnsd.conf,$(DOCDIR)/dnsmasq.d/ddnsd.conf)
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(SYSUSERSDIR) conf/sysusers.d/ddnsd.conf
	$(INSTALL) -D -m 0644 -t $(DESTDIR)$(TMPFILESDIR) conf/tmpfiles.d/ddnsd.conf
	$(INSTALL) -m 0644 conf/ddnsd.conf $(DESTDIR)$(DOCDIR)/ddnsd.conf.example
	$(INSTALL) -m 0644 conf/openapi.yaml $(DESTDIR)$(DOCDIR)
	$(foreach file,$(MONITORING),$(INSTALL) -D -m 0644 conf/$(file) $(DESTDIR)$(DOCDIR)/$(file)$(newline))
	$(if $(COMPLETION),$(INSTALL) -D -m 0644 -t $(DESTDIR)$(COMPLETIONDIR) $(COMPLETION))
	$(INSTALL) -d -m 0755 $(DESTDIR)$(SYSCONFDIR)
	$(INSTALL) -d -m 0750 $(DESTDIR)$(SYSCONFDIR)/ddnsd $(DESTDIR)$(SYSCONFDIR)/ddnsd/keys.d
	@if [ -e $(DESTDIR)$(SYSCONFDIR)/ddnsd/ddnsd.conf ]; then \
		echo "$(DESTDIR)$(SYSCONFDIR)/ddnsd/ddnsd.conf is there already and stays as it is"; \
	else \
		set -x; \
		$(INSTALL) -m 0640 conf/ddnsd.conf $(DESTDIR)$(SYSCONFDIR)/ddnsd/ddnsd.conf; \
	fi
	@[ -n "$(DESTDIR)" ] || \
	    echo "Once: systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload"

# The configuration, the keys and the database stay.
uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/ddnsd $(TOOLS:$(B)/bin/%=$(DESTDIR)$(SBINDIR)/%)
	rm -f $(foreach page,$(MAN),$(DESTDIR)$(call man_target,$(page)))
	rm -f $(DESTDIR)$(UNITDIR)/ddnsd.service $(DESTDIR)$(SYSUSERSDIR)/ddnsd.conf \
	    $(DESTDIR)$(TMPFILESDIR)/ddnsd.conf $(DESTDIR)$(COMPLETIONDIR)/ddnsctl
	rm -f $(addprefix $(DESTDIR)$(HOOKDIR)/,$(HOOK_PROGRAMS) $(HOOK_INCLUDES))
	rm -f $(addprefix $(DESTDIR)$(DOCDIR)/,$(HOOK_DOCS) dnsmasq.d/ddnsd.conf ddnsd.conf.example \
	    openapi.yaml $(MONITORING))
	-rmdir $(addprefix $(DESTDIR)$(DOCDIR)/,$(sort $(dir $(HOOK_DOCS) $(MONITORING))) hooks dnsmasq.d) \
	    $(DESTDIR)$(DOCDIR) $(DESTDIR)$(HOOKDIR)

.PHONY: clean
clean:
	rm -rf $(BUILD)

DEPS := $(LIB_OBJ) $(B)/obj/ddnsd/main.o $(TOOL_SRC:%.c=$(B)/obj/%.o) $(CTL_OBJ) $(CTL_SRC:%.c=$(FUZZ_B)/obj/%.o) \
    $(UNIT_SRC:%.c=$(B)/obj/%.o) $(UNIT_HELP:%.c=$(B)/obj/%.o) $(FUZZ_SRC:%.c=$(B)/obj/%.o) \
    $(FUZZ_HELP:%.c=$(B)/obj/%.o) $(B)/obj/tests/fuzz/replay.o $(BENCH_SRC:%.c=$(B)/obj/%.o) \
    $(LIB_SRC:%.c=$(FUZZ_B)/obj/%.o) $(FUZZ_SRC:%.c=$(FUZZ_B)/obj/%.o) \
    $(FUZZ_HELP:%.c=$(FUZZ_B)/obj/%.o)
-include $(DEPS:.o=.d)
