# Plain GNU make.  make demo, make check; make help lists the rest.
VERSION := 0.1.0

PREFIX  ?= /usr/local
CC      ?= cc
CFLAGS  ?= -O2 -g
BINDIR   = $(PREFIX)/bin
MANDIR   = $(PREFIX)/share/man
DATADIR  = $(PREFIX)/share/livespool

CMDS    := $(patsubst cmd/%.c,%,$(wildcard cmd/*.c))
SCRIPTS := $(patsubst scripts/%,%,$(wildcard scripts/livespool-*))

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
           -Wvla -Wformat=2
comma   := ,
SAN     ?=
B       := build$(if $(SAN),/$(subst $(comma),-,$(SAN)))
SANFLAG := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer \
           -fno-sanitize-recover=all)
BASEFLAGS := -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Ilib \
           -include base/banned.h -MMD -MP $(WARN) $(SANFLAG)

LIBSRC  := $(wildcard lib/*/*.c)
LIBOBJ  := $(LIBSRC:%.c=$B/%.o)
CMDOBJ  := $(CMDS:%=$B/cmd/%.o)
UNIT    := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
FUZZ    := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz-*.c))

# What each program links beyond the C library; the archive brings in no more.
LIBS_rtmp-recv     := -lyaml -lcrypto
LIBS_segment-store := -lyaml
LIBS_transcode-job := -lavcodec -lswscale -lavutil -lyaml
LIBS_playlist-gen  := -lyaml
LIBS_segment-serve := -lmicrohttpd
LIBS_UNIT          := $(LIBS_rtmp-recv) $(LIBS_transcode-job)

.DELETE_ON_ERROR:
.SECONDARY:

.PHONY: all
all: $(CMDS:%=$B/bin/%) $(SCRIPTS:%=$B/bin/%)

$(CMDS:%=$B/bin/%): $B/bin/%: $B/cmd/%.o $B/lib.a
	@mkdir -p $(@D)
	$(CC) $(SANFLAG) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_$*) $(LDLIBS)
$(SCRIPTS:%=$B/bin/%): $B/bin/%: scripts/%
	@mkdir -p $(@D)
	install -m 755 $< $@
$B/lib.a: $(LIBOBJ)
	rm -f $@ && $(AR) rcs $@ $^
$B/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BASEFLAGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
# The version is compiled in: objects follow it.
$(LIBOBJ) $(CMDOBJ): Makefile

$(UNIT:%=$B/unit/%.t): $B/unit/%.t: $B/tests/unit/%.o $B/lib.a
	@mkdir -p $(@D)
	$(CC) $(SANFLAG) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_UNIT) $(LDLIBS)

-include $(LIBOBJ:.o=.d) $(CMDOBJ:.o=.d) $(UNIT:%=$B/tests/unit/%.d)
