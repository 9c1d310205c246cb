# virt-nest: `make demo` and `make test` do all the set-up on a fresh machine with a Swift toolchain.
PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
# A start is mostly the loader's work: nothing is relocated, and only what is used is linked. Types of
# generic code are named by address: looking them up by name at each start took a fifth of its time.
RELEASE = -c release --static-swift-stdlib -Xswiftc -use-ld=lld -Xswiftc -Xfrontend \
  -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors -Xlinker --gc-sections \
  -Xlinker --as-needed -Xlinker -no-pie
STATIC = .build/static-libxml2
# Where the release binary is put; asking swift for it costs a second at each use.
BINARY = .build/release/virt-nest

.PHONY: all build build-benchmark demo test test-sanitizers lint install uninstall proof fuzz bench clean

all: build

# The release binary: Swift's runtime is linked statically, and libxml2 where its archive is there.
build: PRODUCTS = virt-nest
build-benchmark: PRODUCTS = virt-nest virt-nest-benchmark
build build-benchmark:
	.ci/packages build
	@mkdir -p .build
	@if .ci/static-libxml2 $(STATIC) >/dev/null 2>&1; then \
	  echo 'libxml2 is linked statically'; export PKG_CONFIG_PATH='$(CURDIR)/$(STATIC)'; \
	else echo 'libxml2 is linked as a shared library: no archive of it is here'; fi; \
	for product in $(PRODUCTS); do $(SWIFT) build $(RELEASE) --product $$product || exit; done

# Makes and checks the three guests of the procedure that the project began from.
demo: build
	@mkdir -p demo
	$(BINARY) create fedora --release 31 --index 0 --force -o demo
	$(BINARY) create centos --release 8 --index 1 --force -o demo
	$(BINARY) create ubuntu --release 18.04 --force -o demo
	$(BINARY) check --fail-on error demo/*.xml
	$(BINARY) inspect demo/*.xml
	@echo
	cat demo/kata-fedora-31-vm-00.xml
	@echo
	@echo 'The definitions are in demo/. On a Power host: virsh define demo/kata-fedora-31-vm-00.xml'

lint:
	$(SWIFT) format lint --strict --recursive Sources Tests Templates Examples Benchmarks Fuzz/Sources \
	  Package.swift

test: lint
	.ci/packages test
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build
	Benchmarks/guard
	Fuzz/run 30

# Compares with what people would use instead, and writes Benchmarks/results.md: a quarter of an hour;
# make bench QUICK=1 takes two minutes, and writes Benchmarks/results-quick.md.
bench:
	.ci/packages bench
	Benchmarks/bench $(if $(QUICK),--quick)

# The fuzzers for longer: make fuzz SECONDS=3600.
SECONDS = 600
fuzz:
	.ci/packages test
	Fuzz/run $(SECONDS)

# The tests of the library under AddressSanitizer. XCTest itself leaks, and what an enum of Swift holds
# behind a tagged pointer looks leaked: leaks are not looked for. ThreadSanitizer does not know the futex
# of Swift's Mutex on Linux, and takes every use of one, here and in swift-subprocess, for a race.
test-sanitizers:
	.ci/packages test
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --sanitize address --scratch-path .build-asan \
	  --disable-xctest --filter 'LosslessXMLTests|VirtNestTests'

# The end-to-end proof alone: L1 guests under a libvirt of their own, in which an L2 runs.
proof:
	.ci/packages test
	$(SWIFT) test --filter ProofTests

$(BINARY):
	$(MAKE) build

# What was built is installed as it is: root may have no Swift.
install: $(BINARY)
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/bash-completion/completions' \
	  '$(DESTDIR)$(PREFIX)/share/zsh/site-functions' \
	  '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d'
	install -m 755 $(BINARY) '$(DESTDIR)$(PREFIX)/bin/virt-nest'
	$(BINARY) --generate-completion-script bash \
	  > '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/virt-nest'
	$(BINARY) --generate-completion-script zsh \
	  > '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_virt-nest'
	$(BINARY) --generate-completion-script fish \
	  > '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/virt-nest.fish'

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/virt-nest' \
	  '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/virt-nest' \
	  '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_virt-nest' \
	  '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/virt-nest.fish'

clean:
	$(SWIFT) package clean
	rm -rf demo
