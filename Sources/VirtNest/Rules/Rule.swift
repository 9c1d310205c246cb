internal import LosslessXML

/// Something that a definition should not have, or that its reader should know.
package struct Rule: Sendable {
  /// Its id, which never changes its meaning.
  package let id: RuleID
  /// How much its findings matter.
  package let severity: Severity
  /// What it finds, in a few words.
  package let title: String
  /// Why that matters.
  package let reason: String
  /// Where that is known from: a file of libvirt, QEMU or Linux, a document, or a measurement.
  package let source: String
  /// The versions that it concerns.
  package let versions: String
  let search: Search

  /// How it looks.
  enum Search: Sendable {
    /// At one definition.
    case definition(@Sendable (Subject) -> [Hit])
    /// At all definitions that are given together.
    case together(@Sendable ([Subject]) -> [(file: Int, hit: Hit)])
    /// Reading the file finds it.
    case reading
    /// Comparing with libvirt's schema finds it.
    case schema
  }

  init(
    _ number: Int, _ severity: Severity, _ title: String, reason: String, source: String,
    versions: String, search: Search
  ) {
    id = RuleID(number: number)
    self.severity = severity
    self.title = title
    self.reason = reason
    self.source = source
    self.versions = versions
    self.search = search
  }

  /// A rule that looks at one definition.
  init(
    _ number: Int, _ severity: Severity, _ title: String, reason: String, source: String,
    versions: String, find: @escaping @Sendable (Subject) -> [Hit]
  ) {
    self.init(
      number, severity, title, reason: reason, source: source, versions: versions,
      search: .definition(find))
  }

  /// The versions that what rules claim was tried with.
  static let measured = "measured with libvirt 9.0.0 and QEMU 7.2"

  /// What it has to say about one definition by itself.
  func hits(_ subject: Subject) -> [Hit] {
    guard case .definition(let find) = search else { return [] }
    return find(subject)
  }

  func finding(_ hit: Hit, in file: String) -> Finding {
    finding(
      hit.message, do: hit.advice, in: file, at: hit.element.document.location(of: hit.offset))
  }

  func finding(
    _ message: String, do advice: String, in file: String, at location: SourceLocation?
  ) -> Finding {
    Finding(
      id: id, severity: severity, message: message, advice: advice, file: file, location: location)
  }
}
