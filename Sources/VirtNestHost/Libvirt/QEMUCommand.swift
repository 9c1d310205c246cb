internal import LosslessXML
package import VirtNest

/// The command line by which QEMU runs a guest without libvirt.
///
/// It is libvirt's own (`virsh domxml-to-native`), but for what only a running libvirt makes: its
/// monitor, its keys, open files that it hands over. Those are left out or replaced.
package struct QEMUCommand: Hashable, Sendable {
  /// The emulator.
  package private(set) var emulator: String
  /// Variables of its environment that the definition asks for, as `NAME=VALUE`.
  package private(set) var environment: [String]
  /// Its options in order, each with its value.
  package private(set) var options: [Option]
  /// What is not as libvirt would run it, each as a sentence.
  package private(set) var notes: [String] = []

  /// An option of QEMU.
  package struct Option: Hashable, Sendable {
    /// The option, with its dash.
    package var name: String
    /// Its value; `nil` where it has none.
    package var value: String?
  }

  /// Reads what libvirt prints, and makes it run by itself.
  ///
  /// - Parameter text: the output of `virsh domxml-to-native qemu-argv`.
  /// - Returns: `nil` where there is no command in it.
  init?(libvirt text: String) {
    var words = shellWords(text)[...]
    let isVariable = { (word: String) in !word.hasPrefix("/") && word.contains("=") }
    var environment: [String] = []
    while let word = words.first, isVariable(word) {
      environment.append(word)
      words.removeFirst()
    }
    guard let emulator = words.popFirst() else { return nil }
    // libvirt gives QEMU a home of its own; what the definition asks for comes behind these.
    let own: Set<Substring> = [
      "LC_ALL", "PATH", "HOME", "USER", "LOGNAME", "XDG_DATA_HOME", "XDG_CACHE_HOME",
      "XDG_CONFIG_HOME", "LD_PRELOAD", "LD_LIBRARY_PATH", "TMPDIR",
    ]
    self.emulator = emulator
    self.environment = environment.filter { !own.contains($0.prefix { $0 != "=" }) }
    options = []
    while let name = words.popFirst() {
      let value = words.first.flatMap { Self.isOption($0) ? nil : $0 }
      if value != nil { words.removeFirst() }
      options.append(Option(name: name, value: value))
    }
    makeIndependent()
  }

  /// Values of QEMU's that begin with a dash are none that libvirt writes, but kernel arguments.
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
        // libvirt lets it go, and ends it, by the monitor.
        continue
      case "-object" where value["qom-type"] == "secret" && value["id"] == "masterKey0": continue
      case "-object" where value["qom-type"] == "secret" && value["keyid"] != nil:
        notes.append("the secret '\(value["id"] ?? "")' is encrypted with a key of libvirt's alone")
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
        notes.append("nothing answers at '\(value["id"] ?? "")', a socket that libvirt makes")
      case "-netdev" where value["fd"] != nil || value["fds"] != nil || value["type"] == "tap":
        let id = value["id"] ?? "hostnet0"
        option.value = "user,id=\(id)"
        notes.append(
          "the interface \(id) goes out through QEMU's user network; as root, "
            + "'bridge,id=\(id),br=BRIDGE' connects it to a bridge")
      default: break
      }
      result.append(option)
    }
    if let console {
      result.append(Option(name: "-mon", value: "chardev=\(console),mode=readline"))
      notes.append(
        "the first console is the terminal: Ctrl-A C is QEMU's monitor there, Ctrl-A X ends it")
    }
    options = result
    noteWhatIsLeft()
  }

  private mutating func noteWhatIsLeft() {
    for option in options {
      guard let value = option.value else { continue }
      let parsed = QEMUValue(value)
      if value.contains("/dev/fdset/") || parsed["fd"] != nil || parsed["vhostfd"] != nil {
        notes.append("\(option.name) needs an open file of libvirt's: \(value)")
      }
      if option.name == "-vnc" || option.name == "-spice", value.contains("password=on") {
        notes.append("the password of \(option.name) is set in the monitor: set_password")
      }
    }
  }

  /// The command for sh, an option a line.
  package var text: String {
    let lines =
      environment.map { variable in
        let name = variable.prefix { $0 != "=" }
        return name + "=" + shellWord(String(variable.dropFirst(name.count + 1)))
      } + [shellWord(emulator)]
      + options.map { option in
        option.name + (option.value.map { " " + shellWord($0) } ?? "")
      }
    return lines.enumerated().map { index, line in
      (index > environment.count ? "  " : "") + line
    }.joined(separator: " \\\n") + "\n"
  }
}

/// A value of QEMU's as it is written in one of its two forms: `a,id=b` or `{"id":"b"}`.
struct QEMUValue {
  private(set) var members: [(name: String, value: String)] = []

  init(_ text: String) {
    if text.hasPrefix("{") {
      for name in ["qom-type", "id", "keyid", "type", "fd", "fds", "vhostfd", "path"] {
        if let value = GuestAgent.member(name, of: text) { members.append((name, value)) }
      }
      return
    }
    // A comma in a value is doubled.
    let parts = text.replacing(",,", with: "\u{0}").split(separator: ",").map {
      $0.replacing("\u{0}", with: ",")
    }
    for (index, part) in parts.enumerated() {
      if let equals = part.firstIndex(of: "=") {
        members.append((String(part[..<equals]), String(part[part.index(after: equals)...])))
      } else if index == 0 {
        // The first is the type, whatever that option calls it.
        members.append(("type", String(part)))
        members.append(("qom-type", String(part)))
      }
    }
  }

  subscript(name: String) -> String? { members.first { $0.name == name }?.value }

  /// Whether it is a console that people read, which libvirt makes a pseudo terminal.
  var isConsole: Bool {
    let id = self["id"] ?? ""
    return self["type"] == "pty" && (id.hasPrefix("charserial") || id.hasPrefix("charconsole"))
  }
}

extension QEMUCommand {
  /// The command for a definition, by the libvirt of a host, or one inside virsh.
  ///
  /// - Parameter libvirt: the libvirt to ask; `nil` for one inside virsh, with the QEMU that is here.
  /// - Throws: ``VirshError`` where libvirt refuses the definition; ``ToolFailure``.
  package init(of definition: DomainDefinition, by libvirt: Virsh?) async throws {
    let bytes = definition.document.bytes
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
      guard ended.status == 0 else { throw VirshError(ended.errorOutput) }
      text = ended.output
    }
    guard let command = QEMUCommand(libvirt: text) else {
      throw VirshError("virsh domxml-to-native printed no command")
    }
    self = command
  }
}
