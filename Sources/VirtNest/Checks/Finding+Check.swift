internal import LosslessXML

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
  ///   - today: the day that releases' ends are compared with.
  ///   - ignoring: rules that are left out.
  /// - Returns: the findings in the order of the files, by place, then by id.
  public static func all(
    in files: [CheckedFile], today: CalendarDate, ignoring ignored: Set<RuleID> = []
  ) -> [Finding] {
    var findings: [(file: Int, finding: Finding)] = []
    var subjects: [(file: Int, subject: Subject)] = []
    for (index, file) in files.enumerated() {
      do {
        let definition = try DomainDefinition(file.bytes)
        subjects.append(
          (index, Subject(file: file.name, definition: definition, today: today)))
      } catch {
        findings.append(
          (
            index,
            Rule.notADefinition.finding(
              error.message, do: "Give a file with libvirt's <domain> in it.", in: file.name,
              at: error.location)
          ))
      }
    }
    for rule in Rule.all {
      switch rule.search {
      case .reading, .schema: break
      case .definition(let find):
        for (index, subject) in subjects {
          findings += find(subject).map { (index, rule.finding($0, in: subject.file)) }
        }
      case .together(let find):
        for (place, hit) in find(subjects.map(\.subject)) {
          let (index, subject) = subjects[place]
          findings.append((index, rule.finding(hit, in: subject.file)))
        }
      }
    }
    return findings.filter { !ignored.contains($0.finding.id) }.sorted { left, right in
      guard left.file == right.file else { return left.file < right.file }
      let leftPlace = left.finding.location ?? SourceLocation(line: 0, column: 0)
      let rightPlace = right.finding.location ?? SourceLocation(line: 0, column: 0)
      guard leftPlace == rightPlace else { return leftPlace < rightPlace }
      return left.finding.id < right.finding.id
    }.map(\.finding)
  }
}
