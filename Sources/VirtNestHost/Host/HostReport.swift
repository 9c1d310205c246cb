internal import LosslessXML
package import VirtNest

/// The report of `virt-nest doctor` about a machine.
package struct HostReport: Equatable, Sendable {
  /// The facts about the machine.
  package let facts: HostFacts
  /// The role in which the machine was examined.
  package let role: HostFacts.Role
  /// What the facts mean, in the order in which problems should be fixed.
  package let findings: [Diagnostic]

  /// Examines a machine as a host or as a guest; `nil` chooses ``HostFacts/role``.
  package init(_ facts: HostFacts, as role: HostFacts.Role? = nil) {
    self.facts = facts
    self.role = role ?? facts.role
    findings = facts.findings(as: role)
  }

  /// The highest severity of the findings.
  package var level: Diagnostic.Severity { findings.map(\.severity).max() ?? .note }

  /// The report as text, with what is not visible in a value escaped.
  package var text: String { lines.map { $0.visible + "\n" }.joined() }

  /// A line for each finding, and below it the command that fixes it, with values as they are.
  package var lines: [String] {
    let name = facts.values["os.name"].map { ", \($0)" } ?? ""
    let machine = facts.values["machine"] ?? facts.values["cpu.model"] ?? "an unknown machine"
    var lines = ["\(machine)\(name), as \(role == .l0 ? "a host (L0)" : "a guest (L1)")"]
    for finding in findings {
      let isGood = finding.severity == .note
      lines.append(
        "\(isGood ? "ok" : finding.severity.rawValue): \(finding.code): \(finding.message)")
      if isGood { continue }
      if let source = finding.reference { lines.append("    source: \(source)") }
      if let remedy = finding.advice { lines.append("    fix: \(remedy)") }
    }
    if role == .l0 || facts.platform == .lpar {
      let recommended = facts.recommendedMechanism
      lines.append("mechanism: \(recommended.mechanism?.rawValue ?? "none"): \(recommended.reason)")
    }
    return lines + [verdict]
  }

  private var verdict: String {
    let what = role == .l0 ? "run L1 guests that nest" : "run L2 guests"
    return switch level {
    case .note: "verdict: it can \(what)"
    case .warning: "verdict: it can \(what); see the warnings"
    case .error: "verdict: it cannot \(what)"
    }
  }

  /// The report as JSON.
  package var json: JSONWriter.Value {
    [
      "role": .string(role.rawValue), "level": .string(level.rawValue),
      "recommendation": facts.recommendedMechanism.json,
      "findings": .array(findings.map { $0.json() }), "facts": facts.json,
    ]
  }
}
