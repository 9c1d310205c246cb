internal import LosslessXML

/// Something that a definition should not have, or that its reader should know.
public struct Rule: Sendable {
  /// Its code, `VN003`, which never changes its meaning.
  public let code: Diagnostic.Code
  /// How much it matters.
  public let severity: Diagnostic.Severity
  /// What it finds, in a few words.
  public let title: String
  /// Why that matters.
  public let reason: String
  /// Where that is known from: a file of libvirt, QEMU or Linux, a document, or a measurement.
  public let source: String
  /// The versions that it concerns.
  public let versions: String
  /// What it finds, and what to write instead; `nil` where it is not about an element.
  package let example: RuleExample?
  /// How it looks for it in one definition; `nil` where reading the file, comparing it with the
  /// schema, or linting a template finds it.
  private let find: (@Sendable (CheckedGuest, inout Findings) -> Void)?
  /// How it looks for it in all definitions that are given together.
  let findTogether: (@Sendable ([CheckedGuest], Rule) -> [(file: Int, diagnostic: Diagnostic)])?

  init(
    _ code: Diagnostic.Code, _ severity: Diagnostic.Severity, _ title: String, reason: String,
    source: String, versions: String = "all", example: RuleExample? = nil,
    find: (@Sendable (CheckedGuest, inout Findings) -> Void)? = nil,
    together: (@Sendable ([CheckedGuest], Rule) -> [(file: Int, diagnostic: Diagnostic)])? = nil
  ) {
    self.code = code
    self.severity = severity
    self.title = title
    self.reason = reason
    self.source = source
    self.versions = versions
    self.example = example
    self.find = find
    findTogether = together
  }

  /// The versions that a claim was tried with.
  static let measured = "measured with libvirt 9.0.0 and QEMU 7.2"

  // MARK: All rules

  /// Every rule that `check` applies, by code.
  ///
  /// A new rule stands in the list of its topic.
  public static let all: [Rule] =
    (formRules + machineRules + nestingRules + commandLineRules + processorRules + deviceRules
    + addressRules + claimRules + agreementRules + identityRules + releaseRules)
    .sorted { $0.code < $1.code }

  /// Every rule: those of `check`, then those of `template lint`.
  public static let everything = all + templateRules

  /// The rules about nesting itself, and not about the guest around it.
  static let aboutNesting: [Rule] =
    ([machineProperties, wrongMachine, oldCPU, compatibilityMode, hashPageTable]
    + [foreignCommandLine, commandLineWithoutNamespace, commandLineOutOfPlace]
    + (nestingRules + commandLineRules).filter {
      ![kataWithoutNesting.code, dependsOnWrapper.code, customArguments.code].contains($0.code)
    })
    .sorted { $0.code < $1.code }

  /// The rules about what keeps any guest from being defined or started.
  static let aboutStarting = [
    refusedName, sameTarget, unsupportedDevice, bootOrder, unsupportedPart, disagreeingCPUs,
    takenTwice, foreignArchitecture, pairs, spacedValue, disagreeingMemory, wrongAddress,
  ]

  /// The rule of a code, in either case; `nil` where no rule has it.
  public static func named(_ code: String) -> Rule? {
    everything.first { $0.code.description == code.uppercased() }
  }

  /// Whether `check` finds what a rule is about in one definition alone.
  static func isFoundInOneDefinition(_ code: Diagnostic.Code) -> Bool {
    all.contains { $0.code == code && $0.findTogether == nil }
  }

  // MARK: Findings

  /// What it finds in one definition by itself.
  func diagnostics(_ checked: CheckedGuest) -> [Diagnostic] {
    var found = Findings(rule: self)
    find?(checked, &found)
    return found.diagnostics
  }

  /// A finding about an element, or about one of its attributes where it has that.
  func finding(
    _ element: Element, attribute: String? = nil, _ message: String, advice: Advice
  ) -> Diagnostic {
    finding(
      message, advice: advice,
      at: attribute.map { element.place(ofAttribute: $0) } ?? element.place)
  }

  /// A finding at a place.
  func finding(_ message: String, advice: Advice, at place: Diagnostic.Place?) -> Diagnostic {
    Diagnostic(severity, code, message, advice: advice, at: place)
  }

  /// What the rule finds, why it matters and where that is known from, with its example.
  package var explanation: String {
    var text = "\(code) \(severity.rawValue): \(title)\n\n\(Self.wrapped(reason))\n"
    if let example {
      text += "\nFinds:    \(example.wrong)\nInstead:  \(example.right)\n"
    }
    return text + "\nSource:   \(source)\nVersions: \(versions)\n"
  }

  /// A text in lines of 80 columns at most, as far as its words allow.
  private static func wrapped(_ text: String) -> String {
    var lines: [String] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      if let last = lines.last, last.count + 1 + word.count <= 80 {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.joined(separator: "\n")
  }
}

/// What a rule finds in a definition.
struct Findings {
  fileprivate let rule: Rule
  private(set) var diagnostics: [Diagnostic] = []
  private var lines: [TextKey: Int] = [:]

  fileprivate init(rule: Rule) { self.rule = rule }

  /// Adds a finding about an element, or about one of its attributes where it has that.
  mutating func add(
    _ element: Element, attribute: String? = nil, _ message: String, advice: Advice
  ) {
    diagnostics.append(rule.finding(element, attribute: attribute, message, advice: advice))
  }

  /// The line of the first element that was asked about with a key; `nil` for the first itself.
  mutating func earlierLine(of key: String, _ element: Element) -> Int? {
    let line = lines[TextKey(key)]
    if line == nil { lines[TextKey(key)] = element.location.line }
    return line
  }
}
