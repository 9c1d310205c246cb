import Foundation
import LosslessXML
import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

@Suite("What is kept of a foreign definition")
struct KeptPartsTests {
  private static let places: [CanaryDefinitions.Place] = {
    let table = WordTable.standard
    return table.paths.compactMap { path in
      guard let place = table.place(path), !path.isEmpty else { return nil }
      return CanaryDefinitions.Place(
        path: path,
        attributes: place.attributes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
        text: place.text)
    }
  }()

  private func copy(_ text: String) throws -> EmulatedCopy {
    try EmulatedCopy(
      of: DomainDefinition(Array(text.utf8)), folder: "/folder", machineTypes: ["pseries"])
  }

  @Test("No path, address, port or program of any place of libvirt's schema is in a copy")
  func everyPlace() throws {
    let canaries = [
      "/canary/file", "canary/file", "/canary/socket", "canary.example:4711", "unix:canary",
      "file=canary", "a,canary=b", "$(canary)", "-canary",
    ]
    let tops = Self.places.map(\.path).filter { (path: [String]) -> Bool in
      let depth = path[0] == "devices" ? 2 : 1
      return path.count == depth && path != ["devices"]
    }
    #expect(tops.count > 60)
    var count = 0
    for path in tops {
      for seed in 0..<9 {
        let element = CanaryDefinitions.element(
          path, places: Self.places, canaries: canaries, seed: seed)
        let definition = CanaryDefinitions.definition(path, element)
        count += 1
        let copy = try copy(definition)
        let text = String(decoding: copy.bytes, as: UTF8.self)
          .replacing("<name>kata-canary</name>", with: "")
        #expect(!text.contains("canary"), "\(path): \(definition)\n\(text)")
      }
    }
    print("kept: \(count) definitions, of \(Self.places.count) places of the schema")
  }

  @Test("A word alone is kept only where it names nothing of the host")
  func words() throws {
    let bound: Set = [
      "devices/interface/source/@bridge", "devices/interface/source/@network",
      "devices/interface/target/@dev", "devices/disk/source/@pool", "devices/disk/source/@volume",
      "devices/disk/source/@file", "devices/hostdev/source/@name", "devices/tpm/backend/@type",
      "devices/filesystem/source/@dir", "os/kernel", "os/loader", "os/nvram", "devices/emulator",
      "memoryBacking/hugepages", "seclabel/label", "cpu/numa/cell/@memory",
    ]
    for place in Self.places {
      let key = place.path.joined(separator: "/")
      let kept = KeptParts.kept(at: place.path)
      for attribute in place.attributes where bound.contains("\(key)/@\(attribute.name)") {
        #expect(kept?.attributes[attribute.name] == nil, "\(key) \(attribute.name)")
      }
      if bound.contains(key) { #expect(kept == nil, "\(key)") }
    }
  }

  @Test("Of QEMU's arguments only those that decide about nesting are kept, without paths")
  func everyArgument() throws {
    let options = [
      "-machine", "--machine", "-M", "-cpu", "-smp", "-m", "-accel", "-global", "-drive",
      "-dump-vmstate", "-readconfig", "-chardev", "-object", "-device", "-plugin", "-D", "-trace",
      "-kernel", "-bios", "-L", "-incoming", "-monitor", "-pidfile", "-runas", "-chroot", "-set",
      "-acpitable", "-smbios", "-fw_cfg", "-loadvm", "-mem-path", "-net", "-nic", "-netdev",
      "-sandbox", "-name", "-rtc", "-boot", "-prom-env", "-audiodev", "-fsdev", "-writeconfig",
    ]
    let arguments = CanaryDefinitions.arguments(options, canary: "/canary")
    let copy = try copy(CanaryDefinitions.definition([], "", after: arguments))
    let text = String(decoding: copy.bytes, as: UTF8.self)
    #expect(!text.contains("/canary"), "\(text)")
    #expect(text.contains("<qemu:arg value='pseries,cap-nested-hv=on'/>"), "\(text)")
    #expect(!text.contains("-dump-vmstate") && !text.contains("qemu:env"), "\(text)")
    #expect(
      copy.differences.contains("the QEMU option -dump-vmstate in line 10 is removed"),
      "\(copy.differences)")
  }

  @Test(
    "Values of an argument",
    arguments: [
      ("cap-nested-hv=on", KeptArguments.Form.machine, "cap-nested-hv=on"),
      ("pseries-6.2,cap_nested_hv=off,dtb=/x", .machine, "pseries-6.2,cap_nested_hv=off"),
      ("cap-nested=true", .machine, "cap-nested=true"),
      ("pseries,memory-backend=x", .machine, "pseries"),
      ("accel=kvm,,dumpdtb=/x", .machine, ""), ("host-serial=x", .machine, ""),
      ("POWER9,compat=power8", .plain, "POWER9,compat=power8"), ("/x", .plain, ""),
      ("4,cores=2", .plain, "4,cores=2"),
      ("spapr-machine.cap-nested-hv=on", .global, "spapr-machine.cap-nested-hv=on"),
      ("power9_v2.0-powerpc64-cpu.x=on", .global, "power9_v2.0-powerpc64-cpu.x=on"),
      ("virtio-net-pci.romfile=x", .global, ""), ("driver=a,property=b,value=c", .global, ""),
    ])
  func values(_ value: String, _ form: KeptArguments.Form, _ kept: String) {
    #expect(KeptArguments.kept(value, form).kept == kept)
  }

  @Test("An emulator is run only if it is QEMU, this project's wrapper, or named by the user")
  func emulators() throws {
    let definition = CanaryDefinitions.definition(
      ["devices"], "<emulator>/bin/true</emulator>")
    let foreign = try copy(definition)
    #expect(!String(decoding: foreign.bytes, as: UTF8.self).contains("/bin/true"))
    #expect(foreign.differences.contains { $0.contains("use --wrapper to run /bin/true") })
    let trusted = try EmulatedCopy(
      of: DomainDefinition(Array(definition.utf8)), folder: "/folder", machineTypes: ["pseries"],
      wrapper: "/bin/true")
    #expect(String(decoding: trusted.bytes, as: UTF8.self).contains("/bin/true"))
  }

  @Test("Documentation/copies.md is what the tables say")
  func document() throws {
    let file = Corpus.checkout.appending(path: "Documentation/copies.md")
    if ProcessInfo.processInfo.environment["VIRT_NEST_RECORD"] != nil {
      try Data(Self.document.utf8).write(to: file)
      Issue.record("recorded \(file.lastPathComponent); run again without VIRT_NEST_RECORD")
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == Self.document)
  }

  private static var document: String {
    var text = """
      # What is kept of a definition that may come from anybody

      `verify --emulated` starts a copy of a definition, and `qemu-command` lets libvirt print the
      command of one. A definition can name programs, libraries, files, sockets, ports and devices of
      the machine, so only the parts in these tables are handed on. What is left out is listed in the
      report. Made from the tables by a test: set `VIRT_NEST_RECORD` and run it to make this file again.

      QEMU runs with its sandbox (`-sandbox on,…`) if it has one, and not as root: as `libvirt-qemu`,
      `qemu` or `nobody`. With `verify --emulated --wrapper PATH`, the emulator at PATH runs as the caller.

      ## The copy of `verify --emulated`

      A value is kept if it is a word or a number: letters, digits and `_.+-`. It is never a path, an
      address or a list. The name is `kata-copy` or `copy`. Memory is at most 1 GiB. A disk is an empty
      file, an interface is QEMU's user network, and a serial port, console or channel is a pseudo terminal.

      | element | what is kept |
      |---|---|

      """
    for (path, words) in KeptParts.copy {
      text +=
        "| `\(path)` | \(words == "**" ? "everything" : "`\(words.replacing("|", with: "\\|"))`") |\n"
    }
    text += """

      `@` is an attribute, `#` is the text, and values behind `=` are the only ones.

      ## The definition of `qemu-command`

      libvirt prints a command and runs nothing of the guest. These elements are kept whole:


      """
    text += KeptParts.command.map { "`\($0)`" }.joined(separator: ", ") + ".\n"
    text += """

      The emulator is QEMU itself, or this project's wrapper, or the one named by `--wrapper`. It is
      printed; libvirt asks QEMU itself what it can do.

      ## Arguments for QEMU, of both

      | option | its value |
      |---|---|

      """
    for (option, form) in KeptArguments.options { text += "| `-\(option)` | \(form.rawValue) |\n" }
    text += "\nProperties of the machine: `cap-…`, "
    text += KeptArguments.machineProperties.map { "`\($0)`" }.joined(separator: ", ") + ".\n"
    text += "No variable of the environment (`<qemu:env>`) is kept.\n"
    return text
  }
}
