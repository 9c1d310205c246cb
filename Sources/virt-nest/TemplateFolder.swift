import ArgumentParser
import Glibc
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

/// The folder of the user's own templates.
enum TemplateFolder {
  /// Makes it where it is not there yet.
  ///
  /// - Throws: ``ExitCode`` 2, once the reason is said.
  static func make() throws -> String {
    guard let folder = TemplateStore().userFolder else {
      Terminal.say("virt-nest: error: neither XDG_CONFIG_HOME nor HOME names a folder")
      throw ExitCode.trouble
    }
    var path = FilePath(root: folder.root, [])
    for component in folder.components {
      path.append(component)
      guard path.withPlatformString({ mkdir($0, 0o777) }) == 0 || errno == EEXIST else {
        Terminal.say("virt-nest: error: \(path): cannot be made: \(Errno(rawValue: errno))")
        throw ExitCode.trouble
      }
    }
    return path.argument
  }
}
