internal import LosslessXML

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
        let digits = String(scalar.byte.map(UInt32.init) ?? scalar.value, radix: 16)
        text +=
          scalar.value < 0x100 || scalar.byte != nil
          ? "\\x" + (digits.count < 2 ? "0" : "") + digits : "\\u{\(digits)}"
      }
    }
    return text
  }
}
