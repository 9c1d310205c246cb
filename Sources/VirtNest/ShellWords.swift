internal import LosslessXML

/// Splits a command line into words as sh does, without expansions.
///
/// libvirt quotes with single quotes and `\'` (`src/util/virbuffer.c`, `virBufferEscapeShell`).
/// - Throws: ``InvalidValue`` where a quote is not closed.
package func shellWords(_ text: String) throws(InvalidValue) -> [String] {
  var words: [String] = []
  var word: String.UnicodeScalarView?
  var quote: UnicodeScalar?
  var isEscaped = false
  for scalar in text.unicodeScalars {
    if isEscaped {
      isEscaped = false
      // In double quotes a backslash is an ordinary character before all but these.
      if quote != nil, !"\\\"$`\n".unicodeScalars.contains(scalar) { word?.append("\\") }
      // A backslash at the end of a line joins it with the next.
      if scalar != "\n" { word = (word ?? .init()) + [scalar] }
    } else if scalar == "\\", quote != "'" {
      isEscaped = true
      word = word ?? (quote == nil ? nil : .init())
    } else if let open = quote {
      if scalar == open { quote = nil } else { word?.append(scalar) }
    } else if scalar == "'" || scalar == "\"" {
      quote = scalar
      word = word ?? .init()
    } else if [" ", "\n", "\t", "\r"].contains(scalar) {
      if let ended = word { words.append(String(ended)) }
      word = nil
    } else {
      word = (word ?? .init()) + [scalar]
    }
  }
  guard quote == nil, !isEscaped else {
    throw InvalidValue("command line", text, "a quote is not closed, or a backslash is its end")
  }
  if let ended = word { words.append(String(ended)) }
  return words
}

/// A word as sh reads it: in single quotes if necessary, and always on one line.
///
/// Every word that is printed for a shell goes through here. Characters that would change a line or a
/// terminal are written as octal numbers, from which `printf` makes them again.
package func shellWord(_ word: String) -> String {
  let isPlain = word.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "_@%+=:,./-".utf8.contains(byte)
    }
  }
  if isPlain, !word.isEmpty { return word }
  let isVisible = word.unicodeScalars.allSatisfy { !$0.isInvisible }
  if isVisible { return "'" + insideSingleQuotes(word) + "'" }
  var octal = ""
  for scalar in word.unicodeScalars {
    if scalar.isInvisible || "'\\%".unicodeScalars.contains(scalar) {
      for byte in String(scalar).utf8 {
        let digits = String(byte, radix: 8)
        octal += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      }
    } else {
      octal.unicodeScalars.append(scalar)
    }
  }
  // $(…) takes line ends away: the word itself has none at its end.
  return word.utf8.last == 0x0A
    ? "'" + insideSingleQuotes(word) + "'" : "\"$(printf '\(octal)')\""
}

/// A word for sh that is no option, also where it begins with a dash.
package func shellOperand(_ word: String) -> String {
  (word.utf8.first == UInt8(ascii: "-") ? "-- " : "") + shellWord(word)
}

/// A value as it stands within single quotes of sh.
package func insideSingleQuotes(_ value: String) -> String {
  // A quote and a combining mark behind it are one Character.
  var quoted = String.UnicodeScalarView()
  for scalar in value.unicodeScalars {
    if scalar == "'" {
      quoted.append(contentsOf: #"'\''"#.unicodeScalars)
    } else {
      quoted.append(scalar)
    }
  }
  return String(quoted)
}
