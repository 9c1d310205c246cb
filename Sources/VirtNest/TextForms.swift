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
  let isPlain = word.utf8.allSatisfy {
    $0.isLetter || $0.isDigit || "_@%+=:,./-".utf8.contains($0)
  }
  if isPlain, !word.isEmpty { return word }
  if !word.unicodeScalars.contains(where: \.isInvisible) {
    return "'" + insideSingleQuotes(word) + "'"
  }
  var octal = ""
  for scalar in word.unicodeScalars {
    if scalar.isInvisible || "'\\%".unicodeScalars.contains(scalar) {
      for byte in String(scalar).utf8 { octal += "\\" + byte.digits(3, radix: 8) }
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
  value.replacing("'", with: #"'\''"#)
}

extension Unicode.Scalar {
  /// Whether it changes how the text around it is shown: control characters, marks of direction,
  /// separators of lines, and characters without a shape.
  package var isInvisible: Bool {
    switch value {
    case 0..<0x20, 0x7F...0x9F, 0xAD, 0x061C, 0x180E, 0x200B...0x200F, 0x2028...0x202E,
      0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB, 0xE0000...0xE0FFF:
      true
    default: byte != nil
    }
  }
}

extension String {
  /// The text in one line, with what is not visible in it as `\n`, `\x1b` or `\u{202e}`.
  ///
  /// A byte that is no UTF-8 is `\xff`.
  package var visible: String { visible(keepingTabs: false) }

  /// The same, where a tab may stay a tab.
  package func visible(keepingTabs: Bool) -> String {
    guard unicodeScalars.contains(where: \.isInvisible) else { return self }
    var text = ""
    for scalar in unicodeScalars {
      guard scalar.isInvisible, !keepingTabs || scalar != "\t" else {
        text.unicodeScalars.append(scalar)
        continue
      }
      switch scalar {
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      default:
        let value = scalar.byte.map(UInt32.init) ?? scalar.value
        text +=
          value < 0x100
          ? "\\x" + value.digits(2, radix: 16) : "\\u{" + String(value, radix: 16) + "}"
      }
    }
    return text
  }
}

extension UInt8 {
  /// Whether it is one of `a` to `z` and `A` to `Z`.
  package var isLetter: Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
  }

  /// Whether it is one of `0` to `9`.
  package var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
