import TestSupport
import Testing

/// The installation of the wrapper on hosts that have rpm, systemd and SELinux's tools for real.
@Suite(
  "The wrapper on hosts of rpm",
  .enabled(if: BootedTree.obstacle == nil, "\(BootedTree.obstacle ?? "")"))
struct WrapperOnHostTests {
  private static let emulator = "/usr/libexec/qemu-kvm"

  private func script(_ options: String...) async throws -> [UInt8] {
    let run = try await VirtNestBinary.run(["wrapper", "--emulator", Self.emulator] + options)
    try #require(run.succeeded, "\(run.errorText)")
    return run.output
  }

  /// What every script below begins with.
  private static let beginning = """
    # Whatever this machine has, the tree is a host of rpm's.
    rm -f /var/lib/dpkg/status
    qemu() { \(emulator) -name kata -M pseries; }
    # Tries until QEMU says it, as whoever starts a guest a moment later would find it.
    expect() {
      tries=0
      until [ "$(qemu 2>&1)" = "$2" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 6000 ]; then break; fi
        sleep 0.1
      done
      echo "$1: $(qemu 2>&1)"
    }
    leftovers() {
      find /etc/systemd/system /usr/local/sbin /usr/libexec -name '*virt-nest-wrapper*' \
        -o -name 'virt-nest-place*' -o -name 'qemu-kvm?*'
    }

    """

  /// Packages whose only file is an emulator that says its version.
  private static let packages = #"""
    mkdir -p /etc/rpm
    # Debian's rpm keeps its database in the home folder, which a service has not.
    echo '%_dbpath /var/lib/rpm' >>/etc/rpm/macros
    export HOME=/root
    for version in 1 2; do
      cat >package.spec <<SPEC
    Name: qemu-stand-in
    Version: $version
    Release: 1
    Summary: an emulator
    License: none
    BuildArch: noarch
    AutoReqProv: no
    %description
    An emulator.
    %install
    mkdir -p %{buildroot}/usr/libexec
    printf '#!/bin/sh\necho $version "\$@"\n' >%{buildroot}/usr/libexec/qemu-kvm
    chmod 755 %{buildroot}/usr/libexec/qemu-kvm
    %files
    /usr/libexec/qemu-kvm
    SPEC
      rpmbuild --quiet -bb --define "_topdir $PWD/build" --define "_rpmdir $PWD/rpms" \
        --define '__os_install_post %{nil}' package.spec || echo "rpmbuild: $?"
    done
    rpm_() { rpm "$@" >rpm.log 2>&1 || { echo "rpm $*: $?"; cat rpm.log; }; }
    install_() { rpm_ -U --oldpackage --force "rpms/noarch/qemu-stand-in-$1-1.noarch.rpm"; }

    """#

  @Test(
    "In QEMU's place it comes back after each upgrade, and goes without a trace",
    .needs("rpmbuild", "rpm", "systemd-analyze"))
  func upgrades() async throws {
    let inside =
      Self.beginning + Self.packages + """
        plain='-name kata -M pseries'
        nested="-machine cap-nested-hv=on $plain"
        install_ 1
        expect 'rpm alone' "1 $plain"
        for time in once twice; do
          sh install 2>said || cat said
          expect "installed $time" "1 $nested"
        done
        echo "the watch is $(systemctl is-enabled virt-nest-wrapper.path)"
        systemd-analyze verify virt-nest-wrapper.path virt-nest-wrapper.service && echo verified
        # More than systemd starts a unit in ten seconds, by its defaults.
        for version in 2 1 2 1 2 1 2; do
          install_ $version
          expect 'upgraded' "$version $nested"
        done
        install_ 2
        expect 'the same again' "2 $nested"
        rpm_ -e qemu-stand-in
        install_ 1
        expect 'erased and installed' "1 $nested"
        echo "the watch is $(systemctl is-active virt-nest-wrapper.path)"
        for time in once twice; do
          sh uninstall 2>said || cat said
          sleep 0.5
          echo "uninstalled $time: $(qemu)"
        done
        rpm -V qemu-stand-in
        leftovers
        install_ 2
        sleep 0.5
        echo "upgraded: $(qemu)"

        sh install 2>said || cat said
        systemctl stop virt-nest-wrapper.path virt-nest-wrapper.service
        install_ 1
        echo "not watched: $(qemu)"
        sh uninstall 2>said || cat said
        echo "uninstalled: $(qemu)"
        rpm -V qemu-stand-in
        leftovers

        sh install 2>said || cat said
        rm \(Self.emulator)
        sh uninstall 2>said || cat said
        echo "uninstalled without the wrapper: $(qemu)"
        rpm -V qemu-stand-in
        leftovers

        sh install 2>said || cat said
        rpm_ -e qemu-stand-in
        sh uninstall 2>said || cat said
        leftovers
        systemctl list-units --all --plain --no-legend 'virt-nest-wrapper*'
        echo done

        """
    let printed = try await BootedTree().run(
      inside,
      files: [
        "install": try await script("--install-script", "--replace"),
        "uninstall": try await script("--uninstall", "--replace"),
      ])
    let nested = "-machine cap-nested-hv=on -name kata -M pseries"
    #expect(
      printed == """
        rpm alone: 1 -name kata -M pseries
        installed once: 1 \(nested)
        installed twice: 1 \(nested)
        the watch is enabled
        verified
        upgraded: 2 \(nested)
        upgraded: 1 \(nested)
        upgraded: 2 \(nested)
        upgraded: 1 \(nested)
        upgraded: 2 \(nested)
        upgraded: 1 \(nested)
        upgraded: 2 \(nested)
        the same again: 2 \(nested)
        erased and installed: 1 \(nested)
        the watch is active
        uninstalled once: 1 -name kata -M pseries
        uninstalled twice: 1 -name kata -M pseries
        upgraded: 2 -name kata -M pseries
        not watched: 1 -name kata -M pseries
        uninstalled: 1 -name kata -M pseries
        uninstalled without the wrapper: 1 -name kata -M pseries
        done

        """)
  }

  @Test(
    "A path with all that systemd reads otherwise is watched; without systemd it says who has to")
  func oddPath() async throws {
    let path = "/opt/100%d it's $HOME/qemu \\x20kvm"
    let print = { (option: String) in
      try await VirtNestBinary.run(["wrapper", option, "--replace", "--emulator", path]).output
    }
    let inside =
      Self.beginning + #"""
        path=$(cat path)
        mkdir -p "${path%/*}"
        put() {
          printf '#!/bin/sh\necho %s "$@"\n' "$1" >"$path.new"
          chmod 755 "$path.new"
          mv -f "$path.new" "$path"
        }
        qemu() { "$path" -name kata -M pseries; }
        put 1
        unshare --mount sh -c 'mount -t tmpfs tmpfs /run/systemd && exec sh install' 2>&1 | head -n 1
        sh install 2>said || cat said
        for version in 2 3; do
          put $version
          expect "version $version" "$version -machine cap-nested-hv=on -name kata -M pseries"
        done
        sh uninstall 2>said || cat said
        put 4
        sleep 0.5
        qemu
        ls -1 "${path%/*}"
        """#
    let printed = try await BootedTree().run(
      inside,
      files: [
        "install": try await print("--install-script"), "uninstall": try await print("--uninstall"),
        "path": Array(path.utf8),
      ])
    #expect(
      printed == """
        virt-nest: warning: systemd is not running; after an upgrade of QEMU run \
        /usr/local/sbin/virt-nest-place-wrapper
        version 2: 2 -machine cap-nested-hv=on -name kata -M pseries
        version 3: 3 -machine cap-nested-hv=on -name kata -M pseries
        4 -name kata -M pseries
        qemu \\x20kvm

        """)
  }

  @Test(
    "SELinux's tools take its labels, which match the paths and no others, and lose them again",
    .needs("semanage", "matchpathcon"))
  func labels() async throws {
    let wrapper = "/usr/libexec/a+b (nested)"
    let inside =
      Self.beginning + """
        # The kernel here has no SELinux: the policy and semanage are real, whether it is on is said.
        printf '#!/bin/sh\\nexit 0\\n' >/usr/local/bin/selinuxenabled
        chmod 755 /usr/local/bin/selinuxenabled
        export PATH=/usr/local/bin:$PATH
        printf '#!/bin/sh\\necho real "$@"\\n' >\(Self.emulator)
        chmod 755 \(Self.emulator)
        show() { semanage fcontext -l -C -n | sed -n 's/  *all files  *[^:]*:[^:]*:\\([^ ]*\\).*/ \\1/p'; }
        for time in once twice; do
          sh install-beside 2>said || cat said
          show
        done
        for path in '\(wrapper)' '/usr/libexec/aab (nested)' '/usr/libexec/a+b_(nested)'; do
          matchpathcon -n "$path"
        done
        sh uninstall-beside 2>said || cat said
        sh uninstall-beside 2>said || cat said
        show
        echo 'in its place'
        sh install 2>said || cat said
        show
        sh uninstall 2>said || cat said
        show
        mv "$(command -v semanage)" /usr/sbin/semanage.away
        sh install 2>said; echo "without semanage: $?"
        cat said
        expect 'and' 'real -name kata -M pseries'
        leftovers
        """
    let printed = try await BootedTree().run(
      inside,
      files: [
        "install": try await script("--install-script", "--replace"),
        "uninstall": try await script("--uninstall", "--replace"),
        "install-beside": try await script("--install-script", "--path", wrapper),
        "uninstall-beside": try await script("--uninstall", "--path", wrapper),
      ])
    let labels = """
      /usr/libexec/a\\+b\\x20\\(nested\\) qemu_exec_t:s0
      /usr/libexec/qemu-kvm qemu_exec_t:s0
      """
    #expect(
      printed == """
        \(labels)
        \(labels)
        system_u:object_r:qemu_exec_t:s0
        system_u:object_r:bin_t:s0
        system_u:object_r:bin_t:s0
        in its place
        /usr/libexec/qemu-kvm qemu_exec_t:s0
        /usr/libexec/qemu-kvm\\.distrib qemu_exec_t:s0
        without semanage: 1
        virt-nest: error: SELinux is on, but semanage is not installed; install policycoreutils-python-utils and run this again
        and: real -name kata -M pseries

        """)
  }
}
