import ArgumentParser
import Glibc
import LosslessXML
import SystemPackage
import VirtNest

/// Questions on the terminal for the parameters of a template.
struct Questions {
  let template: Template

  /// Questions about a template.
  ///
  /// - Throws: ``VirtNestError`` where standard input is no terminal.
  init(_ template: Template) throws {
    guard isatty(STDIN_FILENO) == 1 else {
      throw VirtNestError("--ask needs a terminal; give values by --set or --parameters")
    }
    self.template = template
  }

  /// The values that are given, and the answers for the others; an empty line leaves the default.
  func answers(beside given: [String: String]) throws -> [String: String] {
    var values = given
    for parameter in template.parameters where given[parameter.name] == nil {
      if let help = parameter.help { Terminal.say(help) }
      while true {
        let question = "\(parameter.name) [\(template.defaultDescription(of: parameter))]: "
        try Terminal.ask(question)
        guard let line = readLine() else {
          Terminal.say("")
          throw VirtNestError("no answer for \(parameter.name); nothing was made")
        }
        if line.isEmpty { break }
        do throws(InvalidValue) {
          try parameter.check(line)
          values[parameter.name] = line
          break
        } catch {
          Terminal.say("\(error)")
        }
      }
    }
    return values
  }
}

extension Questions {
  /// Asks the person at the terminal, who need not be at standard input, whether to go on.
  ///
  /// - Throws: ``VirtNestError`` where there is no terminal.
  static func isAgreed(_ question: String) throws -> Bool {
    do {
      let terminal = try FileDescriptor.open("/dev/tty", .readWrite)
      return try terminal.closeAfter {
        try terminal.writeAll(question.visible.utf8)
        var answer = [UInt8](repeating: 0, count: 256)
        let count = try answer.withUnsafeMutableBytes { try terminal.read(into: $0) }
        let word = String(decoding: answer.prefix(count), as: UTF8.self).lowercased()
        return ["y\n", "yes\n"].contains(word)
      }
    } catch {
      throw VirtNestError("there is no terminal to ask at: give --yes, or --dry-run")
    }
  }
}
