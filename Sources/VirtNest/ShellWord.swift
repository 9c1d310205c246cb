internal import LosslessXML

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
  if isVisible { return "'" + word.replacing("'", with: #"'\''"#) + "'" }
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
    ? "'" + word.replacing("'", with: #"'\''"#) + "'" : "\"$(printf '\(octal)')\""
}

/// A word for sh that is no option, also where it begins with a dash.
package func shellOperand(_ word: String) -> String {
  (word.utf8.first == UInt8(ascii: "-") ? "-- " : "") + shellWord(word)
}
