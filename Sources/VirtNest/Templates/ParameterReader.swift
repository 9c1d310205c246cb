internal import LosslessXML
internal import Templates

/// Reads the parameters in the block of a template and finds their places in the definition.
struct ParameterReader {
  let block: Element
  var problems: [Diagnostic] = []
  private let context: XPathContext
  private let definition: DomainDefinition

  init(_ block: Element, in definition: DomainDefinition) {
    self.block = block
    self.definition = definition
    var namespaces = DomainNamespace.boundPrefixes
    // A block can declare prefixes for other namespaces of the definition.
    for attribute in block.attributes {
      let name = block.name(of: attribute)
      if name.hasPrefix("xmlns:") {
        namespaces[String(name.dropFirst(6))] = block.value(of: attribute)
      }
    }
    context = XPathContext(block.document, namespaces: namespaces)
  }

  mutating func read() -> [Parameter] {
    var parameters: [Parameter] = []
    for element in block.children("parameter", in: DomainNamespace.template) {
      guard let parameter = read(element) else { continue }
      if Template.reservedNames.contains(parameter.name) {
        fail("the name '\(parameter.name)' is reserved; use another name", at: element)
      }
      if parameters.contains(where: { $0.name == parameter.name }) {
        fail("there are two parameters '\(parameter.name)'; rename or remove one", at: element)
      }
      parameters.append(parameter)
    }
    problems = formProblems() + problems
    return parameters
  }

  /// The schema of a block, compiled when the first template is read.
  private static let schema = Result {
    try Schema(bytes: BuiltInTemplates.schema, name: "template.rng")
  }

  /// What the schema does not allow in the block, without what a problem found here explains: those
  /// know the parameter's name and type.
  private func formProblems() -> [Diagnostic] {
    let schema: Schema
    do { schema = try Self.schema.get() } catch {
      return [.error("template", "\(error)", at: block.place)]
    }
    let explained = Set(problems.compactMap { $0.place?.range })
    return schema.mismatches(of: block.document).compactMap { mismatch in
      let element = mismatch.element
      guard block.range.contains(element.range.lowerBound) else { return nil }
      switch mismatch.kind {
      case .attributeValue, .text, .missingElement, .combination, .unknownPlace:
        // What is found here of a <set> is never about its form.
        if element.localName == "set" { break }
        let around = [element, element.parent].compactMap { $0?.range }
        if around.contains(where: explained.contains) { return nil }
      case .element, .attribute, .missingAttribute, .searchCutShort: break
      }
      return .error("template", mismatch.message, at: element.place)
    }
  }

  private mutating func fail(_ message: String, at element: Element) {
    problems.append(.error("template", message, at: element.place))
  }

  private mutating func read(_ element: Element) -> Parameter? {
    // The schema reports what is missing.
    guard let name = element["name"], let type = element["type"] else { return nil }
    guard Self.isName(name) else {
      fail(
        "'\(name)' is not a valid parameter name; it must begin with a letter and may contain "
          + "letters, digits, - and _",
        at: element)
      return nil
    }
    guard let kind = Parameter.Kind(rawValue: type) else {
      let kinds = Parameter.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      fail("the type of '\(name)' must be one of \(kinds)", at: element)
      return nil
    }
    let help = element.child("help", in: DomainNamespace.template)
    let values = element.children("value", in: DomainNamespace.template).map {
      $0.text.trimmingSpaces
    }
    if kind == .enum, values.isEmpty {
      fail("the enum '\(name)' needs at least one <value>", at: element)
    }
    if kind != .enum, !values.isEmpty {
      fail("'\(name)' has a <value>, which is only allowed for an enum", at: element)
    }
    if help?.text.contains(where: { !$0.isWhitespace }) != true {
      fail("the parameter '\(name)' needs a <help>", at: element)
    }
    if element["pattern"] != nil, kind != .string, kind != .path {
      fail("'\(name)' has a pattern, which is only allowed for strings and paths", at: element)
    }
    checkLimits(of: element, name, kind)
    return Parameter(
      name: name, kind: kind,
      help: help.map { $0.text.split(whereSeparator: \.isWhitespace).joined(separator: " ") },
      defaultText: element["default"], minimum: element["min"], maximum: element["max"],
      multiple: element["multiple"], pattern: element["pattern"], values: values,
      place: element.place,
      defaultTemplate: read(element["default"], at: element, ValueTemplate.init),
      compiledPattern: read(element["pattern"], at: element) { try Pattern($0) },
      places: places(of: element))
  }

  private mutating func checkLimits(of element: Element, _ name: String, _ kind: Parameter.Kind) {
    for attribute in ["min", "max", "multiple"] {
      guard let text = element[attribute] else { continue }
      let number = kind.number(text)
      if number == nil || attribute == "multiple" && number ?? 1 < 1 {
        fail(
          "\(attribute)='\(text)' of '\(name)' is not a valid "
            + "\(kind == .size ? "size" : "number"); only integers and sizes have limits",
          at: element)
      }
    }
    if let minimum = element["min"].flatMap(kind.number),
      let maximum = element["max"].flatMap(kind.number), minimum > maximum
    {
      fail("the min of '\(name)' is greater than its max", at: element)
    }
  }

  /// Whether a text is a valid parameter name.
  private static func isName(_ text: String) -> Bool {
    text.utf8.first?.isLetter == true
      && text.utf8.allSatisfy { $0.isLetter || $0.isDigit || "-_".utf8.contains($0) }
  }

  /// What a text is read as; what is wrong with it is a problem.
  private mutating func read<Value>(
    _ text: String?, at element: Element, _ read: (String) throws -> Value
  ) -> Value? {
    do { return try text.map(read) } catch {
      fail("\(error)", at: element)
      return nil
    }
  }

  private mutating func places(of parameter: Element) -> [ParameterPlace] {
    var places: [ParameterPlace] = []
    for set in parameter.children("set", in: DomainNamespace.template) {
      guard let text = set["value"], let value = read(text, at: set, ValueTemplate.init)
      else { continue }
      do {
        let target: ParameterPlace.Target
        let matches: [XPathMatch]
        if let word = set["word"] {
          target = .word(word)
          guard let found = try definition.matches(ofWord: word) else {
            check([], of: set, word)
            continue
          }
          matches = found
          if !matches.isEmpty { check(matches, of: set, word) }
        } else {
          guard let select = set["select"] else { continue }
          target = .xpath(select)
          matches = try context.matches(of: select)
          check(matches, of: set, select)
        }
        places.append(
          ParameterPlace(target: target, value: value, matches: matches, place: set.place))
      } catch {
        fail("\(error)", at: set)
      }
    }
    return places
  }

  private mutating func check(_ matches: [XPathMatch], of set: Element, _ select: String) {
    let isMany = set["many"] == "yes"
    let isOptional = set["optional"] == "yes"
    if matches.isEmpty, !isOptional {
      fail(
        "'\(select)' finds nothing; correct it, or set optional='yes' if that is intended", at: set)
    }
    if matches.count > 1, !isMany {
      fail(
        "'\(select)' finds \(matches.count) places; correct it, or set many='yes' to set all",
        at: set)
    }
    for match in matches {
      if match.range.overlaps(block.range) {
        fail("'\(select)' finds a place in the block of parameters itself", at: set)
      }
      if case .element(let element) = match, !element.isLeaf {
        fail(
          "'\(select)' finds <\(element.qualifiedName)>, which contains elements and no text",
          at: set)
      }
    }
  }
}
