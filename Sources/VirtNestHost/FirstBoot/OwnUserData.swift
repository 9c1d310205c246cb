internal import LosslessXML
package import VirtNest

/// A user-data file of the user's, which goes into the seed beside ours.
package struct OwnUserData: Hashable, Sendable {
  /// The file, unchanged.
  package let bytes: [UInt8]

  /// What cloud-init takes for user-data, by its first line (`cloudinit/handlers/__init__.py`,
  /// `INCLUSION_TYPES_MAP`).
  private static let beginnings: Set<String> = [
    "#cloud-config", "#cloud-config-archive", "#cloud-config-jsonp", "#cloud-boothook",
    "#include", "#include-once", "#part-handler", "## template: jinja",
  ]

  /// Reads a file.
  ///
  /// - Throws: ``InvalidValue`` if it is not text, or nothing that cloud-init would use.
  package init(file: [UInt8]) throws(InvalidValue) {
    let text = try Self.text(of: file, for: "user-data")
    // As type_from_starts_with() there does: blank lines before it are none, and case does not count.
    let first = String(
      text.unicodeScalars.drop { $0.properties.isWhitespace }.prefix { $0 != "\n" }
    ).trimmingSpaces
    let isKnown = Self.beginnings.contains { beginning in
      // A URL may stand behind #include.
      first.lowercased().hasPrefix(beginning)
        && first.unicodeScalars.dropFirst(beginning.unicodeScalars.count).first
          .map(\.properties.isWhitespace) ?? true
    }
    guard first.hasPrefix("#!") || isKnown else {
      let isMultipart =
        first.lowercased().hasPrefix("content-type:")
        || first.lowercased().hasPrefix("mime-version:")
      throw InvalidValue(
        "user-data", String(first.prefix(40)),
        isMultipart
          ? "it has several parts already; give one of them"
          : "its first line must be #cloud-config, a #! line, or another that cloud-init knows")
    }
    bytes = file
  }

  /// cloud-init's archive of this file and a configuration of ours.
  ///
  /// cloud-init merges the parts in order: values of this file stay, what it does not say is added,
  /// and our lists are added to its lists.
  func merged(with configuration: String) -> String {
    let boundary = "====virt-nest===="
    // In base64, because cloud-init reads other bytes than ASCII wrongly without it.
    return """
      Content-Type: multipart/mixed; boundary="\(boundary)"
      MIME-Version: 1.0

      --\(boundary)
      Content-Type: text/plain; charset="utf-8"
      Content-Transfer-Encoding: base64
      Content-Disposition: attachment; filename="user-data"

      \(Base64.lines(bytes).joined(separator: "\n"))
      --\(boundary)
      Content-Type: text/cloud-config; charset="utf-8"
      Merge-Type: list(append)+dict(no_replace,recurse_list)+str()
      Content-Disposition: attachment; filename="virt-nest"

      \(configuration)
      --\(boundary)--

      """
  }

  /// A file as text.
  static func text(of file: [UInt8], for what: String) throws(InvalidValue) -> String {
    guard !file.starts(with: [0xEF, 0xBB, 0xBF]) else {
      throw InvalidValue(what, "", "the file begins with a byte order mark; save it without")
    }
    guard let text = String(validating: file, as: UTF8.self), !file.contains(0) else {
      throw InvalidValue(what, "", "the file is not UTF-8 text")
    }
    guard !text.trimmingSpaces.isEmpty else { throw InvalidValue(what, "", "the file is empty") }
    return text
  }
}
