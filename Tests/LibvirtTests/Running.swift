import TestSupport
import Testing
import VirtNest
import VirtNestHost

/// What became of a definition that libvirt was asked to start.
enum Outcome: Equatable, CustomStringConvertible {
  /// QEMU runs with this capability.
  case on(NestedAPI)
  /// QEMU runs without.
  case off
  /// libvirt or QEMU refused to start it.
  case refused(String)

  /// Whether a claim about a definition is what became of it, whatever the reason of a refusal.
  func isClaimed(by effective: NestingFacts.Effective) -> Bool {
    switch (effective, self) {
    case (.on(let claimed), .on(let api)): claimed == api
    case (.off, .off), (.refused, .refused): true
    default: false
    }
  }

  var isRefusal: Bool {
    if case .refused = self { true } else { false }
  }

  var description: String {
    switch self {
    case .on(let api): "on (\(api.rawValue))"
    case .off: "off"
    case .refused(let reason): "refused: \(reason)"
    }
  }
}

extension Outcome {
  /// Starts every definition, paused, and asks QEMU itself which nested interface it offers.
  ///
  /// The names must differ: a guest may be ending still while the next one starts. Several virsh
  /// share the work, since libvirt waits two seconds where QEMU does not start.
  static func all(of definitions: [[UInt8]]) async throws -> [Outcome] {
    let processes = 6
    let shares = (0..<processes).map { share in
      definitions.indices.filter { $0 % processes == share }
    }
    return try await withThrowingTaskGroup(of: [(Int, Outcome)].self) { group in
      for share in shares where !share.isEmpty {
        group.addTask {
          let outcomes = try await Virsh().outcomes(of: share.map { definitions[$0] })
          return Array(zip(share, outcomes))
        }
      }
      var all: [(index: Int, outcome: Outcome)] = []
      for try await outcomes in group { all += outcomes.map { ($0.0, $0.1) } }
      return all.sorted { $0.index < $1.index }.map(\.outcome)
    }
  }
}

extension Virsh {
  fileprivate func outcomes(of definitions: [[UInt8]]) async throws -> [Outcome] {
    var commands: [String] = []
    for (index, bytes) in definitions.enumerated() {
      let name = try #require(Guest(reading: try DomainDefinition(bytes)).name).quoted
      commands.append("create --paused \(try file("\(index).xml", bytes).quoted)")
      for api in NestedAPI.allCases {
        let question =
          #"{"execute":"qom-get","arguments":{"path":"/machine","property":""#
          + api.machineProperty + #""}}"#
        commands.append("qemu-monitor-command \(name) \(question.quoted)")
      }
      // Two seconds faster than `destroy`.
      commands.append("qemu-monitor-command \(name) '{\"execute\":\"quit\"}'")
    }
    let answers = try await answers(to: commands)
    let size = 2 + NestedAPI.allCases.count
    return try definitions.indices.map { index in
      let answers = answers[(index * size)..<(index + 1) * size]
      let start = try #require(answers.first)
      guard start.succeeded else { return .refused(start.errors.joined(separator: " / ")) }
      // An older QEMU does not know the second interface, which is no different from off.
      let known = zip(NestedAPI.allCases, answers.dropFirst())
      try #require(
        answers.dropFirst().contains { $0.output.contains(#""return":"#) }, "\(start.report)")
      let on = known.first { $1.output.contains(#"{"return":true"#) }
      return on.map { .on($0.0) } ?? .off
    }
  }
}
