# Plain GNU make.
#
#   make demo       install what is needed, build, run the whole path
#   make check      install what is needed, build, run every test
#   make [all]      build the programs into build/bin
#   make lint       man pages, scripts, C
#   make fuzz-flv   and other parsers in tests/fuzz: FUZZ_SECONDS=60
#   make fuzz-coverage      what their seeds reach
#   make soak       the long tests: a day of stream time, 10,000 power cuts
#   make bench-split    fragment-split beside ffmpeg's segments
#   make bench-ingest   rtmp-recv against nginx-rtmp
#   make bench-transcode    transcode-job beside one ffmpeg: time, seams
#   make bench-serve    segment-serve beside nginx; held requests
#   make bench-dispatch     how soon a job starts, and what that costs
#   make bench-capacity     the processor time of each stage, for a stream
#   make bench-fleet    what the fleet makes beside one ffmpeg
#   make bench-playlists    an update of a stream, and of a thousand
#   make bench-store    put beside write, fsync, rename; what asking costs
#   make install    PREFIX and DESTDIR as usual; make uninstall
#   make clean
#
# SAN=address,undefined builds and tests a second tree in build/.
VERSION := 0.1.0

PREFIX  ?= /usr/local
CC      ?= cc
CFLAGS  ?= -O2 -g
BINDIR   = $(PREFIX)/bin
MANDIR   = $(PREFIX)/share/man
DATADIR  = $(PREFIX)/share/livespool
DOCDIR   = $(PREFIX)/share/doc/livespool/examples

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
CMDSRC  := $(wildcard cmd/*.c cmd/*/*.c)
CMDOBJ  := $(CMDSRC:%.c=$B/%.o)
UNIT    := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
FUZZ    := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz-*.c))

# What each program links beyond the C library; the archive brings in no more.
LIBS_rtmp-recv     := -lyaml -lssl -lcrypto -lseccomp
LIBS_fragment-split := -lxxhash
LIBS_segment-store := -lyaml -lxxhash -larchive
LIBS_transcode-job := -lavcodec -lswscale -lswresample -lavutil -lyaml -lxxhash -lseccomp
LIBS_playlist-gen  := -lyaml -lxxhash -lcurl -lcrypto
LIBS_segment-serve := -lmicrohttpd -lcrypto -lz
LIBS_UNIT          := $(LIBS_rtmp-recv) $(LIBS_segment-serve) \
           $(LIBS_transcode-job) -larchive -lcurl -lm
LIBS_SOAK          := $(LIBS_playlist-gen) $(LIBS_fragment-split)

# A publisher for tests/pipe/clients.t, which does without if need be.
LIBRTMP := $(if $(wildcard /usr/include/librtmp/rtmp.h),$B/tests/librtmp-publish)

.DELETE_ON_ERROR:
.SECONDARY:

.PHONY: all
all: $(CMDS:%=$B/bin/%) $(SCRIPTS:%=$B/bin/%)

# A program with commands has a file for each, in a directory of its name.
$B/bin/segment-store: $(patsubst %.c,$B/%.o,$(wildcard cmd/segment-store/*.c))
$B/bin/playlist-gen: $(patsubst %.c,$B/%.o,$(wildcard cmd/playlist-gen/*.c))
$B/bin/transcode-job: $(patsubst %.c,$B/%.o,$(wildcard cmd/transcode-job/*.c))
$(CMDS:%=$B/bin/%): $B/bin/%: $B/cmd/%.o $B/lib.a
	@mkdir -p $(@D)
	$(CC) $(SANFLAG) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) \
	    $B/lib.a $(LIBS_$*) $(LDLIBS)
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

# A fuzz target and the main that replays its seeds, as a test.
$(FUZZ:%=$B/fuzz/%.t): $B/fuzz/%.t: $B/tests/fuzz/%.o $B/tests/fuzz/replay.o \
    $B/lib.a
	@mkdir -p $(@D)
	$(CC) $(SANFLAG) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_UNIT) $(LDLIBS)
# What the long tests generate and check with.
SOAK    := $(patsubst tests/soak/%.c,$B/soak/%,$(wildcard tests/soak/*.c))
$(SOAK): $B/soak/%: $B/tests/soak/%.o $B/lib.a
	@mkdir -p $(@D)
	$(CC) $(SANFLAG) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_SOAK) $(LDLIBS)
# make fuzz-flv: libFuzzer itself, for FUZZ_SECONDS, or as long as you let it
# run; what it finds new is in build/corpus/fuzz-flv.
FUZZ_SECONDS ?= 0
FUZZ_CORPUS  ?= build/corpus
# What is freed stays with the sanitizer for a while, and counts as resident.
FUZZFLAGS    := -max_len=65536 -timeout=10 -malloc_limit_mb=256 \
                -rss_limit_mb=2048
$(FUZZ:%=$B/%): $B/%: $B/tests/fuzz/%.o $B/lib.a
	$(CC) $(SANFLAG) -fsanitize=fuzzer $(CFLAGS) $(LDFLAGS) -o $@ $^ \
	    $(LIBS_UNIT) $(LDLIBS)
.PHONY: $(FUZZ) fuzz-coverage
$(FUZZ):
	@mkdir -p $(FUZZ_CORPUS)/$@
	@$(MAKE) -s CC=clang CFLAGS='-O1 -g' B=build/libfuzzer \
	    SAN=fuzzer-no-link,address,undefined build/libfuzzer/$@
	build/libfuzzer/$@ $(FUZZFLAGS) -max_total_time=$(FUZZ_SECONDS) \
	    -artifact_prefix=$(FUZZ_CORPUS)/$@- $(FUZZ_CORPUS)/$@ \
	    tests/fuzz/corpus/$(@:fuzz-%=%)
# Lines of the parsers that the seeds, and what is in FUZZ_CORPUS, reach.
COVERED := lib/net/rtmp*.c lib/net/amf*.c lib/media/flv.c
fuzz-coverage:
	@$(MAKE) -s CC=clang B=build/coverage SAN= CFLAGS='-O1 -g \
	    -fprofile-instr-generate -fcoverage-mapping' \
	    $(FUZZ:%=build/coverage/%)
	@for f in $(FUZZ); do \
	    more=$(FUZZ_CORPUS)/$$f; [ -d "$$more" ] || more=; \
	    LLVM_PROFILE_FILE=build/coverage/$$f.profraw \
	    build/coverage/$$f -runs=0 tests/fuzz/corpus/$${f#fuzz-} \
	    $$more 2>build/coverage/$$f.log || exit 1; done
	@llvm-profdata merge -o build/coverage/all.profdata \
	    $(FUZZ:%=build/coverage/%.profraw)
	@llvm-cov report -show-functions=false -show-region-summary=false \
	    -show-branch-summary=false \
	    -instr-profile build/coverage/all.profdata \
	    build/coverage/$(firstword $(FUZZ)) \
	    $(FUZZ:%=-object build/coverage/%) $(wildcard $(COVERED))

# The web page with its player; npm brings hls.js, as pinned in the lock file.
.PHONY: player browser
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
PAGE := $(notdir $(wildcard $(patsubst %,examples/player/*.%,html css js)))
player: $(patsubst %,build/player/%,$(PAGE) hls.min.js hls.LICENSE.txt)
build/player/hls.min.js: HLS = dist/hls.min.js
build/player/hls.LICENSE.txt: HLS = LICENSE
build/player/hls.min.js build/player/hls.LICENSE.txt: build/npm/player/.done
	install -D -m 644 build/npm/player/node_modules/hls.js/$(HLS) $@
build/player/%: examples/player/%
	install -D -m 644 $< $@

# What drives Debian's Chromium in tests/browser.
browser: build/npm/browser/.done
build/npm/player/.done: $(wildcard examples/player/package*.json)
build/npm/browser/.done: $(wildcard tests/browser/package*.json)
build/npm/%/.done:
	rm -rf $(@D) && mkdir -p $(@D) && cp $^ $(@D)
	cd $(@D) && $(NPM_CI) && touch .done

# The two commands of the README install what they need first.
.PHONY: demo check
demo:
	@scripts/install-deps build
	@$(MAKE) -s all player
	@PATH="$(CURDIR)/build/bin:$$PATH" scripts/demo
check:
	@scripts/install-deps check
	@$(MAKE) all player browser tests
	$(if $(SAN),$(SANENV)) BIN="$(CURDIR)/$B/bin" prove -j3 --timer -e tests/bounded \
	    --rules 'par=$B/unit/*' --rules 'par=$B/fuzz/*' \
	    --rules 'par=tests/cmd/*' --rules 'par=$(WAITING)' \
	    --rules 'seq=*' \
	    $(UNIT:%=$B/unit/%.t) $(FUZZ:%=$B/fuzz/%.t) $(SHELLTESTS)
# Tests that wait for most of their time.
WAITING  = tests/pipe/{clients,fleet,hosts,livespool-archive}.t
# What was freed is held back for a while, but not so much of it that the
# tests of memory see it.
SANENV   = LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0 \
           ASAN_OPTIONS=quarantine_size_mb=4
# Under a sanitizer each program is tested alone, and once all of them
# together; nothing is fast enough for a browser to play it live.
SHELLTESTS := $(sort $(wildcard tests/cmd/*.t)) \
           $(sort $(wildcard tests/soak/*.t)) \
           $(if $(SAN),tests/pipe/livespool-live.t, \
           $(sort $(wildcard tests/tree/*.t tests/pipe/*.t)) \
           $(sort $(wildcard tests/browser/*.t)))

.PHONY: tests soak lint bench-capacity bench-dispatch bench-fleet bench-latency bench-split bench-store install uninstall clean
tests: $(UNIT:%=$B/unit/%.t) $(FUZZ:%=$B/fuzz/%.t) $(SOAK) \
    $(LIBRTMP) $B/tests/faults.so $B/tests/plant.so
# Loaded into a program under test: calls that fail, and power cuts.
$B/tests/%.so: tests/preload/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -fPIC -shared -o $@ $<
# A day of stream time, 10,000 kills and power cuts; minutes to run.
soak: all tests
	SOAK=1 BIN="$(CURDIR)/$B/bin" prove -v --timer -e '' tests/soak/*.t
$B/tests/librtmp-publish: tests/librtmp-publish.c
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARN) $(CFLAGS) -o $@ $< -lrtmp
lint:
	mandoc -T lint -W warning man/*.[1-9]
	shellcheck scripts/* .ci/run examples/rotate-keys
	shellcheck -S warning -e SC2154,SC2034,SC2155 tests/*.sh \
	    $$(awk 'FNR == 1 && !/perl/ { print FILENAME }' tests/*/*.t)
	{ ls tests/*.p[lm]; awk 'FNR == 1 && /perl/ { print FILENAME }' tests/*/*.t; } | \
	    xargs -n 1 perl -c -Itests
	printf '%s\n' $(CMDSRC) $(LIBSRC) | xargs -P 2 -I FILE \
	    clang-tidy --quiet FILE -- $(filter-out -MMD -MP,$(BASEFLAGS))
bench-split: all
	BIN=$(CURDIR)/$B/bin tests/bench/split
.PHONY: bench-ingest
bench-ingest: all $(patsubst %,$B/bench/%,rtmp-load floor sink)
	tests/bench/ingest
$B/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -o $@ $<
.PHONY: bench-transcode
bench-transcode: all
	tests/bench/transcode
.PHONY: bench-serve
bench-serve: all $B/bench/held
	BIN=$(CURDIR)/$B/bin tests/bench/serve
bench-dispatch: all $B/bench/started
	BIN=$(CURDIR)/$B/bin tests/bench/dispatch
bench-capacity: all
	BIN=$(CURDIR)/$B/bin tests/bench/capacity
bench-fleet: all
	BIN=$(CURDIR)/$B/bin tests/bench/fleet
bench-latency: all player browser
	BIN=$(CURDIR)/$B/bin tests/bench/latency
bench-store: all $B/bench/raw-store
	BIN=$(CURDIR)/$B/bin tests/bench/store
	tests/bench/store-read
.PHONY: bench-playlists
bench-playlists: all $B/bench/playlists
	BIN=$(CURDIR)/$B/bin tests/bench/playlists
$B/bench/playlists: $B/tests/bench/playlists.o $B/lib.a
	@mkdir -p $(@D)
	$(CC) $(SANFLAG) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_SOAK) $(LDLIBS)

install: all player
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(DATADIR)/ladders \
	    $(DESTDIR)$(DATADIR)/player
	install -m 755 $(CMDS:%=$B/bin/%) $(SCRIPTS:%=$B/bin/%) \
	    $(DESTDIR)$(BINDIR)
	for f in man/*.[1-9]; do \
	    install -D -m 644 $$f $(DESTDIR)$(MANDIR)/man$${f##*.}/$${f##*/} || \
	    exit 1; done
	install -m 644 examples/ladders/*.yaml $(DESTDIR)$(DATADIR)/ladders
	install -m 644 build/player/* $(DESTDIR)$(DATADIR)/player
	for f in examples/* examples/nginx/* examples/systemd/*; do \
	    [ -d $$f ] || install -D -m 644 $$f \
	    $(DESTDIR)$(DOCDIR)/$${f#examples/} || exit 1; done
	sed -i -e 's,/usr/local/bin,$(BINDIR),' \
	    -e 's,/usr/local/share/doc/livespool/examples,$(DOCDIR),' \
	    $(DESTDIR)$(DOCDIR)/systemd/*.service $(DESTDIR)$(DOCDIR)/crontab
uninstall:
	for p in $(CMDS) $(SCRIPTS); do rm -f $(DESTDIR)$(BINDIR)/$$p; done
	for f in man/*.[1-9]; do \
	    rm -f $(DESTDIR)$(MANDIR)/man$${f##*.}/$${f##*/}; done
	rm -rf $(DESTDIR)$(DATADIR) $(DESTDIR)$(DOCDIR:/examples=)
clean:
	rm -rf build

-include $(SOAK:$B/%=$B/tests/%.d) $(LIBOBJ:.o=.d) $(CMDOBJ:.o=.d) $(UNIT:%=$B/tests/unit/%.d) \
    $(FUZZ:%=$B/tests/fuzz/%.d)
