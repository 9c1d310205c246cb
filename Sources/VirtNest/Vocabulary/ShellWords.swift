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

/// A value as it stands within single quotes of sh.
package func insideSingleQuotes(_ value: String) -> String {
  value.replacing("'", with: #"'\''"#)
}
