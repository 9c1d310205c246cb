internal import LosslessXML

/// Splits a command line into words as sh does, without expansions.
///
/// libvirt quotes with single quotes and `\'` (`src/util/virbuffer.c`, `virBufferEscapeShell`).
func shellWords(_ text: String) -> [String] {
  var words: [String] = []
  var word: String.UnicodeScalarView?
  var isQuoted = false
  var isEscaped = false
  for scalar in text.unicodeScalars {
    if isEscaped {
      isEscaped = false
      // A backslash at the end of a line joins it with the next.
      if scalar != "\n" { word = (word ?? .init()) + [scalar] }
    } else if isQuoted {
      if scalar == "'" { isQuoted = false } else { word?.append(scalar) }
    } else if scalar == "'" {
      isQuoted = true
      word = word ?? .init()
    } else if scalar == "\\" {
      isEscaped = true
    } else if [" ", "\n", "\t"].contains(scalar) {
      if let ended = word { words.append(String(ended)) }
      word = nil
    } else {
      word = (word ?? .init()) + [scalar]
    }
  }
  if let ended = word { words.append(String(ended)) }
  return words
}
