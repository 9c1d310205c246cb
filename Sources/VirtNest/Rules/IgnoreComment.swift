internal import LosslessXML

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
