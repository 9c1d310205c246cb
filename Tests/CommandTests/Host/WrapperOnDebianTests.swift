import TestSupport
import Testing

@Suite(
  "The wrapper on hosts of dpkg",
  .enabled(if: BootedTree.obstacle == nil, "\(BootedTree.obstacle ?? "")"))
struct WrapperOnDebianTests {
  /// Begins with packages whose only file is an emulator that says its version.
  private static let beginning = #"""
    for version in 1 2; do
      mkdir -p package/DEBIAN package/usr/libexec
      printf '#!/bin/sh\necho %s "$@"\n' $version >package/usr/libexec/qemu-stand-in
      chmod 755 package/usr/libexec/qemu-stand-in
      printf '%s\n' 'Package: qemu-stand-in' "Version: $version" 'Architecture: all' \
        'Maintainer: nobody <nobody@example.org>' 'Description: an emulator' >package/DEBIAN/control
      dpkg-deb --root-owner-group --build package $version.deb >deb.log || cat deb.log
    done
    dpkg_() { dpkg "$@" >dpkg.log 2>&1 || { echo "dpkg $*: $?"; cat dpkg.log; }; }
    say() { echo "$1: $(/usr/libexec/qemu-stand-in -name kata -M pseries 2>&1)"; }
    show() {
      ls -1 /usr/libexec/qemu-stand-in* 2>/dev/null
      dpkg-divert --list '*stand-in*'
      dpkg --verify qemu-stand-in 2>&1
    }

    """#

  @Test("It stays through upgrades, and goes without a trace", .needs("dpkg", "dpkg-divert"))
  func upgrades() async throws {
    let script = { (options: [String]) in
      try await VirtNestBinary.run(
        ["wrapper", "--replace", "--emulator", "/usr/libexec/qemu-stand-in"] + options
      ).output
    }
    let inside =
      Self.beginning + """
        dpkg_ -i 1.deb
        say 'dpkg alone'
        for time in once twice; do
          sh install 2>said || cat said
          say "installed $time"
        done
        for version in 2 1 2; do
          dpkg_ -i $version.deb
          say upgraded
        done
        ls /etc/systemd/system/virt-nest-wrapper* 2>/dev/null
        for time in once twice; do
          sh uninstall 2>said || cat said
          say "uninstalled $time"
        done
        show
        dpkg_ -i 1.deb
        say upgraded

        sh install 2>said || cat said
        rm /usr/libexec/qemu-stand-in
        sh uninstall 2>said || cat said
        say 'uninstalled without the wrapper'
        show

        sh install 2>said || cat said
        dpkg_ --purge qemu-stand-in
        sh uninstall 2>said || cat said
        echo 'uninstalled without QEMU'
        ls -1 /usr/libexec/qemu-stand-in* 2>/dev/null
        dpkg-divert --list '*stand-in*'

        """
    let printed = try await BootedTree().run(
      inside,
      files: [
        "install": try await script(["--install-script"]),
        "uninstall": try await script(["--uninstall"]),
      ])
    let nested = "-machine cap-nested-hv=on -name kata -M pseries"
    #expect(
      printed == """
        dpkg alone: 1 -name kata -M pseries
        installed once: 1 \(nested)
        installed twice: 1 \(nested)
        upgraded: 2 \(nested)
        upgraded: 1 \(nested)
        upgraded: 2 \(nested)
        uninstalled once: 2 -name kata -M pseries
        uninstalled twice: 2 -name kata -M pseries
        /usr/libexec/qemu-stand-in
        upgraded: 1 -name kata -M pseries
        uninstalled without the wrapper: 1 -name kata -M pseries
        /usr/libexec/qemu-stand-in
        uninstalled without QEMU

        """)
  }
}
