import Foundation
import LosslessXML
import TestSupport
import Testing
import VirtNest

/// Commands as a generator draws them: options from the tables of pairs, words from what
/// `--help-words` lists, hostile values, and definitions with bytes changed.
///
/// `VIRT_NEST_TRIALS` is how many commands are drawn (300 unless set), `VIRT_NEST_SEED` the first
/// seed; a failure prints the seed of its command. With that seed and one trial, the definition is
/// printed, too.
@Suite("Commands drawn at random")
struct RandomCommandTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let trials = environment["VIRT_NEST_TRIALS"].flatMap(UInt64.init) ?? 300
  private static let firstSeed = environment["VIRT_NEST_SEED"].flatMap(UInt64.init) ?? 1

  /// What one command did.
  private enum Outcome: Hashable { case done, wouldChange, refused }

  @Test(
    "leave files as they were or as asked, end by themselves, and have no defect to report",
    .readsLibvirtCorpus)
  func trial() async throws {
    let draw = try await Draw()
    var outcomes: [Outcome: Int] = [:]
    let seeds = Self.firstSeed..<Self.firstSeed + Self.trials
    try await withThrowingTaskGroup(of: Outcome.self) { group in
      for (index, seed) in seeds.enumerated() {
        if index >= 4, let outcome = try await group.next() { outcomes[outcome, default: 0] += 1 }
        group.addTask {
          var numbers = SeededNumbers(seed: seed)
          let trial = draw.trial(&numbers)
          return try await Self.run(trial, seed)
        }
      }
      for try await outcome in group { outcomes[outcome, default: 0] += 1 }
    }
    print("random commands: seeds \(seeds), \(outcomes)")
    #expect(outcomes[.done, default: 0] * 8 > Self.trials)
    #expect(outcomes[.refused, default: 0] * 8 > Self.trials)
  }

  private static func run(_ trial: Trial, _ seed: UInt64) async throws -> Outcome {
    let folder = try TemporaryFolder()
    let (file, other) = (folder.file("guest.xml"), folder.file("other.xml"))
    try writeFile(file, trial.definition)
    try writeFile(other, trial.other)
    if trials == 1 { print(trial.arguments, String(decoding: trial.definition, as: UTF8.self)) }
    let arguments = trial.arguments.map { $0 == "FILE" ? file : $0 == "OTHER" ? other : $0 }
    let run = try await limited(arguments)
    let said = Comment(
      rawValue: "seed \(seed): \(arguments.map(shellWord).joined(separator: " ")): \(run.status) "
        + run.errorText.prefix(2000))
    #expect([.exited(0), .exited(1), .exited(2), .exited(64)].contains(run.status), said)
    #expect(!run.errorText.lowercased().contains("report this file"), said)
    #expect(!run.errorText.unicodeScalars.contains { $0 != "\n" && $0.isInvisible }, said)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2, said)
    #expect(try readFile(other) == trial.other, said)
    let result = try readFile(file)
    let isDone = run.succeeded
    if !isDone || !arguments.contains("-i") { #expect(result == trial.definition, said) }
    guard isDone else {
      // A report says what could not be read; of two definitions, what words can say.
      if run.status != .exited(1), !arguments.contains("--json"), arguments[0] != "diff" {
        #expect(run.output.isEmpty && !run.errorText.isEmpty, said)
      }
      return run.status == .exited(1) ? .wouldChange : .refused
    }
    if arguments.contains("-i"), !trial.changesWhatItAdds {
      let again = try await limited(arguments)
      #expect(again.succeeded, "a second time: \(again.errorText) \(said)")
      #expect(try readFile(file) == result, "a second run changes something \(said)")
      let inspection = try await limited(["inspect", file])
      #expect(inspection.succeeded, "not read back: \(inspection.errorText) \(said)")
    }
    return .done
  }

  /// 1.5 GiB of address space, 60 s of processor time.
  private static func limited(_ arguments: [String]) async throws -> Run {
    let limit = ["-c", "ulimit -v 1572864; exec \"$@\"", "sh", VirtNestBinary.path]
    return try await TestSupport.run(
      "sh", limit + arguments, environment: ["SWIFT_BACKTRACE": "enable=no"], processorSeconds: 60)
  }
}

/// A command and the definitions that it gets: `FILE` and `OTHER` stand for their names.
private struct Trial {
  var arguments: [String]
  var definition: [UInt8]
  var other: [UInt8]

  /// Whether a kind of device is added, and others of it changed where they are there: a second run
  /// finds the one that the first one added.
  var changesWhatItAdds: Bool {
    let kinds = { (verbs: Set<String>) in
      Set(
        zip(arguments, arguments.dropFirst()).filter { verbs.contains($0.0) }
          .map { $0.1.prefix { !":,=".contains($0) } })
    }
    return !kinds(["--add"]).isDisjoint(with: kinds(["--edit", "--remove"]))
  }
}

/// What commands are drawn from.
private struct Draw: Sendable {
  private let definitions: [[UInt8]]
  /// Kinds of devices and sections with what each of its keys takes.
  private let words: [(kind: String, keys: [(key: String, values: [String])])]

  private static let plain = [
    "", "0", "1", "2", "8", "-1", "on", "off", "yes", "no", "none", "default", "all", "4G",
    "1.5GiB",
    "18446744073709551616", "/var/lib/a.qcow2", "/a b.img", "/dev/vg0/a", "52:54:00:aa:bb:cc",
    "10.0.0.5", "0035:03:00.0", "br0", "virtio", "scsi", "nvme", "raw", "qcow2", "vda", "sdb",
    "0-3",
    "6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11",
  ]
  private static let hostile = [
    "é", "e\u{301}", "a,,b", ",", "=", "a=b=c", "--nested", "-", "a\nb", "\u{1B}[31m", "<a/>",
    "&amp;",
    "'\"", "\u{202E}x", "%s", "${x}", "../../x", "{name}", "]]>", "<!--", "\u{FFFE}", "\u{1}",
    String(repeating: "9", count: 400), String(repeating: "x", count: 5000), "*",
    "\u{212A}ata",
  ]

  init() async throws {
    var definitions = Corpus.libvirt.filter { $0.bytes.count < 40_000 }.map(\.bytes)
    for template in ["fedora", "ubuntu", "centos"] {
      let run = try await VirtNestBinary.run(["create", template, "-q"])
      definitions += [[UInt8]](repeating: run.output, count: definitions.count / 8 + 1)
    }
    self.definitions = definitions
    let list = try await VirtNestBinary.run(["patch", "--help-words"])
    let kinds = list.outputText.split(separator: "\n").filter { $0.hasPrefix("  ") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }
    var words: [(String, [(String, [String])])] = []
    for kind in kinds {
      let help = try await VirtNestBinary.run(["patch", "--help-words", kind])
      let keys = help.outputText.split(separator: "\n").filter { $0.hasPrefix("  ") }
      words.append(
        (
          kind,
          keys.compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard let key = parts[0].split(separator: " ").first else { return nil }
            let values = parts.count > 1 ? parts[1].split(separator: "|") : []
            return (
              key.replacing("*", with: ""),
              values.map { $0.trimmingCharacters(in: .whitespaces) }
            )
          }
        ))
    }
    self.words = words
  }

  func trial(_ numbers: inout SeededNumbers) -> Trial {
    let definition = definition(&numbers)
    let other = Bool.random(using: &numbers) ? self.definition(&numbers) : definition
    return Trial(arguments: arguments(&numbers), definition: definition, other: other)
  }

  private func arguments(_ numbers: inout SeededNumbers) -> [String] {
    switch Int.random(in: 0..<20, using: &numbers) {
    case 0:
      ["check", "FILE", "OTHER"]
        + one(of: [[], ["--notes"], ["--json"], ["--no-schema"]], &numbers)
    case 1: ["inspect", "FILE"] + one(of: [[], ["--json"]], &numbers)
    case 2: ["diff", "FILE", "OTHER"]
    case 3: ["template", "new", value([], &numbers), "--from", "FILE"]
    case 4: ["template", "lint", "FILE"]
    case 5: ["qemu-command", "FILE"]
    case 6...9:
      ["create", one(of: ["fedora", "ubuntu", "centos", "FILE"], &numbers), "-q"]
        + options(OptionPairTests.create, &numbers)
    default:
      ["patch", "FILE", "-q", "--if-present"]
        + one(of: [["-i"], ["-i"], ["--diff"], ["--check"], []], &numbers)
        + options(OptionPairTests.patch.filter { $0 != ["--check"] && $0 != ["--diff"] }, &numbers)
    }
  }

  private func options(_ table: [[String]], _ numbers: inout SeededNumbers) -> [String] {
    var options: [String] = []
    for _ in 0..<Int.random(in: 1...4, using: &numbers) {
      switch Int.random(in: 0..<4, using: &numbers) {
      case 0:
        var option = one(of: table, &numbers)
        if option.count == 2, !option[1].hasPrefix("--"),
          Int.random(in: 0..<3, using: &numbers) == 0
        {
          option[1] = value([], &numbers)
        }
        options += option
      case 1: options += ["--remove", selection(&numbers)]
      case 2: options += ["--add", change(one(of: words, &numbers), nil, &numbers)]
      default:
        let kind = one(of: words, &numbers)
        options += ["--edit", change(kind, Bool.random(using: &numbers) ? "1" : nil, &numbers)]
      }
    }
    return options
  }

  private func selection(_ numbers: inout SeededNumbers) -> String {
    let selector = Bool.random(using: &numbers) ? "all" : value([], &numbers)
    return one(of: words, &numbers).kind + (Bool.random(using: &numbers) ? ":" + selector : "")
  }

  private func change(
    _ kind: (kind: String, keys: [(key: String, values: [String])]), _ selector: String?,
    _ numbers: inout SeededNumbers
  ) -> String {
    var text = kind.kind + (selector.map { ":" + $0 } ?? "")
    guard !kind.keys.isEmpty else { return text + "," + value([], &numbers) }
    for _ in 0..<Int.random(in: 1...4, using: &numbers) {
      let (key, values) = one(of: kind.keys, &numbers)
      text += ",\(key)=\(value(values, &numbers))"
    }
    return text
  }

  /// Mostly one of those that fit.
  private func value(_ fitting: [String], _ numbers: inout SeededNumbers) -> String {
    let number = Int.random(in: 0..<10, using: &numbers)
    if number < 7, !fitting.isEmpty { return one(of: fitting, &numbers) }
    return one(of: number == 9 ? Self.hostile : Self.plain, &numbers)
  }

  /// One of the definitions, half of the time with some of its bytes taken out, changed or repeated.
  private func definition(_ numbers: inout SeededNumbers) -> [UInt8] {
    var bytes = one(of: definitions, &numbers)
    guard Int.random(in: 0..<2, using: &numbers) == 0, !bytes.isEmpty else { return bytes }
    for _ in 0..<Int.random(in: 1...3, using: &numbers) where !bytes.isEmpty {
      let start = Int.random(in: bytes.indices, using: &numbers)
      let range = start..<min(bytes.count, start + Int.random(in: 1...40, using: &numbers))
      switch Int.random(in: 0..<5, using: &numbers) {
      case 0: bytes.removeSubrange(range)
      case 1: bytes.insert(contentsOf: bytes[range], at: start)
      case 2: bytes[start] = UInt8.random(in: 0...255, using: &numbers)
      case 3: repeatLine(start, in: &bytes)
      default:
        let value = Array(one(of: Self.hostile + Self.plain, &numbers).utf8)
        bytes.replaceSubrange(range, with: value)
      }
    }
    return bytes
  }

  private func repeatLine(_ position: Int, in bytes: inout [UInt8]) {
    let newline = UInt8(ascii: "\n")
    let start = bytes[..<position].lastIndex(of: newline) ?? 0
    let end = bytes[position...].firstIndex(of: newline) ?? bytes.count
    bytes.insert(contentsOf: Array(bytes[start..<max(start, end)]), at: start)
  }

  private func one<Element>(of elements: [Element], _ numbers: inout SeededNumbers) -> Element {
    elements[Int.random(in: elements.indices, using: &numbers)]
  }
}
