import TestSupport
import Testing
import VirtNest
import VirtNestHost

@Suite("The wrapper in AppArmor's profiles") struct WrapperAppArmorTests {
  @Test(
    "libvirt's own profiles are valid with the rules, and have them, whatever the path",
    .needs("apparmor_parser"),
    arguments: [Emulator.defaultWrapper, #"/opt/a [b] $x "q" @{c,d}*?\/qemu"#])
  func rules(path: String) async throws {
    let tree = try HostTree()
    try await writeExecutable("#!/bin/sh\n", to: tree.path("/usr/bin/qemu-system-ppc64"))
    try await writeExecutable("", to: tree.path(path + ".keep"))
    try await writeExecutable("", to: tree.path("/etc/.keep"))
    let copied = try await run("cp", ["-r", "/etc/apparmor.d", tree.path("/etc")])
    try #require(copied.succeeded, "\(copied.errorText)")
    let profiles = tree.path("/etc/apparmor.d")
    // As libvirt makes one for each guest.
    try await writeExecutable(
      "include <tunables/global>\nprofile guest {\n  include <abstractions/libvirt-qemu>\n}\n",
      to: tree.path("/guest"))
    /// The rules with our mark in a profile, as AppArmor's parser has it before it compiles it.
    func ours(_ profile: String) async throws -> [String] {
      for options in [[], ["--preprocess"]] {
        let parsed = try await run(
          "apparmor_parser",
          ["--skip-kernel-load", "--skip-cache", "--base", profiles] + options + [profile])
        #expect(parsed.succeeded, "\(parsed.errorText)")
        if options.isEmpty { continue }
        return parsed.outputText.split(separator: "\n").filter {
          $0.contains("# virt-nest wrapper")
        }.map(String.init)
      }
      return []
    }
    let script = try EmulatorWrapper().installScript(.beside(path: path))
    let done = try await tree.run(script)
    try #require(done.succeeded && !done.errorText.contains("warning"), "\(done.errorText)")
    #expect(try await ours(tree.path("/guest")).count == 2)
    // libvirtd may run what is in /usr/bin anyway.
    let libvirtd = tree.path("/etc/apparmor.d/usr.sbin.libvirtd")
    #expect(try await ours(libvirtd).count == (path.hasPrefix("/usr/bin/") ? 0 : 1))
    let gone = try await tree.run(script, ["--uninstall"])
    #expect(gone.succeeded, "\(gone.errorText)")
    for profile in [tree.path("/guest"), libvirtd] { #expect(try await ours(profile) == []) }
  }
}
