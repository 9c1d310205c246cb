import ArgumentParser
import Glibc
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

/// A definition that a command was given: a file, or standard input.
struct Input {
  /// The name as it was given.
  var name: String
  var bytes: [UInt8]
  /// The file; `nil` for standard input.
  var file: OriginalFile?

  /// Something that is in memory already.
  init(name: String, bytes: [UInt8]) { (self.name, self.bytes) = (name, bytes) }

  /// Reads a file, or standard input for `-`.
  init(_ name: String) throws(VirtNestError) {
    self.name = name
    do throws(VirtNestError) {
      if name == "-" {
        bytes = try Self.standardInput()
      } else {
        let file = try OriginalFile.read(
          FilePath(argument: name), maximumSize: Document.maximumSize)
        (self.file, bytes) = (file, file.bytes)
      }
    } catch {
      throw error.about(name)
    }
  }

  /// Reads a file; says what is wrong and gives `nil` where it cannot.
  static func read(_ name: String) -> Input? {
    said { () throws(VirtNestError) in try Input(name) }
  }

  /// The definition in a file; says what is wrong and gives `nil` where there is none.
  static func readDefinition(_ name: String) -> DomainDefinition? {
    said { () throws(VirtNestError) in try Input(name).definition() }
  }

  /// The facts of a host in a file; says what is wrong and gives `nil` where there are none.
  static func readFacts(_ name: String) -> HostFacts? {
    said { () throws(VirtNestError) in try Input(name).hostFacts() }
  }

  private static func said<Value>(_ body: () throws(VirtNestError) -> Value) -> Value? {
    do throws(VirtNestError) { return try body() } catch {
      Terminal.say(error.diagnostics)
      return nil
    }
  }

  private static func standardInput() throws(VirtNestError) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= Document.maximumSize {
      let count: Int
      do {
        count = try buffer.withUnsafeMutableBytes {
          try FileDescriptor.standardInput.read(into: $0)
        }
      } catch {
        throw VirtNestError("cannot read: \(error)", in: "-")
      }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
    throw VirtNestError(
      "more than \(Document.maximumSize) bytes; is it a domain definition?", in: "-")
  }

  /// What a file holds.
  static func value<Value>(of name: String, _ read: ([UInt8]) throws -> Value) throws -> Value {
    let input = try Input(name)
    do { return try read(input.bytes) } catch let error as InvalidValue {
      throw VirtNestError(error.description, in: name)
    }
  }

  /// The elements of the list of JSON in it, which are guests.
  func guests() throws(VirtNestError) -> [JSONWriter.Value] {
    do throws(MalformedJSON) {
      if let guests = try JSONReader.value(of: bytes).elements { return guests }
    } catch {
      throw VirtNestError(
        error.reason, in: name, at: Position(line: error.line, column: error.column))
    }
    throw VirtNestError("a list of guests is expected", in: name)
  }

  /// The definition in it.
  func definition() throws(VirtNestError) -> DomainDefinition {
    do throws(VirtNestError) { return try DomainDefinition(bytes) } catch {
      throw error.about(name)
    }
  }

  /// The template in it.
  func template() throws(VirtNestError) -> Template {
    do throws(VirtNestError) { return try Template(try definition()) } catch {
      throw error.about(name)
    }
  }

  /// The facts of a host in it.
  func hostFacts() throws(VirtNestError) -> HostFacts {
    do throws(VirtNestError) { return try HostFacts(reading: bytes) } catch {
      throw error.about(name)
    }
  }
}

/// Refuses to read standard input twice.
func requireOneStandardInput(in files: [String]) throws {
  if files.count(where: { $0 == "-" }) > 1 {
    throw ValidationError("standard input can be read only once")
  }
}

/// The files that a command was given by their names or by their folders.
struct InputFiles: ParsableArguments {
  @Flag(
    help: "Pass over XML files whose root is not <domain>, as is always done in folders.")
  var domainsOnly = false

  /// A file to work on.
  struct Entry: Sendable {
    /// Its name; `-` for standard input.
    var name: String
    /// Whether it is passed over where it is XML of another kind.
    var isOptional: Bool

    /// Whether to pass over it, now that its bytes are known.
    func isPassedOver(_ input: Input) -> Bool {
      isOptional && DomainDefinition.isOtherXML(input.bytes)
    }
  }

  /// A file of a folder; `./guest.xml` is named `guest.xml`, as reviews of code have it.
  private static func entry(_ path: FilePath) -> Entry {
    let components = path.components.filter { $0.kind != .currentDirectory }
    return Entry(name: FilePath(root: path.root, components).argument, isOptional: true)
  }

  /// The files of names, and of the folders among them, each once.
  ///
  /// - Throws: ``VirtNestError`` for a folder that cannot be read, or holds none.
  func entries(of names: [String]) throws -> [Entry] {
    var seen: Set<String> = []
    return try names.flatMap { name -> [Entry] in
      guard name != "-", DefinitionFolder.isFolder(FilePath(argument: name)) else {
        return [Entry(name: name, isOptional: domainsOnly)]
      }
      let found = try DefinitionFolder.files(in: FilePath(argument: name))
      if !found.isEmpty { return found.map(Self.entry) }
      throw VirtNestError("the folder has no file *.xml", in: name)
    }.filter { entry in !entry.isOptional || seen.insert(entry.name).inserted }
  }
}

extension CompletionKind {
  /// Files of definitions, and folders.
  static var definitions: Self { .file(extensions: ["xml"]) }

  /// Names of templates.
  ///
  /// What is wrong with a configuration is no matter of completion.
  static var templates: Self {
    .custom { _, _, _ in ((try? TemplateStore.configured()) ?? TemplateStore()).names() }
  }

  /// Releases of the template that the command line names; all where it names none.
  static var releases: Self {
    .custom { words, _, _ in
      let named = words.compactMap { ReleaseTable.distribution($0)?.id }.first
      return ReleaseTable.releases.filter { named == nil || $0.distribution == named }.map(\.id)
    }
  }

  /// Ids of the rules.
  static var rules: Self { .list(Rule.everything.map(\.code.description)) }

  /// Guests of the libvirt here.
  static var guests: Self { .shellCommand("virsh list --all --name 2>/dev/null") }
}
