import ArgumentParser
import Glibc
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

extension TemplateStore {
  /// The store of the current user, with the folder that a file `.virt-nest.conf` names.
  ///
  /// - Throws: ``ExitCode`` 2, once it is said which line of the file cannot be read.
  static func configured() throws -> TemplateStore {
    var configurations = ConfigurationFiles()
    let settings = try configurations.saidSettings(for: "-")
    return TemplateStore(projectFolder: settings.templates.map { FilePath(argument: $0) })
  }
}

extension ConfigurationFiles {
  /// What is said about a definition.
  ///
  /// - Throws: ``ExitCode`` 2, once it is said what is wrong.
  mutating func saidSettings(for file: String) throws -> Configuration.Settings {
    do {
      return try settings(for: FilePath(argument: file))
    } catch let error as VirtNestError {
      Terminal.say(error.diagnostics, about: Configuration.fileName)
      throw ExitCode.trouble
    } catch {
      Terminal.say("virt-nest: error: \(error)")
      throw ExitCode.trouble
    }
  }
}

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
