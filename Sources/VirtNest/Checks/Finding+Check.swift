public import LosslessXML

/// A file that is to be checked.
public struct CheckedFile: Hashable, Sendable {
  /// The name that findings say.
  public var name: String
  /// What is in it.
  public var bytes: [UInt8]

  /// A file with a name for findings.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

extension Finding {
  /// Checks definitions: each by itself, and all together.
  ///
  /// - Parameters:
  ///   - files: domain definitions; one that cannot be read as such is a finding, and the others
  ///     are checked all the same.
  ///   - schema: libvirt's schema; `nil` leaves it out. Where a rule finds an error in the same
  ///     place, the rule alone speaks: it knows more.
  ///   - today: the day that releases' ends are compared with.
  ///   - ignored: rules that are left out.
  /// - Returns: the findings in the order of the files, by place, then by id.
  public static func all(
    in files: [CheckedFile], schema: Schema? = nil, today: CalendarDate,
    ignoring ignored: Set<RuleID> = []
  ) -> [Finding] {
    var unreadable = [Finding?](repeating: nil, count: files.count)
    var subjects: [Subject] = []
    for (index, file) in files.enumerated() {
      do {
        let definition = try DomainDefinition(file.bytes)
        subjects.append(
          Subject(file: file.name, number: index, definition: definition, today: today))
      } catch {
        unreadable[index] = Rule.notADefinition.finding(
          error.message, do: "Give a file with libvirt's <domain> in it.", in: file.name,
          at: error.location)
      }
    }
    let rules = Rule.all.filter { !ignored.contains($0.id) }
    var hits = subjects.map { subject in
      rules.flatMap { rule in rule.hits(subject).map { (rule: rule, hit: $0) } }
    }
    for rule in rules {
      guard case .together(let find) = rule.search else { continue }
      for (place, hit) in find(subjects) { hits[place].append((rule, hit)) }
    }
    var findings = unreadable.map { $0.map { [$0] } ?? [] }
    for (subject, hits) in zip(subjects, hits) {
      findings[subject.number] = all(hits, in: subject, schema: schema)
    }
    return findings.flatMap(\.self).filter { !ignored.contains($0.id) }
  }

  /// What is to be said about one definition, by place, then by id.
  private static func all(
    _ hits: [(rule: Rule, hit: Hit)], in subject: Subject, schema: Schema?
  ) -> [Finding] {
    let errors = hits.filter { $0.rule.severity == .error }.map(\.hit)
    let violations = (schema?.violations(of: subject.definition.document) ?? []).filter {
      violation in !errors.contains { $0.explains(violation) }
    }
    // By place, so that lines are counted once for all of them.
    var lines = LineCounter(subject.definition.document.bytes)
    let all = hits + violations.map { (rule: Rule.schema, hit: Hit($0)) }
    return all.sorted { $0.hit.offset < $1.hit.offset }.map { rule, hit in
      rule.finding(
        hit.message, do: hit.advice, in: subject.file, at: lines.location(of: hit.offset))
    }.sorted(by: comesBefore)
  }

  private static func comesBefore(_ left: Finding, _ right: Finding) -> Bool {
    let start = SourceLocation(line: 0, column: 0)
    let (leftPlace, rightPlace) = (left.location ?? start, right.location ?? start)
    return leftPlace == rightPlace ? left.id < right.id : leftPlace < rightPlace
  }
}

extension Hit {
  /// What the schema has to say.
  fileprivate init(_ violation: SchemaViolation) {
    element = violation.element
    offset = (violation.attribute?.name ?? violation.element.range).lowerBound
    message = violation.message
    advice = "Correct it or take it out; without --validate libvirt may ignore it instead."
  }

  /// Whether a violation of the schema is about the same thing.
  fileprivate func explains(_ violation: SchemaViolation) -> Bool {
    guard violation.element == element else { return false }
    let isWhole = offset == element.range.lowerBound
    return isWhole || violation.attribute.map { $0.name.lowerBound == offset } ?? false
  }
}
