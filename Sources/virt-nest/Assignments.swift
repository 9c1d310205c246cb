import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

/// Values of parameters as a user gives them: `NAME=VALUE`.
struct Assignments {
  private(set) var values: [String: String] = [:]

  /// Reads the values of `--set`.
  init(_ texts: [String]) throws {
    for text in texts { try add(text, from: "--set") }
  }

  /// Reads a file of lines.
  init(file path: String) throws {
    let bytes = try OriginalFile.read(FilePath(argument: path), maximumSize: 1 << 20).bytes
    let lines = String(decoding: bytes, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
      try add(String(line), from: "\(path):\(index + 1)")
    }
  }

  private mutating func add(_ text: String, from origin: String) throws {
    guard let (name, value) = text.parted(at: "="), !name.isEmpty else {
      throw ValidationError("\(origin): '\(text)' is not parameter=value")
    }
    guard values.updateValue(value, forKey: name) == nil else {
      throw ValidationError("\(origin): the parameter '\(name)' is given twice")
    }
  }
}

extension PropertyOptions {
  /// Gives the options that are named like a parameter of the template to that parameter.
  mutating func move(to values: inout [String: String], of template: Template) throws {
    let candidates: [WritableKeyPath<PropertyOptions, String?>: String] = [
      \.name: "name", \.uuid: "uuid", \.memory: "memory", \.vcpus: "vcpus", \.cpu: "cpu",
      \.machine: "machine", \.emulator: "emulator", \.virtType: "virt-type",
    ]
    for (path, name) in candidates {
      // These take lists, of which a parameter is one part.
      let takesList = ["memory", "vcpus", "cpu"].contains(name)
      guard let text = self[keyPath: path], template.parameter(name) != nil,
        !takesList || !text.contains(where: { ",=".contains($0) })
      else { continue }
      guard values.updateValue(text, forKey: name) == nil else {
        throw ValidationError("--\(name) and --set \(name)=… are the same; give one of them")
      }
      self[keyPath: path] = nil
    }
  }
}
