internal import LosslessXML
internal import SystemPackage
internal import VirtNest

/// A libvirt connection through virsh.
package struct Virsh: Sendable {
  /// The URI; `nil` for virsh's default, from `LIBVIRT_DEFAULT_URI` or its configuration.
  package var uri: String?

  /// The time limit of a command, which may wait for a host behind ssh.
  static let timeLimit = Duration.seconds(180)

  /// A connection to a URI.
  package init(uri: String?) { self.uri = uri }

  /// The name of the connection in messages.
  package var displayName: String { uri ?? "virsh's default connection" }

  /// The argument that names a guest; a name that begins with a dash is no option in it.
  static func domain(_ name: String) -> String { "--domain=" + name }

  /// Runs a virsh command.
  ///
  /// - Parameter input: its standard input, which is closed afterwards.
  /// - Throws: ``VirshError`` if virsh fails; ``ToolFailure``.
  func run(
    _ arguments: [String], input: FileDescriptor? = nil, limit: Duration = timeLimit
  ) async throws -> String {
    let connection = uri.map { ["--connect=" + $0] } ?? []
    // Without this, libvirt's log would appear between the error messages.
    let ended = try await ToolRun.run(
      "virsh", ["--quiet"] + connection + arguments, environment: ["LIBVIRT_DEBUG": "4"],
      input: input, limit: limit)
    guard ended.status == 0 else { throw VirshError(ended.errorOutput) }
    return ended.output
  }
}

/// The error messages of virsh.
package struct VirshError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The messages, without the prefix `error:`.
  package var messages: [String]

  init(_ errorOutput: String) {
    messages = errorOutput.split(whereSeparator: \.isNewline).compactMap { line in
      // Lines of libvirt's log begin with a date.
      if line.prefix(4).allSatisfy(\.isNumber), line.dropFirst(4).first == "-" { return nil }
      return line.hasPrefix("error: ") ? String(line.dropFirst(7)) : String(line)
    }
  }

  /// All messages in one line.
  package var description: String {
    messages.isEmpty ? "virsh failed without a message" : messages.joined(separator: "; ")
  }
}
