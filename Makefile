# virt-nest: `make demo` and `make test` do all the set-up on a fresh machine with a Swift toolchain.
PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
# Swift's runtime is linked statically, libxml2 dynamically, so that its security updates count.
RELEASE = --disable-local-rpath $(shell sed '/^-/!d' .ci/release-flags)
# Where the release binary is put; asking swift for it costs a second at each use.
BINARY = .build/release/virt-nest
# For packages of another machine: a virt-nest that runs here, and that machine's strip.
COMMAND = $(BINARY)
MANUAL = .build/man
STRIP = strip
# Where packages are put.
PACKAGES = .build/packages

.PHONY: all build demo fleet test check-all test-sanitizers test-static test-ppc64le lint install uninstall proof fuzz bench \
  deb rpm tarball ppc64le sdk-ppc64le packages-ppc64le test-reproducible documentation clean

all: build

# The release binary.
build:
	.ci/packages build
	$(SWIFT) build $(RELEASE) --product virt-nest
	Documentation/make-manual $(BINARY) CHANGELOG.md $(MANUAL)

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

# Three hosts and a dozen guests by Ansible, against libvirtds that it starts itself; root runs it.
fleet: build
	.ci/packages fleet
	Examples/fleet/run

lint:
	$(SWIFT) format lint --strict --recursive Sources Tests Templates Examples Fuzz/Sources \
	  Benchmarks/InProcess Package.swift

# What a contributor runs: format, build, tests, the proof with a few guests. The command that the tests
# start some thousand times is the one that users get; it starts in a tenth of the other's time.
test: lint
	.ci/packages test
	$(SWIFT) build $(RELEASE) --product virt-nest
	$(SWIFT) build --build-tests
	VIRT_NEST_BINARY=$(CURDIR)/$(BINARY) $(SWIFT) test --skip-build

# All that is known: the tests with every guest of the proof, in one of which the executable for Power runs, the
# fuzzers, AddressSanitizer, the documentation without a warning, the packages' executables.
check-all: export VIRT_NEST_PROOF = all
check-all: export VIRT_NEST_PPC64LE = $(CURDIR)/$(PPC64LE)
check-all: ppc64le test
	$(MAKE) fuzz SECONDS=60
	$(MAKE) test-sanitizers
	$(MAKE) documentation
	$(MAKE) test-static
	$(MAKE) test-ppc64le
	$(MAKE) test-reproducible

# Compares with what people would use instead, and writes Benchmarks/results.md. QUICK=1: few rounds, prints only.
bench: build
	.ci/packages bench
	$(SWIFT) build $(RELEASE) --product virt-nest-benchmark
	Benchmarks/bench $(if $(QUICK),--quick)

# The fuzzers for longer, and 20 commands drawn at random for each of their seconds: make fuzz SECONDS=3600.
SECONDS = 600
fuzz: build
	.ci/packages test
	Fuzz/run $(SECONDS)
	VIRT_NEST_TRIALS=$$(($(SECONDS) * 20)) VIRT_NEST_BINARY=$(CURDIR)/$(BINARY) \
	  $(SWIFT) test --filter RandomCommandTests

# The tests of the library under AddressSanitizer. XCTest itself leaks, and what an enum of Swift holds
# behind a tagged pointer looks leaked: leaks are not looked for. ThreadSanitizer does not know the futex
# of Swift's Mutex on Linux, and takes every use of one, here and in swift-subprocess, for a race.
test-sanitizers:
	.ci/packages test
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test --sanitize address --scratch-path .build-asan \
	  --disable-xctest --filter 'LosslessXMLTests|VirtNestTests'

# The tests of the command, with the executable for Power under QEMU's user emulation. Those that trace system calls
# or count processor time would look at the emulator; those of pairs of options start it thousands of times. One at a
# time: QEMU translates the executable at every start.
test-ppc64le: ppc64le
	.ci/packages test
	$(SWIFT) build --build-tests
	VIRT_NEST_BINARY=$$(.ci/ppc64le/make-emulated $(PPC64LE) $(CURDIR)/.build-ppc64le/emulated) \
	  VIRT_NEST_EXECUTABLE=$(CURDIR)/$(PPC64LE) $(SWIFT) test --skip-build --no-parallel --filter CommandTests \
	  --skip 'FaultInjection|ManyFiles|CommandGrowth|HostileInput|LongWork|LibraryExample|OptionPair|RoomTests'

# What packages have, with the static executable; the tarball in a folder without a single library.
test-static: tarball
	.ci/packages test
	$(SWIFT) build --build-tests
	VIRT_NEST_BINARY=$(CURDIR)/$(STATIC) $(SWIFT) test --skip-build \
	  --filter 'PackageTests|TranscriptTests|CheckCommandTests'

# The static executables, from a copy of the sources in a folder of another name: the same bytes.
test-reproducible: ppc64le
	.ci/packages static
	.ci/build-static
	.ci/test-reproducible

# The end-to-end proof alone: L1 guests under a libvirt of their own, in which an L2 runs.
proof:
	.ci/packages test
	VIRT_NEST_PROOF=all $(SWIFT) test --filter ProofTests

$(BINARY):
	$(MAKE) build

# What was built is installed as it is: root may have no Swift.
install: $(BINARY)
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/bash-completion/completions' \
	  '$(DESTDIR)$(PREFIX)/share/zsh/site-functions' \
	  '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d' '$(DESTDIR)$(PREFIX)/share/man/man1'
	install -m 644 $(MANUAL)/*.1 '$(DESTDIR)$(PREFIX)/share/man/man1'
	install -s --strip-program=$(STRIP) -m 755 $(BINARY) '$(DESTDIR)$(PREFIX)/bin/virt-nest'
	$(COMMAND) --generate-completion-script bash | sed '1{/^#!/d}' \
	  > '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/virt-nest'
	$(COMMAND) --generate-completion-script zsh \
	  > '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_virt-nest'
	$(COMMAND) --generate-completion-script fish \
	  > '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/virt-nest.fish'

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/virt-nest' \
	  '$(DESTDIR)$(PREFIX)/share/bash-completion/completions/virt-nest' \
	  '$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_virt-nest' \
	  '$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/virt-nest.fish' \
	  '$(DESTDIR)$(PREFIX)'/share/man/man1/virt-nest*.1

# Packages of this machine's distribution, which brings libxml2.
deb: build
	.ci/packaging/make-deb $(BINARY) $(PACKAGES)

rpm: build
	.ci/packaging/make-rpm $(BINARY) $(PACKAGES)

# A static executable for every x86-64 Linux, with all that comes with it, and an image of it for containers.
STATIC = .build-static/virt-nest
tarball:
	.ci/packages static
	.ci/build-static
	STRIP=true .ci/packaging/make-tarball $(STATIC) $(PACKAGES)
	.ci/packaging/make-oci $(PACKAGES)/virt-nest-*-linux-x86_64.tar.xz $(PACKAGES)

# The pages of Documentation/ and of the libraries as a site in .build/documentation, for any server of files.
documentation:
	.ci/packages build
	Documentation/make-site .build/documentation

# The static executable for Power, made on any x86-64 machine, and what it is made with. All that is fetched is
# pinned in .ci/pins and kept below ~/.cache/virt-nest, or VIRT_NEST_CACHE.
PPC64LE = .build-ppc64le/virt-nest
ppc64le:
	.ci/packages ppc64le
	.ci/ppc64le/build

sdk-ppc64le:
	.ci/packages ppc64le
	.ci/ppc64le/make-sdk

# It is stripped already.
packages-ppc64le: ppc64le build
	COMMAND=$(BINARY) STRIP=true .ci/packaging/make-deb $(PPC64LE) $(PACKAGES)
	COMMAND=$(BINARY) STRIP=true .ci/packaging/make-rpm $(PPC64LE) $(PACKAGES)
	COMMAND=$(BINARY) STRIP=true .ci/packaging/make-tarball $(PPC64LE) $(PACKAGES)
	.ci/packaging/make-oci $(PACKAGES)/virt-nest-*-linux-ppc64le.tar.xz $(PACKAGES)

clean:
	$(SWIFT) package clean
	rm -rf demo .build-ppc64le .build-static .build-documentation
