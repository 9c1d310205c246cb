extension Rule {
  /// What `virt-nest explain` says: what the rule finds, why it matters, and where that is known
  /// from.
  package var explanation: String {
    """
    \(id) \(severity.rawValue): \(title)

    \(Self.wrapped(reason))

    Source:   \(source)
    Versions: \(versions)

    """
  }

  /// A text in lines of 80 columns at most, as far as its words allow.
  private static func wrapped(_ text: String) -> String {
    var lines: [String] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      if let last = lines.last, last.count + 1 + word.count <= 80 {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines.joined(separator: "\n")
  }
}
