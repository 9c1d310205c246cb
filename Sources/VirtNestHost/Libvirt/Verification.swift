internal import LosslessXML
package import VirtNest

/// The result of checking a guest's nesting on each level of virtualization.
package struct Verification: Hashable, Sendable {
  /// A level of virtualization.
  package enum Level: String, Hashable, Sendable, CaseIterable {
    /// The host.
    case l0 = "L0"
    /// The guest that runs guests of its own.
    case l1 = "L1"
    /// The guests in that guest.
    case l2 = "L2"
  }

  /// The guest's name; `nil` if its definition has none.
  package var guest: String?
  /// The nesting that its definition asks for, as text.
  package var asked: String
  /// The capabilities that QEMU reports; `nil` if it did not start.
  package var capabilities: MachineCapabilities?
  /// The findings, from L0 to L2.
  package var findings: [Diagnostic]
  /// Whether nesting is as the definition asks.
  package var isAsAsked: Bool
  /// The differences of the started copy from the definition.
  package var differences: [String] = []

  /// Whether QEMU's capabilities are what a definition asks for.
  static func agrees(_ capabilities: MachineCapabilities, with asked: NestingFacts) -> Bool {
    switch asked.effective {
    case .on(let api): capabilities.has(api)
    case .off: capabilities.api == nil
    case .dependsOnWrapper: capabilities.api != nil
    case .dependsOnFile: true
    case .refused: false
    }
  }

  /// The lines of the report, with values as they are.
  ///
  /// - Parameter wording: how changes are described in advice.
  package func lines(_ wording: (Suggestion) -> String) -> [String] {
    var lines = ["guest    \(guest ?? "(no name)")", "asked    \(asked)"]
    for finding in findings {
      lines.append("\(finding.code)       \(finding.message)")
      if let advice = finding.advice { lines.append("         next: \(advice.text(wording))") }
    }
    lines.append("nesting  \(isAsAsked ? "as asked" : "not as asked")")
    if !differences.isEmpty {
      lines.append("not shown, because the copy that was started differs:")
      lines += differences.map { "  " + $0 }
    }
    return lines
  }

  /// The report as JSON.
  ///
  /// - Parameters:
  ///   - source: the file, or the name by which the user named the guest.
  ///   - wording: how changes are described in advice.
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
  /// A finding about a level of virtualization.
  static func level(
    _ level: Verification.Level, _ text: String, advice: Advice? = nil
  ) -> Diagnostic {
    .note(Code(stringLiteral: level.rawValue), text, advice: advice)
  }
}
