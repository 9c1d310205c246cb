internal import SystemPackage
internal import VirtNest

/// A libvirt that virsh talks to.
package struct Virsh: Sendable {
  /// Its URI; `nil` for the one that virsh chooses, by `LIBVIRT_DEFAULT_URI` and its own files.
  package var uri: String?

  /// How long a command may take: an answer of a host behind ssh, or nothing.
  static let timeLimit = Duration.seconds(180)

  /// A libvirt.
  package init(uri: String?) { self.uri = uri }

  /// What the URI is called in messages.
  package var displayName: String { uri ?? "virsh's default connection" }

  /// Runs a command of virsh.
  ///
  /// - Parameter input: what it reads, and is closed by this.
  /// - Throws: ``VirshError`` where it says no; ``ToolFailure``.
  func run(
    _ arguments: [String], input: FileDescriptor? = nil, limit: Duration = timeLimit
  ) async throws -> String {
    let connection = uri.map { ["--connect", $0] } ?? []
    // libvirt's own log would mix with the messages that people should read.
    let ended = try await ToolRun.run(
      "virsh", ["--quiet"] + connection + arguments, environment: ["LIBVIRT_DEBUG": "4"],
      input: input, limit: limit)
    guard ended.status == 0 else { throw VirshError(ended.errorOutput) }
    return ended.output
  }
}

/// What virsh said in place of an answer.
package struct VirshError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The messages, without virsh's `error:` before them.
  package var messages: [String]

  init(_ errorOutput: String) {
    messages = errorOutput.split(whereSeparator: \.isNewline).compactMap { line in
      // The lines of libvirt's log begin with the time.
      if line.prefix(4).allSatisfy(\.isNumber), line.dropFirst(4).first == "-" { return nil }
      return line.hasPrefix("error: ") ? String(line.dropFirst(7)) : String(line)
    }
  }

  /// The messages, as one.
  package var description: String {
    messages.isEmpty ? "virsh failed and said nothing" : messages.joined(separator: "; ")
  }
}
