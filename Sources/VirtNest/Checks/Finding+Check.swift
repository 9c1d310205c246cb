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
    var findings = [[Finding]](repeating: [], count: files.count)
    var indices: [Int] = []
    var subjects: [Subject] = []
    for (index, file) in files.enumerated() {
      do {
        let definition = try DomainDefinition(file.bytes)
        subjects.append(Subject(file: file.name, definition: definition, today: today))
        indices.append(index)
      } catch {
        findings[index].append(
          Rule.notADefinition.finding(
            error.message, do: "Give a file with libvirt's <domain> in it.", in: file.name,
            at: error.location))
      }
    }
    let rules = Rule.all.filter { !ignored.contains($0.id) }
    for (index, subject) in zip(indices, subjects) {
      findings[index] += alone(
        subject, rules, schema: ignored.contains(Rule.schema.id) ? nil : schema)
    }
    for rule in rules {
      guard case .together(let find) = rule.search else { continue }
      for (place, hit) in find(subjects) {
        findings[indices[place]].append(rule.finding(hit, in: subjects[place].file))
      }
    }
    return findings.flatMap { $0.sorted(by: comesBefore) }.filter { !ignored.contains($0.id) }
  }

  /// What is to be said about one definition by itself.
  private static func alone(_ subject: Subject, _ rules: [Rule], schema: Schema?) -> [Finding] {
    let hits = rules.flatMap { rule in rule.hits(subject).map { (rule, $0) } }
    let errors = hits.filter { $0.0.severity == .error }.map(\.1)
    let violations = schema?.violations(of: subject.definition.document) ?? []
    return hits.map { $0.finding($1, in: subject.file) }
      + violations.filter { violation in !errors.contains { $0.explains(violation) } }
      .map { Rule.schema.finding($0, in: subject.file) }
  }

  private static func comesBefore(_ left: Finding, _ right: Finding) -> Bool {
    let start = SourceLocation(line: 0, column: 0)
    let (leftPlace, rightPlace) = (left.location ?? start, right.location ?? start)
    return leftPlace == rightPlace ? left.id < right.id : leftPlace < rightPlace
  }
}

extension Hit {
  /// Whether a violation of the schema is about the same thing.
  fileprivate func explains(_ violation: SchemaViolation) -> Bool {
    guard violation.element == element else { return false }
    let isWhole = offset == element.range.lowerBound
    return isWhole || violation.attribute.map { $0.name.lowerBound == offset } ?? false
  }
}

extension Rule {
  fileprivate func finding(_ violation: SchemaViolation, in file: String) -> Finding {
    finding(
      violation.message,
      do: "Correct it or take it out; without --validate libvirt may ignore it instead.",
      in: file, at: violation.location)
  }
}
