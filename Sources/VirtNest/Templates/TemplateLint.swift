package import LosslessXML

/// What is wrong with templates, beyond what `check` finds in definitions.
package enum TemplateLint {
  /// Looks at a template.
  ///
  /// - Parameters:
  ///   - file: its name for findings, and its bytes.
  ///   - schema: libvirt's; `nil` leaves it out.
  ///   - today: the day that releases' ends are compared with.
  /// - Returns: the findings by place; those of `check` among them.
  package static func findings(
    in file: CheckedFile, schema: Schema? = nil, today: CalendarDate
  ) -> [Finding] {
    var findings = Finding.all(in: [file], schema: schema, today: today)
    guard let definition = try? DomainDefinition(file.bytes) else { return findings }
    do throws(TemplateError) {
      let template = try Template(definition)
      findings += self.findings(in: template, file.name)
    } catch {
      findings += error.problems.map { problem in
        Rule.brokenBlock.finding(
          problem.text, do: "Correct the block.", in: file.name, at: problem.location)
      }
    }
    let start = SourceLocation(line: 0, column: 0)
    return findings.enumerated().sorted {
      ($0.element.location ?? start, $0.offset) < ($1.element.location ?? start, $1.offset)
    }.map(\.element)
  }

  private static func findings(in template: Template, _ file: String) -> [Finding] {
    let domain = template.definition.domain
    var findings: [Finding] = []
    let add = { (rule: Rule, message: String, advice: String, place: SourceLocation?) in
      findings.append(rule.finding(message, do: advice, in: file, at: place))
    }
    if template.block == nil {
      add(
        Rule.noBlock, "there is no block of parameters in <metadata>",
        "virt-nest template new NAME --from FILE makes one.", domain.location)
    }
    for parameter in template.parameters where !isUsed(parameter, in: template) {
      add(
        Rule.unusedParameter, "the parameter '\(parameter.name)' sets nothing",
        "Give it a <set>, or take it out.", parameter.location)
    }
    addValues(of: template, add)
    addIdentity(of: domain, add)
    // A guest without nesting runs no Kata Containers: the template l2 for one.
    let nests = NestingState(of: template.definition).effective != .off
    if nests, let name = domain.child("name"), !GuestName.hasKata(name.text) {
      add(
        Rule.nameWithoutKata, "the name '\(name.text)' has no 'kata' in it",
        "Put it in where guests are for Kata Containers.", name.location)
    }
    addDistribution(of: template, add)
    return findings
  }

  private typealias Add = (Rule, String, String, SourceLocation?) -> Void

  private static func isUsed(_ parameter: Parameter, in template: Template) -> Bool {
    if !parameter.places.isEmpty { return true }
    return template.parameters.contains { other in
      other.defaultTemplate?.names.contains(parameter.name) == true
        || other.places.contains { $0.value.names.contains(parameter.name) }
    }
  }

  /// Computes every value as for a guest of which nothing is said.
  private static func addValues(of template: Template, _ add: Add) {
    guard var values = try? ParameterValues(template, GuestRequest()) else { return }
    for parameter in template.parameters {
      do throws(InvalidValue) {
        // What is never asked for by another value need not be in the document by itself.
        if parameter.hasDefault || isNeeded(parameter, in: template) {
          _ = try values.value(of: parameter.name)
        }
      } catch {
        let rule = error.property == parameter.name ? Rule.refusedDefault : Rule.unknownValue
        add(
          rule, "the default of '\(parameter.name)': \(error)",
          "Correct the default or its limits.",
          parameter.location)
        continue
      }
      for place in parameter.places where !needsGivenValue(place, in: template) {
        do throws(InvalidValue) {
          _ = try place.value.filled { name throws(InvalidValue) in try values.value(of: name) }
        } catch {
          add(
            Rule.unknownValue, "the value '\(place.value.text)': \(error)", "Correct the value.",
            place.location)
        }
      }
    }
    for name in (try? template.placesThatDefaultsChange()) ?? [] {
      add(
        Rule.differentDefault, "the default of '\(name)' is not what stands at its place",
        "Write the default into the definition, or take the default out.",
        template.parameter(name)?.location)
    }
  }

  /// Whether a place is written only where a value is given, so that there is none to compute.
  private static func needsGivenValue(_ place: ParameterPlace, in template: Template) -> Bool {
    place.value.names.contains { template.parameter($0)?.hasDefault == false }
  }

  private static func isNeeded(_ parameter: Parameter, in template: Template) -> Bool {
    template.parameters.contains { other in
      other.name != parameter.name
        && (other.defaultTemplate?.names.contains(parameter.name) == true
          || other.places.contains { $0.value.names.contains(parameter.name) })
    }
  }

  private static func addIdentity(of domain: Element, _ add: Add) {
    let advice = "Take it out; create derives it from the name."
    if let uuid = domain.child("uuid") {
      add(Rule.identityLeftIn, "the uuid is one guest's", advice, uuid.location)
    }
    if domain["id"] != nil {
      add(Rule.identityLeftIn, "this is a running guest's definition", advice, domain.location)
    }
    for graphics in domain.child("devices")?.children("graphics") ?? []
    where graphics["passwd"] != nil {
      add(
        Rule.identityLeftIn, "the password of the console is left in", "Take it out.",
        graphics.location)
    }
    for interface in domain.child("devices")?.children("interface") ?? [] {
      guard let mac = interface.child("mac") else { continue }
      add(Rule.identityLeftIn, "the address is one guest's", advice, mac.location)
    }
  }

  private static func addDistribution(of template: Template, _ add: Add) {
    guard let id = template.distribution else { return }
    let place = template.block?.location
    guard ReleaseTable.distribution(id) != nil else {
      let known = ReleaseTable.distributions.map(\.id).joined(separator: ", ")
      add(
        Rule.unknownDistribution, "the distribution '\(id)' is not known", "There are \(known).",
        place)
      return
    }
    guard let release = template.release,
      ReleaseTable.release(distribution: id, matching: release) == nil
    else { return }
    let known = ReleaseTable.knownReleases(of: id).joined(separator: ", ")
    add(
      Rule.unknownDistribution, "the release '\(release)' of \(id) is not known",
      "There are \(known).", place)
  }
}
