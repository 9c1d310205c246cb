import ArgumentParser
import LosslessXML
import VirtNest

/// virt-install's options of `create` by their own names: what the guest has of a kind.
///
/// The k-th use of a device's option changes the template's k-th device of the kind, further uses add
/// one, and `none` removes all; a section's option changes it.
struct GuestDeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A disk: a path, or path=…,format=qcow2,bus=virtio,device=disk|cdrom; 'none' for no disk; "
        + "repeatable.", valueName: "disk"))
  var disk: [String] = []

  @Option(
    help: ArgumentHelp(
      "A network interface: network=default, bridge=br0, type=direct,source=eno1, with mac=…; 'none' "
        + "for no interface; repeatable.", valueName: "network"))
  var network: [String] = []

  @OptionGroup var others: KindOptions

  @Option(
    help: ArgumentHelp(
      "cloud-init seed image for the first boot, attached as a CD-ROM.", valueName: "path"))
  var seed: String?

  func validate() throws {
    for (kind, texts) in given where texts.contains("?") {
      throw CleanExit.message(try WordHelp(kind).text)
    }
    _ = try changes(of: nil)
  }

  private var given: [(kind: String, texts: [String])] {
    [("disk", disk), ("network", network)] + others.given
  }

  /// The changes that the options come to, for the guest of a template.
  func changes(of template: Template?) throws -> [WordChange] {
    var changes = try given.flatMap { kind, texts in
      try usage { try WordChange.having(kind, texts, in: template?.definition) }
    }
    if let seed {
      let path = seed.replacing(",", with: ",,")
      changes.append(
        try usage { try WordChange(.add, "disk", parts: "path=\(path),device=cdrom,type=file") })
    }
    return changes
  }
}

/// An option for each section and kind of device of the vocabulary that has no other.
///
/// ArgumentParser takes the options of a type from its mirror, and gives their values to its decoder by
/// the same names: both are made from the vocabulary here, so that a kind needs no code.
struct KindOptions: ParsableArguments, CustomReflectable {
  /// What is given, by the kind's name.
  private var texts: [String: [String]] = [:]

  /// Options of `create` that have a meaning of their own.
  private static let others: Set = [
    "boot", "console", "cpu", "disk", "memory", "name", "network", "uuid", "vcpus",
  ]
  private static let kinds = WordHelp.kinds.filter { $0.hasOption && !others.contains($0.name) }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init() {}

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for kind in Self.kinds {
      texts[kind.name] = try container.decode([String].self, forKey: Key(stringValue: kind.name))
    }
  }

  /// The options by their names: ArgumentParser asks for the mirror many times.
  nonisolated(unsafe) private static let options: [(label: String?, value: Any)] =
    kinds.map { ($0.name, option(of: $0)) }

  var customMirror: Mirror { Mirror(self, children: Self.options) }

  private static func option(of kind: WordHelp) -> Option<[String]> {
    Option(
      wrappedValue: [], name: NameSpecification(kind.optionNames.map { .customLong($0) }),
      parsing: .unconditionalSingleValue,
      help: ArgumentHelp(
        "The guest's \(kind.name), as virt-install has it.", valueName: "value",
        visibility: .hidden))
  }

  /// What is given, in the order of the vocabulary.
  var given: [(kind: String, texts: [String])] {
    Self.kinds.compactMap { kind in
      texts[kind.name].flatMap { $0.isEmpty ? nil : (kind.name, $0) }
    }
  }
}

/// The option that lists the words of the vocabulary.
struct WordHelpOption: ParsableArguments {
  @Option(
    defaultAsFlag: "",
    help: ArgumentHelp(
      "List sections and kinds of device, or the keys of one; on create each is an option, as in "
        + "virt-install: --graphics vnc, --cputune shares=2048.", valueName: "kind"))
  var helpWords: String?

  func validate() throws {
    guard let helpWords else { return }
    throw CleanExit.message(
      helpWords.isEmpty
        ? WordHelp.list
        : try usage { try WordHelp(helpWords) }.text)
  }
}
