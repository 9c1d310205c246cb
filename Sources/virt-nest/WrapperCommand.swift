import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

struct WrapperCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wrapper",
    abstract: "Print an emulator that switches nesting on for guests by their name.",
    discussion: """
      The wrapper stands for QEMU: a pseries guest whose name matches gets cap-nested-hv=on, and \
      every other guest, and every question of libvirt, goes to QEMU as it is. Guests name it by \
      <emulator>, or all of a host's guests run through it (--replace).

      Where libvirt is 4.10 or later no wrapper is needed: virt-nest patch --mechanism feature \
      makes its guests independent of it.

        virt-nest wrapper --install-script | ssh root@power-host sh
        virt-nest wrapper --uninstall | ssh root@power-host sh
      """)

  @Option(
    help: ArgumentHelp(
      "Look for this in guests' names: * is anything, ? one byte, letters are in either case.",
      valueName: "pattern"))
  var match = "kata"

  @Option(help: ArgumentHelp("The QEMU that the wrapper runs.", valueName: "path"))
  var emulator = "/usr/bin/qemu-system-ppc64"

  @Flag(
    help: "Print a script that puts the wrapper on a host, for root; also in SELinux and AppArmor.")
  var installScript = false

  @Option(
    help: ArgumentHelp(
      "Where the script puts it (default: \(Emulator.defaultWrapper)).", valueName: "path"))
  var path: String?

  @Flag(
    help: """
      The script puts it in the emulator's place, so that upgrades do not undo it: by dpkg-divert, \
      or by a path unit of systemd where there is rpm.
      """)
  var replace = false

  @Flag(help: "Print a script that takes it away; --path and --replace as when it was installed.")
  var uninstall = false

  func validate() throws {
    if replace, path != nil {
      throw ValidationError("--replace puts the wrapper where the emulator is: leave out --path")
    }
    if replace || path != nil, !installScript, !uninstall {
      throw ValidationError("--path and --replace go with --install-script or --uninstall")
    }
    if installScript, uninstall {
      throw ValidationError("--install-script and --uninstall exclude each other")
    }
    _ = try usage { try text() }
  }

  func run() throws {
    try Terminal.write(try text())
  }

  private func text() throws -> String {
    let wrapper = try EmulatorWrapper(match: match, emulator: emulator)
    guard installScript || uninstall else { return wrapper.script() }
    return try wrapper.installScript(
      replace ? .replacing : .beside(path: path ?? Emulator.defaultWrapper),
      uninstalling: uninstall)
  }
}
