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
      lines +=
        finding.severity == .note
        ? ["ok: \(finding.code): \(finding.message)"] : Self.lines(of: finding)
    }
    if role == .l0 || facts.platform == .lpar {
      let recommended = facts.recommendedMechanism
      lines.append("mechanism: \(recommended.mechanism?.rawValue ?? "none"): \(recommended.reason)")
    }
    return lines + ["verdict: it \(ability)"]
  }

  /// A line for each problem, and below it the command that fixes it.
  package var problems: [String] {
    findings.filter { $0.severity != .note }.flatMap { Self.lines(of: $0) }
  }

  private static func lines(of problem: Diagnostic) -> [String] {
    ["\(problem.severity.rawValue): \(problem.code): \(problem.message)"]
      + (problem.reference.map { ["    source: \($0)"] } ?? [])
      + (problem.advice.map { ["    fix: \($0)"] } ?? [])
  }

  /// What the machine can do, in a few words.
  package var ability: String {
    let what = role == .l0 ? "run L1 guests that nest" : "run L2 guests"
    return switch level {
    case .note: "can \(what)"
    case .warning: "can \(what); see the warnings"
    case .error: "cannot \(what)"
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
