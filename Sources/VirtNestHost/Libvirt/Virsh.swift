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

  /// The URI that virsh connects to, which it chooses where none is given.
  ///
  /// - Throws: ``VirtNestError`` if there is no connection.
  package func effectiveURI() async throws -> String {
    try await line(["uri"])
  }

  /// The first line that a virsh command prints.
  ///
  /// - Throws: ``VirtNestError`` if virsh fails.
  func line(_ arguments: [String]) async throws -> String {
    String(try await run(arguments).prefix { !$0.isNewline })
  }

  /// The argument that names a guest; a name that begins with a dash is no option in it.
  static func domain(_ name: String) -> String { "--domain=" + name }

  /// Runs a virsh command.
  ///
  /// - Parameter input: its standard input, which is closed afterwards.
  /// - Throws: ``VirtNestError`` if virsh fails.
  func run(
    _ arguments: [String], input: FileDescriptor? = nil, limit: Duration = timeLimit
  ) async throws -> String {
    let ended = try await ended(arguments, input: input, limit: limit)
    guard ended.status == 0 else {
      throw VirtNestError(virsh: Self.messages(in: ended.errorOutput))
    }
    return ended.output
  }

  private func ended(
    _ arguments: [String], input: FileDescriptor? = nil, limit: Duration = timeLimit
  ) async throws -> ToolRun {
    try await ToolRun.run(
      "virsh", ["--quiet"] + connection + arguments, environment: Self.environment, input: input,
      limit: limit)
  }

  /// The options of virsh for this connection.
  var connection: [String] { uri.map { ["--connect=" + $0] } ?? [] }

  /// Without this, libvirt's log would appear between the error messages.
  static let environment = ["LIBVIRT_DEBUG": "4"]

  /// What a command of several printed.
  struct Answer {
    var output: String
    /// Its error messages; empty if it succeeded.
    var errors: [String]

    /// Why it failed; `nil` if it succeeded.
    var failure: VirtNestError? { errors.isEmpty ? nil : VirtNestError(virsh: errors) }

    /// The value in a line `Name:  value` of it.
    subscript(name: String) -> String? {
      output.split(whereSeparator: \.isNewline).lazy.compactMap { $0.parted(at: ":") }
        .first { $0.head == name }?.tail.trimmingSpaces
    }

    /// The bytes of the XML in it.
    var xml: [UInt8] { Array(output.drop { $0 != "<" }.utf8) }

    /// What several commands printed that are one to the caller.
    static func + (left: Answer, right: Answer) -> Answer {
      Answer(output: left.output + right.output, errors: left.errors + right.errors)
    }
  }

  /// Runs many commands in one virsh, and so in one login of an ssh URI.
  ///
  /// A command that fails does not stop the others.
  /// - Throws: ``VirtNestError`` if there is no connection.
  func answers(to commands: [String]) async throws -> [Answer] {
    var all: [Answer] = []
    var rest = commands[...]
    while !rest.isEmpty {
      // One argument has at most 128 KiB (Linux, MAX_ARG_STRLEN).
      var size = 0
      let batch = rest.prefix { command in
        size += command.utf8.count + 2 * Self.markCommands("0").utf8.count
        return size < 100_000
      }
      let part = batch.isEmpty ? rest.prefix(1) : batch
      all += try await answers(inOneRun: Array(part))
      rest = rest.dropFirst(part.count)
    }
    return all
  }

  /// Commands that print a mark on both outputs.
  private static func markCommands(_ mark: String) -> String {
    "; echo --str \(mark); echo --err --str \(mark); "
  }

  private func answers(inOneRun commands: [String]) async throws -> [Answer] {
    // Nothing that a guest's definition holds can be this mark.
    let mark = "virt-nest-\(UInt64.random(in: .min ... .max))"
    // What virsh says about the connection itself, such as that no polkit runs, belongs to none.
    let script = (["uri"] + commands).map { $0 + Self.markCommands(mark) }.joined()
    let ended = try await ended([script])
    let outputs = ended.output.split(separator: mark, omittingEmptySubsequences: false)
    let errors = ended.errorOutput.split(separator: mark, omittingEmptySubsequences: false)
    guard outputs.count == commands.count + 2, errors.count == commands.count + 2 else {
      throw VirtNestError(virsh: Self.messages(in: ended.errorOutput))
    }
    return zip(outputs, errors).dropFirst().dropLast().map { output, error in
      Answer(
        output: String(output.drop(while: \.isNewline)),
        // virsh's echo says error: before the mark as well.
        errors: Self.messages(in: String(error)).filter { !$0.isEmpty })
    }
  }

  /// The error messages of virsh, without the prefix `error:`.
  static func messages(in errorOutput: String) -> [String] {
    errorOutput.split(whereSeparator: \.isNewline).compactMap { line in
      // Lines of libvirt's log begin with a date and a space, those of QEMU with a date and a T.
      let day = line.prefix(10)
      if day.prefix(4).allSatisfy(\.isNumber), day.dropFirst(4).first == "-",
        line.dropFirst(10).first == " "
      {
        return nil
      }
      return line.hasPrefix("error: ") ? String(line.dropFirst(7)) : String(line)
    }
  }

  /// A word as virsh reads it from its command line.
  static func quoted(_ word: String) -> String {
    "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
