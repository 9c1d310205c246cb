import ArgumentParser
import Glibc
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

extension TemplateStore {
  /// The store of the current user, with the folder that a file `.virt-nest.conf` names.
  static func configured() throws -> TemplateStore {
    var configurations = ConfigurationFiles()
    let settings = try configurations.settings(for: "-")
    return TemplateStore(projectFolder: settings.templates.map { FilePath(argument: $0) })
  }
}

/// The folder of the user's own templates.
enum TemplateFolder {
  /// Makes it where it is not there yet.
  static func make() throws -> String {
    guard let folder = TemplateStore().userFolder else {
      throw VirtNestError("neither XDG_CONFIG_HOME nor HOME names a folder")
    }
    var path = FilePath(root: folder.root, [])
    for component in folder.components {
      path.append(component)
      guard path.withPlatformString({ mkdir($0, 0o777) }) == 0 || errno == EEXIST else {
        throw VirtNestError(
          "cannot be made: \(Errno(rawValue: errno))", in: path.argument)
      }
    }
    return path.argument
  }
}
