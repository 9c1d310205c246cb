import ArgumentParser
import LosslessXML
import VirtNest

extension Suggestion {
  /// The change in the words of this command.
  var commandLine: String {
    switch self {
    case .nesting(let isOn): Self.patch(isOn ? "--nested" : "--no-nested")
    case .explicitlyOff: Self.patch("--no-nested --explicit")
    case .mechanism(let mechanism): Self.patch("--mechanism \(mechanism.rawValue)")
    case .withoutWrapper(let path): Self.patch("--no-nested --wrapper \(shellWord(path))")
    case .api(let api): Self.patch("--nested-api \(api.rawValue)")
    case .property(let name, let value):
      Self.patch("--\(name) \(value.map(shellWord) ?? name.uppercased())")
    case .edit(let kind, let selector, let value):
      Self.patch(
        "--edit " + shellWord(kind + (selector.map { ":" + $0 } ?? "") + "," + value))
    case .newIdentity: Self.patch("--new-identity")
    case .emulated: Self.patch("--emulated")
    case .mendForPSeries: Self.patch("--mend-for pseries")
    case .force: "Use --force"
    case .ifPresent: "Use --if-present"
    case .namespace(let prefix): "--namespace \(prefix)=URI"
    case .delete(let xpath): Self.patch("--delete-xpath \(shellWord(xpath))")
    case .release: "--release"
    case .listTemplates: "virt-nest template list"
    case .newTemplate: "virt-nest template new NAME --from FILE"
    }
  }

  private static func patch(_ options: String) -> String { "virt-nest patch -i \(options)" }
}

extension Advice {
  /// The text with changes in the words of this command.
  var commandText: String { text(\.commandLine) }
}

extension Diagnostic {
  /// `FILE:LINE:COLUMN: error: MESSAGE [VN003]`, as compilers print it, and the advice on a second
  /// line.
  var commandLines: [String] {
    let origin = [source.map(Terminal.display), place?.start.description].compactMap(\.self)
      .joined(separator: ":")
    let rule = Rule.named(code.description).map { " [\($0.code)]" } ?? ""
    return ["\(origin.isEmpty ? "virt-nest" : origin): \(severity.rawValue): \(message)\(rule)"]
      + (advice.map { ["    \($0.commandText)"] } ?? [])
  }
}

/// What to say of a subcommand or an option that there is not: what is near, or what to use instead.
struct UsageAdvice {
  /// A command as its declaration has it.
  private struct Command {
    var name = ""
    var options: [String] = []
    var subcommands: [Command] = []
  }

  private let command: Command
  /// `virt-nest template new`, as far as the words name commands.
  private let path: String
  /// The word that should name a subcommand and does not.
  private let unknownSubcommand: String?

  /// Advice about a command line, without the name of the program.
  init(_ words: [String]) {
    let declared = try? JSONReader.value(of: Array(VirtNestCommand._dumpHelp().utf8))
    var command = declared?["command"].map(Self.command) ?? Command()
    var path = command.name
    var rest = words[...]
    while let word = rest.first, let next = command.subcommands.first(where: { $0.name == word }) {
      rest.removeFirst()
      command = next
      path += " " + word
    }
    self.command = command
    self.path = path
    unknownSubcommand =
      command.subcommands.isEmpty ? nil : rest.first.flatMap { $0.hasPrefix("-") ? nil : $0 }
  }

  private static func command(_ value: JSONWriter.Value) -> Command {
    Command(
      name: value["commandName"]?.text ?? "",
      options: (value["arguments"]?.elements ?? []).flatMap { $0["names"]?.elements ?? [] }
        .filter { $0["kind"]?.text == "long" }.compactMap { $0["name"]?.text },
      subcommands: (value["subcommands"]?.elements ?? []).map(command))
  }

  /// The lines of ArgumentParser's message with better advice in the first.
  func mended(_ lines: [Substring]) -> String {
    guard let first = lines.first.map(String.init) else { return "" }
    return ([mendedLine(first)] + lines.dropFirst().map(String.init)).joined(separator: "\n")
  }

  private func mendedLine(_ line: String) -> String {
    if line.contains("nexpected argument"), let unknownSubcommand {
      let near = Self.near(unknownSubcommand, among: command.subcommands.map(\.name), dashes: "")
      return "Error: there is no command '\(path) \(unknownSubcommand)'\(near)"
    }
    let prefix = "Error: Unknown option '--"
    guard line.hasPrefix(prefix) else { return line }
    let name = String(line.dropFirst(prefix.count).prefix { $0 != "'" })
    let plain = "\(prefix)\(name)'"
    if let instead = Self.foreign[name] { return "\(plain): \(instead)" }
    return plain + Self.near(name, among: command.options, dashes: "--")
  }

  /// `. Did you mean 'a' or 'b'?`; nothing where nothing is near.
  private static func near(_ word: String, among names: [String], dashes: String) -> String {
    let begin = names.filter { $0.hasPrefix(word) && !word.isEmpty }.sorted { $0.count < $1.count }
    let distances = names.map { (name: $0, distance: editDistance(word, $0)) }
    let least = distances.map(\.distance).min() ?? .max
    let isNear = least <= max(1, word.count / 3)
    let close = isNear ? distances.filter { $0.distance == least }.map(\.name) : []
    var shown: [String] = []
    for name in close + begin where !shown.contains(where: { $0 == name }) { shown.append(name) }
    guard !shown.isEmpty else { return "" }
    return ". Did you mean "
      + shown.prefix(3).map { "'\(dashes)\($0)'" }.joined(separator: " or ") + "?"
  }

  /// Options of virt-install and virt-xml that have no meaning here, and what to use.
  private static let foreign: [String: String] = {
    let noInstallation =
      "virt-nest installs no system. Take a cloud image and virt-nest first-boot, or virt-install"
    let template = "the template says the system: virt-nest template list, and --release"
    let start = "virt-nest starts no guest. Use virsh start and virsh console"
    return [
      "import": "every guest boots from its disk. Leave it out",
      "osinfo": template, "os-variant": template, "os-type": template,
      "print-xml": "create and patch print the definition. Leave it out",
      "cloud-init": "virt-nest first-boot makes the seed image, and create --seed attaches it",
      "location": noInstallation, "cdrom": noInstallation, "pxe": noInstallation,
      "install": noInstallation, "unattended": noInstallation, "extra-args": noInstallation,
      "initrd-inject": noInstallation, "reinstall": noInstallation,
      "noautoconsole": start, "autoconsole": start, "wait": start, "noreboot": start,
      "start": start, "transient": "use virsh create with the definition",
      "autostart": "use virsh autostart once the guest is defined",
      "update": "a running guest is not touched. Use virsh attach-device or detach-device",
      "ram": "use --memory", "hvm": "every guest is hvm. Leave it out",
      "add-device": "use --add", "remove-device": "use --remove",
      "build-xml": "use virt-nest patch with --add",
    ]
  }()
}
