internal import Subprocess
internal import VirtNest

extension HostFacts {
  /// Where facts are gathered.
  package enum Place: Equatable, Sendable {
    /// This machine.
    case here
    /// What `ssh` calls a destination: `host`, `user@host`, `ssh://user@host:port`.
    case ssh(destination: String)
  }

  /// Runs the script that gathers facts, here or through ssh.
  /// - Throws: ``GatheringFailure``; ``MalformedFacts`` where something else than facts came back.
  package static func gathered(_ place: Place) async throws -> HostFacts {
    let program: String
    let arguments: [String]
    switch place {
    case .here: (program, arguments) = ("sh", ["-s"])
    case .ssh(let destination): (program, arguments) = ("ssh", ["--", destination, "sh -s"])
    }
    do {
      let result = try await run(
        .name(program), arguments: Arguments(arguments),
        input: .fileDescriptor(
          try unnamedFile(Array(gatheringScript.utf8)), closeAfterSpawningProcess: true),
        output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
      guard result.terminationStatus.isSuccess else {
        throw GatheringFailure(
          reason: "'\(program)' \(end(result.terminationStatus)): \(result.standardError)")
      }
      return try HostFacts(parsing: result.standardOutput)
    } catch let error as ToolFailure {
      throw GatheringFailure(reason: error.reason)
    } catch let error as SubprocessError where error.code == .executableNotFound {
      throw GatheringFailure(reason: ToolFailure(notFound: program).reason)
    } catch let error as SubprocessError {
      throw GatheringFailure(reason: "cannot run '\(program)': \(error)")
    }
  }
}

/// How a program ended, in words.
private func end(_ status: TerminationStatus) -> String {
  switch status {
  case .exited(let code): "ended with status \(code)"
  case .signaled(let signal): "was ended by signal \(signal)"
  }
}

/// Facts that could not be gathered.
package struct GatheringFailure: Error, Equatable, CustomStringConvertible {
  /// What went wrong, in the words of the program that was run.
  package var reason: String

  /// What went wrong, and the other way.
  package var description: String {
    var text = reason[...]
    while text.last?.isNewline ?? false { text.removeLast() }
    return "\(text); the script can also be run there by hand: virt-nest doctor --print-script, "
      + "and what it prints read by --facts FILE"
  }
}
