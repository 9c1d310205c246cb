package import LosslessXML

/// Checks for templates, beyond those of `check` for definitions.
package enum TemplateLint {
  /// Checks a template.
  ///
  /// - Parameters:
  ///   - name: the file's name for diagnostics.
  ///   - bytes: the file's content.
  ///   - schema: libvirt's schema; `nil` skips the check against it.
  ///   - today: the date with which the end of life of a release is compared.
  /// - Returns: the diagnostics in document order, including those of `check`.
  package static func diagnostics(
    of name: String, _ bytes: [UInt8], schema: Schema? = nil, today: CalendarDate
  ) -> [Diagnostic] {
    var file = CheckedFile(name, bytes, schema: schema, today: today)
    if let definition = file.guest?.definition {
      do throws(VirtNestError) {
        file.own += diagnostics(of: try Template(definition))
      } catch {
        file.own += error.diagnostics.map { problem in
          Rule.brokenBlock.finding(
            problem.message, advice: problem.advice ?? "Correct the block.", at: problem.place)
        }
      }
    }
    return CheckedFile.diagnostics(of: [file])
  }

  private static func diagnostics(of template: Template) -> [Diagnostic] {
    let domain = template.definition.domain
    var found: [Diagnostic] = []
    let add = { (rule: Rule, message: String, advice: Advice, place: Diagnostic.Place?) in
      found.append(rule.finding(message, advice: advice, at: place))
    }
    if template.block == nil {
      add(
        Rule.noBlock, "there is no block of parameters in <metadata>",
        "Make a template from it: \(.newTemplate).", domain.place)
    }
    for parameter in template.parameters
    where parameter.places.isEmpty && !isNeeded(parameter, in: template) {
      add(
        Rule.unusedParameter, "the parameter '\(parameter.name)' sets nothing",
        "Give it a <set>, or remove it.", parameter.place)
    }
    addValues(of: template, add)
    addIdentity(of: template, add)
    // A guest without nesting, such as the template l2, cannot run Kata Containers.
    let nests = NestingFacts(of: template.definition).asked != .off
    if nests, let name = domain.child("name"), !GuestName.hasKata(name.text) {
      add(
        Rule.nameWithoutKata, "the name '\(name.text)' does not contain 'kata'",
        "Add it if the guests are for Kata Containers.", name.place)
    }
    addDistribution(of: template, add)
    return found
  }

  private typealias Add = (Rule, String, Advice, Diagnostic.Place?) -> Void

  /// Computes every value for a guest without options.
  private static func addValues(of template: Template, _ add: Add) {
    guard var values = try? ParameterValues(template, GuestRequest()) else { return }
    for parameter in template.parameters {
      do throws(InvalidValue) {
        // A parameter without a default is only computed if another value needs it.
        if parameter.hasDefault || isNeeded(parameter, in: template) {
          _ = try values.value(of: parameter.name)
        }
      } catch {
        let rule = error.property == parameter.name ? Rule.refusedDefault : Rule.unknownValue
        add(
          rule, "the default of '\(parameter.name)': \(error)",
          "Correct the default or its limits.",
          parameter.place)
        continue
      }
      for place in parameter.places where !needsGivenValue(place, in: template) {
        do throws(InvalidValue) {
          _ = try place.value.filled { name throws(InvalidValue) in try values.value(of: name) }
        } catch {
          add(
            Rule.unknownValue, "the value '\(place.value.text)': \(error)", "Correct the value.",
            place.place)
        }
      }
    }
    for name in (try? template.placesThatDefaultsChange()) ?? [] {
      add(
        Rule.differentDefault, "the default of '\(name)' differs from the value in the definition",
        "Write the default into the definition, or remove the default.",
        template.parameter(name)?.place)
    }
  }

  /// Whether a place is written only if the user gives a value, so that no default can be computed.
  private static func needsGivenValue(_ place: ParameterPlace, in template: Template) -> Bool {
    place.value.names.contains { template.parameter($0)?.hasDefault == false }
  }

  /// Whether the value of another parameter needs it.
  private static func isNeeded(_ parameter: Parameter, in template: Template) -> Bool {
    template.parameters.contains { other in
      other.name != parameter.name
        && (other.defaultTemplate?.names.contains(parameter.name) == true
          || other.places.contains { $0.value.names.contains(parameter.name) })
    }
  }

  private static func addIdentity(of template: Template, _ add: Add) {
    let domain = template.definition.domain
    let fixed = template.fixedIdentityParts.filter(\.parameters.isEmpty)
    for part in template.definition.identityParts {
      let message = "\(part.what) belongs to one guest"
      let isFixed = fixed.contains { $0.part.element == part.element }
      let advice: Advice
      switch part.renewal {
      case .derived: advice = "Remove it; create derives it from the name."
      case .follows(.uuid, _): advice = "Remove it; it repeats the uuid."
      case .follows(.name, _) where isFixed:
        advice = "Set it by the parameter of the name, or remove it."
      case .chosenByLibvirt: advice = "Remove it; libvirt chooses one."
      case .kept where part.key != nil && isFixed:
        add(
          Rule.sharedByGuests, "\(message), and every guest of the template has it",
          "Set it by a parameter, or remove it.", part.element.place)
        continue
      case .follows, .kept: continue
      }
      add(Rule.identityLeftIn, message, advice, part.element.place)
    }
    if domain["id"] != nil {
      add(Rule.identityLeftIn, "the id belongs to a running guest", "Remove it.", domain.place)
    }
    for graphics in domain.devices("graphics")
    where graphics["passwd"] != nil {
      add(
        Rule.identityLeftIn, "the template contains a display password", "Remove it.",
        graphics.place)
    }
  }

  private static func addDistribution(of template: Template, _ add: Add) {
    guard let id = template.distribution else { return }
    func unknown(_ what: String, _ known: [String]) {
      add(
        Rule.unknownDistribution, "the \(what) is not known",
        "Use one of \(known.joined(separator: ", ")).", template.block?.place)
    }
    if ReleaseTable.distribution(id) == nil {
      unknown("distribution '\(id)'", ReleaseTable.distributions.map(\.id))
    } else if let release = template.release,
      ReleaseTable.release(distribution: id, matching: release) == nil
    {
      unknown("release '\(release)' of \(id)", ReleaseTable.knownReleases(of: id))
    }
  }
}

/// What `template lint` finds beyond what `check` does.
extension Rule {
  static let templateRules = [
    brokenBlock, noBlock, unusedParameter, unknownValue, differentDefault, refusedDefault,
    nameWithoutKata, identityLeftIn, unknownDistribution, sharedByGuests,
  ]

  private static func lint(
    _ code: Diagnostic.Code, _ severity: Diagnostic.Severity, _ title: String, reason: String
  ) -> Rule {
    Rule(code, severity, title, reason: reason, source: "Templates/README.md")
  }

  static let brokenBlock = lint(
    "VN101", .error, "The block of parameters cannot be used",
    reason: """
      A place selects nothing, or more than one thing without many='yes'; a name is reserved or used \
      twice; a type, limit, pattern or value cannot be read. No guest can be made from it.
      """)
  static let noBlock = lint(
    "VN102", .warning, "There is no block of parameters",
    reason: """
      Any definition can be used as a template, but without a block only the name and the options \
      of create change something.
      """)
  static let unusedParameter = lint(
    "VN103", .warning, "A parameter is not used",
    reason: "It sets no place and no other value refers to it, so that setting it has no effect.")
  static let unknownValue = lint(
    "VN104", .error, "A value cannot be computed",
    reason: """
      A {name} in it is neither a parameter nor one of release, codename, index and osinfo; or it \
      refers to itself; or its format does not fit.
      """)
  static let differentDefault = lint(
    "VN105", .error, "A default differs from the definition",
    reason: """
      The definition itself holds the defaults: with all of them, nothing changes but the identity. \
      If a default differs, the file and the guests made from it are two different things.
      """)
  static let refusedDefault = lint(
    "VN106", .error, "The definition has a value that its parameter refuses",
    reason: "It is outside the parameter's own range, pattern or list of values.")
  static let nameWithoutKata = lint(
    "VN107", .warning, "The guest's name does not contain kata",
    reason: """
      Emulator wrappers look for kata in the name, and so do people: guests for Kata Containers are \
      usually named like this.
      """)
  static let identityLeftIn = lint(
    "VN108", .error, "What identifies one guest is still in the template",
    reason: """
      Two guests made from it would share it. create derives uuid and MAC addresses from the name. \
      What libvirt writes for a running guest (id, aliases) belongs to that run.
      """)
  static let unknownDistribution = lint(
    "VN109", .warning, "The distribution or release is not in the table of releases",
    reason: """
      {codename} and {osinfo} then have no values, no other release can be chosen, and an end of \
      life is not reported.
      """)
  static let sharedByGuests = lint(
    "VN110", .warning, "Every guest of the template has the same image, device or port",
    reason: """
      Two guests that write to one image destroy it, and a device or port serves one guest at a \
      time. A parameter can set it for each guest.
      """)
}
