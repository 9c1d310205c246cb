public import LosslessXML

/// A file that the rules have looked at.
///
/// Files can be looked at side by side on several threads; ``diagnostics(of:)`` then puts together
/// what was found, and looks at all of them together.
public struct CheckedFile: Sendable {
  /// The name that diagnostics give.
  public let name: String
  /// What was read; `nil` where the file is no domain definition.
  let guest: CheckedGuest?
  /// What was found in it by itself, before comments in it leave anything out.
  var own: [Diagnostic]
  /// Codes of rules that nobody looked for, or that nobody wants to know of.
  private let ignored: Set<Diagnostic.Code>
  private let levels: [Diagnostic.Code: Diagnostic.Severity]
  private let comments: [IgnoreComment]

  /// Looks at a file by itself.
  ///
  /// - Parameters:
  ///   - name: the name that diagnostics give.
  ///   - bytes: a domain definition; one that cannot be read as such is a diagnostic.
  ///   - schema: libvirt's schema; `nil` leaves it out. Where a rule finds an error in the same
  ///     place, the rule alone speaks: it knows more.
  ///   - today: the day that the ends of releases are compared with.
  ///   - ignored: codes of rules that are left out.
  ///   - levels: rules whose findings matter more or less than the rule says.
  public init(
    _ name: String, _ bytes: [UInt8], schema: Schema? = nil, today: CalendarDate,
    ignoring ignored: Set<Diagnostic.Code> = [],
    levels: [Diagnostic.Code: Diagnostic.Severity] = [:]
  ) {
    self.name = name
    self.levels = levels
    self.ignored = schema == nil ? ignored.union([Rule.schema.code]) : ignored
    do throws(VirtNestError) {
      let definition = try DomainDefinition(bytes)
      let guest = CheckedGuest(file: name, definition: definition, today: today)
      self.guest = guest
      let found = Rule.all.filter { !ignored.contains($0.code) }.flatMap { $0.diagnostics(guest) }
      let mismatches = schema.map { Self.mismatches(of: guest, $0, beside: found) } ?? []
      let (comments, wrong) = IgnoreComment.all(in: definition.document)
      self.comments = comments
      own = found + mismatches.filter { !ignored.contains($0.code) } + wrong
    } catch {
      guest = nil
      comments = []
      own = error.diagnostics.filter { !ignored.contains($0.code) }
    }
  }

  /// What the schema does not allow, without what a rule explains: an error about the same element
  /// or attribute.
  private static func mismatches(
    of guest: CheckedGuest, _ schema: Schema, beside found: [Diagnostic]
  ) -> [Diagnostic] {
    let explained = Set(found.filter { $0.severity == .error }.compactMap { $0.place?.range })
    return schema.mismatches(of: guest.definition.document).compactMap { mismatch in
      let element = mismatch.element
      let name = mismatch.attribute.map { element.name(of: $0) }
      let diagnostic = Rule.schema.finding(
        element, attribute: name, mismatch.message,
        advice: """
          Correct it or remove it. Without schema validation libvirt may ignore it, or refuse it \
          in its own words.
          """)
      let isExplained =
        explained.contains(element.range) || explained.contains(diagnostic.place?.range ?? 0..<0)
      return isExplained ? nil : diagnostic
    }
  }

  /// What was found in files: in each by itself, and in all of them together.
  ///
  /// - Parameter files: the files; what one has in common with another is found in the later one.
  /// - Returns: the diagnostics in the order of the files, by place, then by code. What comments in a
  ///   file ignore is left out, and a comment that ignores nothing is reported.
  public static func diagnostics(of files: [CheckedFile]) -> [Diagnostic] {
    var found = files.map(\.own)
    let read = files.indices.filter { files[$0].guest != nil }
    let guests = read.compactMap { files[$0].guest }
    for rule in Rule.all {
      for (index, diagnostic) in rule.findTogether?(guests, rule) ?? []
      where !files[read[index]].ignored.contains(rule.code) {
        found[read[index]].append(diagnostic)
      }
    }
    return zip(files, found).flatMap { file, diagnostics in
      file.judged(diagnostics).map { $0.about(file.name) }.sorted(by: comesBefore)
    }
  }

  /// Findings as the file's comments and levels have them.
  private func judged(_ found: [Diagnostic]) -> [Diagnostic] {
    let shown = found.filter { diagnostic in !comments.contains { $0.covers(diagnostic) } }
    let unused = comments.flatMap { comment in
      comment.codes.filter { code in
        !ignored.contains(code) && Rule.isFoundInOneDefinition(code)
          && !found.contains { $0.code == code && comment.covers($0) }
      }.map(comment.unused)
    }
    return (shown + unused).map { diagnostic in
      var diagnostic = diagnostic
      diagnostic.severity = levels[diagnostic.code] ?? diagnostic.severity
      return diagnostic
    }
  }

  private static func comesBefore(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
    let offset = { (diagnostic: Diagnostic) in diagnostic.place?.range.lowerBound ?? -1 }
    return (offset(left), left.code) < (offset(right), right.code)
  }
}

/// A comment in a definition that leaves rules out: `<!-- virt-nest: ignore VN042 reason -->`.
///
/// Behind something else on its line it is about that line. Otherwise it is about the next element
/// and everything in it; before the root that is the whole file.
struct IgnoreComment: Sendable {
  /// The rules that it names.
  let codes: [Diagnostic.Code]
  /// Where the comment stands.
  let place: Diagnostic.Place
  /// The findings that begin here are left out; `nil` for the whole file.
  private let scope: Range<Int>?

  /// The comments of a document, and what is wrong with those that cannot be read.
  static func all(in document: Document) -> (comments: [IgnoreComment], wrong: [Diagnostic]) {
    var comments: [IgnoreComment] = []
    var wrong: [Diagnostic] = []
    // A definition without such a comment is not scanned a second time.
    guard document.contains("virt-nest:", in: document.bytes.indices) else { return ([], []) }
    for range in document.comments {
      let words = document.text(in: range.lowerBound + 4..<range.upperBound - 3)
        .split { $0.isWhitespace || $0 == "," }
      guard words.starts(with: ["virt-nest:", "ignore"]) else { continue }
      let place = Diagnostic.Place(range, document.location(of: range.lowerBound))
      let named = words.dropFirst(2).prefix { $0.uppercased().hasPrefix("VN") }
      let rules = named.map { (name: $0, rule: Rule.named(String($0))) }
      if named.isEmpty {
        wrong.append(
          .warning("unused-ignore", "the comment names no rule to ignore, as in VN042", at: place))
      }
      for (name, rule) in rules where rule == nil {
        wrong.append(.warning("unused-ignore", "there is no rule '\(name)' to ignore", at: place))
      }
      comments.append(
        IgnoreComment(
          codes: rules.compactMap { $0.rule?.code }, place: place,
          scope: scope(of: range, in: document)))
    }
    return (comments, wrong)
  }

  private static func scope(of comment: Range<Int>, in document: Document) -> Range<Int>? {
    let line = document.line(at: comment.lowerBound)
    let isAlone = document.bytes[line.lowerBound..<comment.lowerBound].allSatisfy {
      [0x20, 0x09, 0xEF, 0xBB, 0xBF].contains($0)
    }
    guard isAlone else { return line }
    if comment.lowerBound < document.root.range.lowerBound { return nil }
    let next = document.elements.first { $0.range.lowerBound >= comment.upperBound }
    let end = document.elements.reversed().first { $0.range.contains(comment.lowerBound) }?.range
    // An element that follows the end of the parent is not the next one.
    guard let next, let end, next.range.upperBound <= end.upperBound else {
      return comment.upperBound..<comment.upperBound
    }
    return next.range
  }

  /// Whether it leaves a finding out.
  func covers(_ diagnostic: Diagnostic) -> Bool {
    guard codes.contains(diagnostic.code) else { return false }
    guard let scope else { return true }
    return diagnostic.place.map { scope.contains($0.range.lowerBound) } ?? false
  }

  /// A rule that it names and that found nothing there.
  func unused(_ code: Diagnostic.Code) -> Diagnostic {
    .warning(
      "unused-ignore", "the comment ignores \(code), which finds nothing here",
      advice: "Remove it.", at: place)
  }
}
