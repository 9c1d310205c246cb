import Foundation
import TestSupport
import Testing

/// One virsh process that carries out many commands: a driver of libvirt runs within it, so that no
/// daemon is needed, and hundreds of definitions are asked about in seconds.
struct Virsh {
  /// What a command printed.
  struct Answer {
    var command: String
    /// Standard output, without virsh's own echo of the command.
    var output: String
    /// Lines of standard error, without `error: `; none where the command succeeded.
    var errors: [String]

    var succeeded: Bool { errors.isEmpty }
    /// What a failed test should say.
    var report: String { "virsh \(command): \(errors.joined(separator: " / ")) \(output)" }
  }

  /// libvirt's QEMU driver, or the test driver: it takes every kind of machine, has the same parser
  /// and printer, and knows nothing of QEMU's command line.
  enum Driver { case qemu, test }

  let folder: TemporaryFolder
  private let uri: String

  init(_ driver: Driver = .qemu) throws {
    folder = try TemporaryFolder()
    switch driver {
    case .test: uri = "test:///default"
    case .qemu:
      uri = "qemu:///embed?root=\(folder.path)"
      let settings = """
        user = "root"
        group = "root"
        stdio_handler = "file"
        security_driver = "none"
        namespaces = []
        cgroup_controllers = []
        seccomp_sandbox = 0

        """
      try FileManager.default.createDirectory(
        atPath: folder.file("etc"), withIntermediateDirectories: true)
      try writeFile(folder.file("etc/qemu.conf"), settings.utf8)
    }
  }

  /// Puts a definition where a command can name it.
  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let path = folder.file(name)
    try writeFile(path, bytes)
    return path
  }

  /// Carries out commands in order; one that fails does not stop the others.
  func answers(to commands: [String], timeLimit: Duration = .seconds(1800)) async throws -> [Answer]
  {
    // The words are quoted, so that virsh's echo of the input does not look like the answer.
    let mark = "echo 'next' 'answer'\necho --err 'next' 'answer'\n"
    let input = commands.map { mark + $0 + "\n" }.joined() + mark
    let run = try await Turns.virsh.take { [uri] in
      try await TestSupport.run(
        "virsh", ["-q", "-c", uri], environment: ["LC_ALL": "C.UTF-8"], input: Array(input.utf8),
        hangGuard: timeLimit)
    }
    let outputs = Self.parts(of: run.outputText, between: "next answer")
    let errors = Self.parts(of: run.errorText, between: "error: next answer\n")
    try #require(
      outputs.count == commands.count && errors.count == commands.count,
      "\(run.outputText)\(run.errorText)")
    return zip(commands, zip(outputs, errors)).map { command, answer in
      // The prompt and the echo stand before what the command printed, and the mark's behind it.
      let lines = answer.0.split(separator: "\n", omittingEmptySubsequences: false)
        .drop { $0.hasPrefix("virsh # echo") }.dropFirst()
        .prefix { !$0.hasPrefix("virsh # ") }
      return Answer(
        command: command, output: lines.joined(separator: "\n"),
        errors: answer.1.split(separator: "\n").filter { $0.hasPrefix("error: ") }
          .map { String($0.dropFirst("error: ".count)) })
    }
  }

  /// What stands behind each mark but the last.
  private static func parts(of text: String, between mark: String) -> [String] {
    var parts: [String] = []
    var rest = text[...]
    while let range = rest.firstRange(of: mark) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return Array(parts.dropFirst())
  }
}

extension String {
  /// As one word of virsh's.
  var quoted: String { "'" + replacing("'", with: #"'\''"#) + "'" }
}
