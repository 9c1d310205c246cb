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

  /// What is known of a level.
  package struct Finding: Hashable, Sendable {
    /// Which.
    package var level: Level
    /// What was found.
    package var text: String
    /// What to do next; `nil` where nothing is to be done.
    package var next: String?
  }

  /// The guest's name; `nil` where its definition has none.
  package var guest: String?
  /// What its definition asks for, in words.
  package var asked: String
  /// What its QEMU said; `nil` where it did not start.
  package var capabilities: MachineCapabilities?
  /// What was found, from the host to the guests in the guest.
  package var findings: [Finding]
  /// Whether nesting is as the definition asks.
  package var isAsAsked: Bool
  /// What the guest that was started had otherwise than the definition.
  package var differences: [String] = []

  /// Whether what QEMU says is what a definition asks for.
  static func agrees(_ capabilities: MachineCapabilities, with asked: NestingState) -> Bool {
    switch asked.effective {
    case .on(let api): capabilities.has(api)
    case .off: capabilities.api == nil
    case .dependsOnWrapper: capabilities.api != nil
    case .refused: false
    }
  }

  /// The report as lines.
  package var text: String {
    var lines = ["guest    \(guest ?? "(no name)")", "asked    \(asked)"]
    for finding in findings {
      lines.append("\(finding.level.rawValue)       \(finding.text)")
      if let next = finding.next { lines.append("         next: \(next)") }
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
  /// - Parameter source: the file, or the guest as it was named.
  package func json(source: String) -> JSONWriter.Value {
    let flag = { (value: Bool?) in value.map { JSONWriter.Value.bool($0) } ?? .null }
    return .object([
      .init("source", .string(source)),
      .init("guest", .optional(guest)),
      .init("asked", .string(asked)),
      .init(
        "capabilities",
        capabilities.map { capabilities in
          .object([
            .init("cap-nested-hv", flag(capabilities.nestedHV)),
            .init("cap-nested-papr", flag(capabilities.nestedPAPR)),
          ])
        } ?? .null),
      .init("asAsked", .bool(isAsAsked)),
      .init(
        "findings",
        .array(
          findings.map { finding in
            .object([
              .init("level", .string(finding.level.rawValue)),
              .init("found", .string(finding.text)),
              .init("next", .optional(finding.next)),
            ])
          })),
      .init("differences", .array(differences.map { .string($0) })),
    ])
  }
}
