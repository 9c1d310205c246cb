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

  /// Reads a file, or standard input for `-`; says what is wrong and gives `nil` where it cannot.
  static func read(_ name: String) -> Input? {
    if name == "-" { return readStandardInput() }
    do {
      let file = try OriginalFile.read(FilePath(argument: name), maximumSize: Document.maximumSize)
      return Input(name: name, bytes: file.bytes, file: file)
    } catch {
      Terminal.say(.error, error.message, file: name, at: nil)
      return nil
    }
  }

  private static func readStandardInput() -> Input? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    do {
      while bytes.count <= Document.maximumSize {
        let count = try buffer.withUnsafeMutableBytes {
          try FileDescriptor.standardInput.read(into: $0)
        }
        if count == 0 { return Input(name: "-", bytes: bytes, file: nil) }
        bytes += buffer[..<count]
      }
      Terminal.say(
        .error, "more than \(Document.maximumSize) bytes; is it a domain definition?", file: "-",
        at: nil)
    } catch {
      Terminal.say(.error, "cannot read: \(error)", file: "-", at: nil)
    }
    return nil
  }

  /// What a file holds; says what is wrong and throws where it does not hold that.
  static func value<Value>(
    of name: String, _ read: ([UInt8]) throws(InvalidValue) -> Value
  ) throws -> Value {
    guard let input = Self.read(name) else { throw ExitCode.trouble }
    do throws(InvalidValue) {
      return try read(input.bytes)
    } catch {
      Terminal.say(.error, error.description, file: name, at: nil)
      throw ExitCode.trouble
    }
  }

  /// The definition in it; says what is wrong and gives `nil` where there is none.
  func definition() -> DomainDefinition? {
    do {
      return try DomainDefinition(bytes)
    } catch {
      Terminal.say(error.diagnostics, about: name)
      return nil
    }
  }

  /// The template in it; says what is wrong and throws where there is none.
  func template() throws -> Template {
    guard let definition = definition() else { throw ExitCode.trouble }
    do throws(VirtNestError) {
      return try Template(definition)
    } catch {
      Terminal.say(error.diagnostics, about: name)
      throw ExitCode.trouble
    }
  }

  /// The facts of a host in it; says what is wrong and throws where there are none.
  func hostFacts() throws -> HostFacts {
    do throws(MalformedFacts) {
      return try HostFacts(reading: bytes)
    } catch {
      Terminal.say(.error, error.reason, file: name, at: error.place)
      throw ExitCode.trouble
    }
  }
}

extension MalformedFacts {
  /// Where it is wrong, as messages have it.
  var place: Position? { line.map { Position(line: $0, column: column ?? 1) } }
}
