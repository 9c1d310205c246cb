internal import Foundation
internal import TestSupport

/// Commands in a guest, by its agent.
extension PrivateLibvirtd {
  /// Waits until the agent of a guest answers.
  /// - Throws: ``AgentFailed`` where it does not within `timeLimit`.
  func awaitAgent(of guest: String, timeLimit: Duration = .seconds(1800)) async throws {
    let start = ContinuousClock.now
    while true {
      do {
        _ = try await ask(guest, "guest-ping")
        return
      } catch let error as VirshFailed {
        guard start.duration(to: .now) < timeLimit else {
          throw AgentFailed(reason: "waited \(timeLimit) for the agent of \(guest): \(error)")
        }
      }
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  /// What a script prints in a guest, without white space at its ends.
  /// - Throws: ``AgentFailed`` where it ends with another status than 0, or not within `timeLimit`.
  @discardableResult
  func shell(
    in guest: String, _ script: String, timeLimit: Duration = .seconds(1800)
  ) async throws -> String {
    let started = try await ask(
      guest, "guest-exec",
      ["path": "/bin/sh", "arg": ["-c", "exec 2>&1; " + script], "capture-output": true])
    let start = ContinuousClock.now
    while start.duration(to: .now) < timeLimit {
      let status = try await ask(guest, "guest-exec-status", ["pid": started["pid"] as? Int ?? 0])
      if status["exited"] as? Bool == true {
        let output = (status["out-data"] as? String).flatMap { Data(base64Encoded: $0) } ?? Data()
        let text = String(decoding: output, as: UTF8.self).trimmed
        guard status["exitcode"] as? Int == 0 else {
          throw AgentFailed(reason: "in \(guest), '\(script)' failed: \(text)")
        }
        return text
      }
      try await Task.sleep(for: .milliseconds(300))
    }
    throw AgentFailed(reason: "in \(guest), waited \(timeLimit) for '\(script)' to end")
  }

  private func ask(
    _ guest: String, _ command: String, _ arguments: [String: any Sendable] = [:]
  ) async throws -> [String: Any] {
    let question = try JSONSerialization.data(
      withJSONObject: ["execute": command, "arguments": arguments])
    let answer = try await virsh(
      "qemu-agent-command", guest, String(decoding: question, as: UTF8.self), "--timeout", "300")
    let value = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
    return value?["return"] as? [String: Any] ?? [:]
  }
}

/// A command in a guest that did not do its work.
struct AgentFailed: Error, CustomStringConvertible {
  var reason: String

  var description: String { reason }
}
