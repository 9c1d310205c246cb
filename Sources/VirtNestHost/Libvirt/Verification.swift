package import VirtNest

/// What was found of a guest's nesting, level by level, and whether it is what was asked for.
package struct Verification: Hashable, Sendable {
  /// A level of virtualization.
  package enum Level: String, Hashable, Sendable, CaseIterable {
    /// The host.
    case l0 = "L0"
    /// The guest that should run guests.
    case l1 = "L1"
    /// The guests in it.
    case l2 = "L2"
  }

  /// The guest's name; `nil` where its definition has none.
  package var guest: String?
  /// What its definition asks for, in words.
  package var asked: String
  /// What its QEMU said; `nil` where it did not start.
  package var capabilities: MachineCapabilities?
  /// What was found, from the host to the guests in the guest.
  package var findings: [Diagnostic]
  /// Whether nesting is as the definition asks.
  package var isAsAsked: Bool
  /// What the guest that was started had otherwise than the definition.
  package var differences: [String] = []

  /// Whether what QEMU says is what a definition asks for.
  static func agrees(_ capabilities: MachineCapabilities, with asked: NestingFacts) -> Bool {
    switch asked.effective {
    case .on(let api): capabilities.has(api)
    case .off: capabilities.api == nil
    case .dependsOnWrapper: capabilities.api != nil
    case .refused: false
    }
  }

  /// The report as lines.
  ///
  /// - Parameter wording: the words for changes in advice.
  package func text(_ wording: (Suggestion) -> String = \.description) -> String {
    var lines = ["guest    \(guest ?? "(no name)")", "asked    \(asked)"]
    for finding in findings {
      lines.append("\(finding.code)       \(finding.message)")
      if let advice = finding.advice { lines.append("         next: \(advice.text(wording))") }
    }
    lines.append("nesting  \(isAsAsked ? "as asked" : "not as asked")")
    if !differences.isEmpty {
      lines.append("in the copy that was started:")
      lines += differences.map { "  " + $0 }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// The report for other programs.
  ///
  /// - Parameters:
  ///   - source: the file, or the guest as it was named.
  ///   - wording: the words for changes in advice.
  package func json(
    source: String, _ wording: (Suggestion) -> String = \.description
  ) -> JSONWriter.Value {
    let flag = { (value: Bool?) in value.map { JSONWriter.Value.bool($0) } ?? .null }
    let capability = capabilities.map { capabilities in
      JSONWriter.Value.object([
        .init("cap-nested-hv", flag(capabilities.nestedHV)),
        .init("cap-nested-papr", flag(capabilities.nestedPAPR)),
      ])
    }
    return .object([
      .init("source", .string(source)), .init("guest", .optional(guest)),
      .init("asked", .string(asked)), .init("capabilities", capability ?? .null),
      .init("asAsked", .bool(isAsAsked)),
      .init("findings", .array(findings.map { $0.json(wording) })),
      .init("differences", .array(differences.map { .string($0) })),
    ])
  }
}

extension Diagnostic {
  /// What is known of a level of virtualization.
  static func level(
    _ level: Verification.Level, _ text: String, advice: Advice? = nil
  ) -> Diagnostic {
    .note(Code(stringLiteral: level.rawValue), text, advice: advice)
  }
}
