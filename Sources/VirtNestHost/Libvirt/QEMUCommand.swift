internal import LosslessXML
package import VirtNest

/// A command line that runs a guest in QEMU without libvirt.
///
/// It is the output of `virsh domxml-to-native`, without the parts that need a running libvirt: the
/// monitor, keys and open files. They are left out or replaced.
package struct QEMUCommand: Hashable, Sendable {
  /// The emulator.
  package private(set) var emulator: String
  /// The options in order, each with its value.
  package private(set) var options: [Option]
  /// The differences from the command that libvirt runs, each as a sentence.
  package private(set) var notes: [String] = []

  /// An option of QEMU.
  package struct Option: Hashable, Sendable {
    /// The option, with its dash.
    package var name: String
    /// The value; `nil` if there is none.
    package var value: String?
  }

  /// Reads a command that libvirt has printed, and changes it to run without libvirt.
  ///
  /// - Parameter text: the output of `virsh domxml-to-native qemu-argv`.
  /// - Returns: `nil` if it contains no command.
  init?(libvirt text: String) {
    guard var words = try? shellWords(text)[...] else { return nil }
    let isVariable = { (word: String) in !word.hasPrefix("/") && word.contains("=") }
    // libvirt's own variables; those of a definition are not among what it is given.
    while let word = words.first, isVariable(word) { words.removeFirst() }
    guard let emulator = words.popFirst() else { return nil }
    self.emulator = emulator
    options = []
    while let name = words.popFirst() {
      let value = words.first.flatMap { Self.isOption($0) ? nil : $0 }
      if value != nil { words.removeFirst() }
      options.append(Option(name: name, value: value))
    }
    makeIndependent()
  }

  /// Whether a word is an option and not the value of one.
  ///
  /// Of the values that libvirt writes, only kernel arguments can begin with a dash.
  private static func isOption(_ word: String) -> Bool {
    guard let second = word.dropFirst().first, word.first == "-" else { return false }
    return second.isLetter && !word.contains(" ") && !word.contains("=")
  }

  private mutating func makeIndependent() {
    var console: String?
    var result: [Option] = []
    for var option in options {
      let value = QEMUValue(option.value ?? "")
      switch option.name {
      case "-S", "-no-shutdown":
        // libvirt starts and ends the guest through the monitor.
        continue
      case "-object" where value["qom-type"] == "secret" && value["id"] == "masterKey0": continue
      case "-object" where value["qom-type"] == "secret" && value["keyid"] != nil:
        notes.append(
          "the secret '\(value["id"] ?? "")' is encrypted with a key that only libvirt has")
      case "-chardev" where value["id"] == "charmonitor",
        "-mon" where value["chardev"] == "charmonitor":
        continue
      case "-chardev" where console == nil && value.isConsole:
        let id = value["id"] ?? "charserial0"
        console = id
        let log = value.members.filter { ["logfile", "logappend"].contains($0.name) }
        option.value =
          "stdio,id=\(id),mux=on,signal=off"
          + log.map { ",\($0.name)=\($0.value.replacing(",", with: ",,"))" }.joined()
      case "-chardev" where value["path"]?.contains("/domain-") ?? false:
        option.value = "null,id=\(value["id"] ?? "")"
        notes.append(
          "the channel '\(value["id"] ?? "")' is not connected, because libvirt makes its socket")
      case "-netdev" where value["fd"] != nil || value["fds"] != nil || value["type"] == "tap":
        let id = value["id"] ?? "hostnet0"
        option.value = "user,id=\(id)"
        notes.append(
          "the interface \(id) uses QEMU's user network; to connect it to a bridge, run QEMU as root "
            + "with -netdev bridge,id=\(id),br=BRIDGE and without -sandbox")
      default: break
      }
      result.append(option)
    }
    if let console {
      result.append(Option(name: "-mon", value: "chardev=\(console),mode=readline"))
      notes.append(
        "the terminal is the first console; Ctrl-A C switches to the QEMU monitor, and Ctrl-A X ends "
          + "QEMU")
    }
    options = result
    noteWhatIsLeft()
  }

  private mutating func noteWhatIsLeft() {
    for option in options {
      guard let value = option.value else { continue }
      let parsed = QEMUValue(value)
      if value.contains("/dev/fdset/") || parsed["fd"] != nil || parsed["vhostfd"] != nil {
        notes.append("\(option.name) needs a file that libvirt has open: \(value)")
      }
      if option.name == "-vnc" || option.name == "-spice", value.contains("password=on") {
        notes.append("\(option.name) needs a password; set it with set_password in the monitor")
      }
    }
  }

  /// The command for sh, with one option per line and each word quoted.
  package var text: String {
    let options = options.map { option in
      "  " + shellWord(option.name) + (option.value.map { " " + shellWord($0) } ?? "")
    }
    return ([shellWord(emulator)] + options).joined(separator: " \\\n") + "\n"
  }
}

/// The value of a QEMU option in one of its two forms: `a,id=b` or `{"id":"b"}`.
struct QEMUValue {
  private(set) var members: [(name: String, value: String)] = []

  init(_ text: String) {
    if text.hasPrefix("{") {
      for name in ["qom-type", "id", "keyid", "type", "fd", "fds", "vhostfd", "path"] {
        if let value = GuestAgent.member(name, of: text) { members.append((name, value)) }
      }
      return
    }
    for (index, item) in OptionList(text).items.enumerated() {
      if let key = item.key {
        members.append((key, item.value))
      } else if index == 0 {
        // The first property without a key is the type, under a key that depends on the option.
        members += [("type", item.value), ("qom-type", item.value)]
      }
    }
  }

  subscript(name: String) -> String? { members.first { $0.name == name }?.value }

  /// Whether it is a console or serial port on a pseudo terminal.
  var isConsole: Bool {
    let id = self["id"] ?? ""
    return self["type"] == "pty" && (id.hasPrefix("charserial") || id.hasPrefix("charconsole"))
  }
}

extension QEMUCommand {
  /// Converts a definition to a command.
  ///
  /// libvirt gets what ``KeptParts`` lists: it would run any emulator to ask what it can do.
  /// - Parameters:
  ///   - libvirt: the libvirt that converts it; `nil` for one inside virsh, with this machine's QEMU.
  ///   - wrapper: an emulator that the command may run, beside QEMU and the wrapper of this project.
  /// - Throws: ``VirtNestError`` if libvirt refuses the definition.
  package init(
    of definition: DomainDefinition, by libvirt: Virsh?, wrapper: String? = nil
  ) async throws {
    let kept = try CommandDefinition(of: definition)
    let bytes = kept.bytes
    let text: String
    if let libvirt {
      text = try await libvirt.run(
        ["domxml-to-native", "qemu-argv", "/dev/stdin"], input: unnamedFile(bytes))
    } else {
      let ended = try await EmbeddedLibvirt.use { embedded in
        try embedded.write(bytes, to: "guest.xml")
        return try await embedded.run(
          ["domxml-to-native qemu-argv guest.xml"], limit: .seconds(180))
      }
      guard ended.status == 0 else {
        throw VirtNestError(virsh: Virsh.messages(in: ended.errorOutput))
      }
      text = ended.output
    }
    guard var command = QEMUCommand(libvirt: text) else {
      throw VirtNestError(.libvirt, "virsh domxml-to-native printed no command")
    }
    command.notes += kept.differences
    if let emulator = Guest(reading: definition).emulator, !Emulator.isQEMU(emulator) {
      if Emulator.mayRun(emulator, wrapper) {
        command.emulator = emulator
      } else {
        command.notes.append(Emulator.notRun(emulator))
      }
    }
    self = command
  }
}

/// The parts of a definition that libvirt turns into a command of QEMU.
struct CommandDefinition {
  /// The definition without what ``KeptParts/command`` and ``KeptArguments`` do not list.
  let bytes: [UInt8]
  /// What is left out, each as a sentence.
  let differences: [String]

  /// Leaves out what is not listed.
  ///
  /// - Throws: ``VirtNestError`` if the definition cannot be changed.
  init(of definition: DomainDefinition) throws(VirtNestError) {
    let domain = definition.domain
    var changes = Changes(definition.document)
    let arguments = KeptArguments(of: domain)
    var differences = arguments.differences
    var hasArguments = false
    func check(_ element: Element, _ path: String) {
      let isKept = KeptParts.command.contains { $0.utf8.elementsEqual(path.utf8) }
      if isKept { return }
      changes.remove(element)
      if !KeptParts.saysNothing.contains(path) {
        differences.append(
          "<\(element.qualifiedName)> in line \(element.location.line) is left out")
      }
    }
    for element in domain.children {
      switch (element.namespace, element.localName) {
      case (nil, "devices"):
        for device in element.children {
          check(device, (device.namespace == nil ? "devices/" : "?") + device.localName)
        }
      case (nil, let name): check(element, name)
      case (DomainNamespace.qemu, "commandline"):
        if hasArguments {
          changes.remove(element)
        } else {
          changes.replace(element.range, with: Array(arguments.xml.utf8))
        }
        hasArguments = true
      case (DomainNamespace.qemu, let name): check(element, "qemu:" + name)
      default: check(element, "?" + element.localName)
      }
    }
    bytes = try changes.edits(ofTwo: "changes of the copy", in: definition.document)
      .applied(to: definition.document.bytes)
    self.differences = differences
  }
}
