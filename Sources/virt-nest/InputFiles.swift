import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

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
