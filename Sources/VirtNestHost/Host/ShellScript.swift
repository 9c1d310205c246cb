internal import LosslessXML
internal import VirtNest

/// A POSIX sh script with placeholders.
///
/// In the script's text, `'@NAME@'` stands for a value, which is inserted quoted. A line that is only
/// `@NAME@` stands for lines, which are inserted unchanged (into a here-document). Placeholders in
/// inserted text are not replaced.
struct ShellScript {
  private let text: String

  /// Reads a script.
  ///
  /// - Parameter bytes: The text, in UTF-8.
  init(_ bytes: [UInt8]) {
    text = String(decoding: bytes, as: UTF8.self)
  }

  /// The script with values in place of the placeholders.
  /// - Precondition: Each placeholder has a value, and each value has a placeholder.
  func filled(values: [String: String], lines: [String: String] = [:]) -> String {
    var unused = Set(values.keys).union(lines.keys)
    var result: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let name = Self.place(line), let block = lines[name] {
        unused.remove(name)
        result.append(block.hasSuffix("\n") ? String(block.dropLast()) : block)
        continue
      }
      var filled = ""
      for (index, part) in line.split(separator: "'", omittingEmptySubsequences: false).enumerated()
      {
        if let name = Self.place(part), let value = values[name] {
          unused.remove(name)
          filled += (index == 0 ? "" : "'") + insideSingleQuotes(value)
        } else {
          filled += (index == 0 ? "" : "'") + part
        }
      }
      result.append(filled)
    }
    precondition(unused.isEmpty, "the script has no placeholder for \(unused.sorted())")
    return result.joined(separator: "\n")
  }

  private static func place(_ text: Substring) -> String? {
    guard text.count > 2, text.first == "@", text.last == "@" else { return nil }
    let name = text.dropFirst().dropLast()
    return name.allSatisfy { $0 == "_" || ("A"..."Z").contains($0) } ? String(name) : nil
  }
}
