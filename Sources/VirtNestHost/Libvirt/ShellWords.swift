/// A word for sh, quoted if necessary.
func shellWord(_ word: String) -> String {
  let isPlain = word.unicodeScalars.allSatisfy { scalar in
    scalar.isASCII
      && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        || "_@%+=:,./-".unicodeScalars.contains(scalar))
  }
  return isPlain && !word.isEmpty ? word : shellQuoted(word)
}
