package import VirtNest

/// What `virt-nest doctor` prints of a machine.
package struct HostReport: Equatable, Sendable {
  /// The facts that it rests on.
  package let facts: HostFacts
  /// What the machine was looked at as.
  package let role: HostFacts.Role
  /// What they mean, in the order in which they should be mended.
  package let findings: [Diagnostic]

  /// A report on a machine as a host or as a guest; as what it seems to be where `role` is `nil`.
  package init(_ facts: HostFacts, as role: HostFacts.Role? = nil) {
    self.facts = facts
    self.role = role ?? facts.role
    findings = facts.findings(as: role)
  }

  /// The worst of the findings.
  package var level: Diagnostic.Severity { findings.map(\.severity).max() ?? .note }

  /// The report for people: a line for each finding, with the command that mends it below.
  package var text: String {
    let name = facts.values["os.name"].map { ", \($0)" } ?? ""
    let machine = facts.values["machine"] ?? facts.values["cpu.model"] ?? "an unknown machine"
    var text = "\(machine)\(name), as \(role == .l0 ? "a host (L0)" : "a guest (L1)")\n"
    for finding in findings {
      let isGood = finding.severity == .note
      text += "\(isGood ? "ok" : finding.severity.rawValue): \(finding.code): \(finding.message)\n"
      if isGood { continue }
      if let source = finding.reference { text += "    source: \(source)\n" }
      if let remedy = finding.advice { text += "    fix: \(remedy)\n" }
    }
    if role == .l0 || facts.platform == .lpar {
      let recommended = facts.recommendedMechanism
      text += "mechanism: \(recommended.mechanism?.rawValue ?? "none"): \(recommended.reason)\n"
    }
    return text + verdict + "\n"
  }

  private var verdict: String {
    let what = role == .l0 ? "run L1 guests that nest" : "run L2 guests"
    return switch level {
    case .note: "verdict: it can \(what)"
    case .warning: "verdict: it can \(what); see the warnings"
    case .error: "verdict: it cannot \(what)"
    }
  }

  /// The report for programs.
  package var json: JSONWriter.Value {
    [
      "role": .string(role.rawValue), "level": .string(level.rawValue),
      "recommendation": facts.recommendedMechanism.json,
      "findings": .array(findings.map { $0.json() }), "facts": facts.json,
    ]
  }
}
