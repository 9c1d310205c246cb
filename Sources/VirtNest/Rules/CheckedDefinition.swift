package import LosslessXML

/// A file that the rules have looked at.
///
/// Definitions can be looked at, and compared with a schema, at once; ``Finding/all(of:ignoring:)``
/// puts together what was found.
package struct CheckedDefinition: Sendable {
  /// What became of the file; indirect, since it is passed from hand to hand.
  indirect enum Content: Sendable {
    case definition(Subject, hits: [(rule: Rule, hit: Hit)])
    case unreadable(Finding)
  }

  let content: Content
  private(set) var violations: [SchemaViolation] = []

  /// Reads a definition, and applies the rules that look at one definition by itself.
  ///
  /// - Parameters:
  ///   - file: a domain definition; one that cannot be read as such is a finding.
  ///   - today: the day that releases' ends are compared with.
  ///   - ignored: rules that are left out.
  package init(_ file: CheckedFile, today: CalendarDate, ignoring ignored: Set<RuleID> = []) {
    do throws(DefinitionError) {
      let definition = try DomainDefinition(file.bytes)
      let subject = Subject(file: file.name, definition: definition, today: today)
      var hits: [(rule: Rule, hit: Hit)] = []
      for rule in Rule.all where !ignored.contains(rule.id) {
        for hit in rule.hits(subject) { hits.append((rule, hit)) }
      }
      content = .definition(subject, hits: hits)
    } catch {
      content = .unreadable(
        Rule.notADefinition.finding(
          error.message, do: "Give a file with libvirt's <domain> in it.", in: file.name,
          at: error.location))
    }
  }

  /// Compares the definition with libvirt's schema.
  package mutating func compare(with schema: Schema) {
    guard case .definition(let subject, _) = content else { return }
    violations = schema.violations(of: subject.definition.document)
  }
}
