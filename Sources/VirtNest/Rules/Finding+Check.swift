package import LosslessXML

/// A file that is to be checked.
package struct CheckedFile: Hashable, Sendable {
  /// The name that findings say.
  package var name: String
  /// What is in it.
  package var bytes: [UInt8]

  /// A file with a name for findings.
  package init(name: String, bytes: [UInt8]) {
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
  package static func all(
    in files: [CheckedFile], schema: Schema? = nil, today: CalendarDate,
    ignoring ignored: Set<RuleID> = []
  ) -> [Finding] {
    all(
      of: files.map { file in
        var definition = CheckedDefinition(file, today: today, ignoring: ignored)
        if let schema { definition.compare(with: schema) }
        return definition
      }, ignoring: ignored)
  }

  /// Puts together what was found in definitions, and looks at them all together.
  ///
  /// - Parameters:
  ///   - definitions: what was looked at. Where a rule finds an error in the same place as the
  ///     schema, the rule alone speaks: it knows more.
  ///   - ignored: rules that are left out.
  /// - Returns: the findings in the order of the definitions, by place, then by id.
  package static func all(
    of definitions: [CheckedDefinition], ignoring ignored: Set<RuleID> = []
  ) -> [Finding] {
    var subjects: [Subject] = []
    var hits: [[(rule: Rule, hit: Hit)]] = []
    for case .definition(let subject, let found) in definitions.map(\.content) {
      subjects.append(subject)
      hits.append(found)
    }
    for rule in Rule.all where !ignored.contains(rule.id) {
      guard case .together(let find) = rule.search else { continue }
      for (place, hit) in find(subjects) { hits[place].append((rule, hit)) }
    }
    var findings: [Finding] = []
    var place = 0
    for definition in definitions {
      switch definition.content {
      case .unreadable(let finding): findings.append(finding)
      case .definition(let subject, _):
        findings += all(hits[place], definition.violations, in: subject)
        place += 1
      }
    }
    return findings.filter { !ignored.contains($0.id) }
  }

  /// What is to be said about one definition, by place, then by id.
  private static func all(
    _ hits: [(rule: Rule, hit: Hit)], _ violations: [SchemaViolation], in subject: Subject
  ) -> [Finding] {
    if hits.isEmpty, violations.isEmpty { return [] }
    let errors = hits.filter { $0.rule.severity == .error }.map(\.hit)
    let violations = violations.filter { violation in
      !errors.contains { $0.explains(violation) }
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
