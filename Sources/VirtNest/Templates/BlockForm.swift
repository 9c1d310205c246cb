internal import LosslessXML

/// The elements and attributes that a block of parameters may contain, as in `Templates/template.rng`.
///
/// With it a misspelt attribute is reported and not ignored.
struct BlockForm {
  private struct Form {
    var required: [String] = []
    var optional: [String] = []
    var children: [String] = []
    var hasText = false
    /// Attributes whose value must be a word (``BlockForm/isWord(_:)``).
    var words: [String] = []
  }

  private static let forms: [String: Form] = [
    "template": Form(
      required: ["name", "version"], children: ["distribution", "parameter"], words: ["name"]),
    "distribution": Form(required: ["id", "release"], words: ["id", "release"]),
    "parameter": Form(
      required: ["name", "type"], optional: ["default", "min", "max", "multiple", "pattern"],
      children: ["help", "value", "set"]),
    "help": Form(hasText: true),
    "value": Form(hasText: true),
    "set": Form(required: ["select", "value"], optional: ["many", "optional"]),
  ]

  /// The mistakes in a block, in document order.
  static func problems(in block: Element) -> [Diagnostic] {
    var problems: [Diagnostic] = []
    add(block, to: &problems)
    if block["version"].map({ Int($0).map { $0 < 1 } ?? true }) == true {
      problems.append(
        .error("template", "version must be a whole number of at least 1", at: block.place))
    }
    return problems
  }

  /// Whether a text contains only letters, digits, `-`, `_` and `.` and begins with a letter or digit.
  static func isWord(_ text: String) -> Bool {
    let isFirst = { (byte: UInt8) in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
    return text.utf8.first.map(isFirst) == true
      && text.utf8.allSatisfy { isFirst($0) || "-_.".utf8.contains($0) }
  }

  private static func add(_ element: Element, to problems: inout [Diagnostic]) {
    guard let form = forms[element.localName] else { return }
    let name = "<\(element.qualifiedName)>"
    for attribute in form.required where element[attribute] == nil {
      problems.append(.error("template", "\(name) needs \(attribute)='…'", at: element.place))
    }
    for attribute in element.attributes {
      let attributeName = element.document.text(in: attribute.name)
      let isDeclaration = attributeName == "xmlns" || attributeName.hasPrefix("xmlns:")
      let known = form.required + form.optional
      guard !isDeclaration, !known.contains(attributeName) else { continue }
      problems.append(
        .error(
          "template",
          "\(name) has no attribute '\(attributeName)'; "
            + (known.isEmpty
              ? "remove it, because the element has no attributes"
              : "its attributes are \(known.joined(separator: ", "))"),
          at: element.place))
    }
    for attribute in form.words {
      guard let text = element[attribute], !isWord(text) else { continue }
      problems.append(
        .error(
          "template",
          "\(attribute)='\(text)' may contain letters, digits and - _ . and must begin with a letter "
            + "or digit",
          at: element.place))
    }
    for attribute in ["many", "optional"] where form.optional.contains(attribute) {
      guard let text = element[attribute], text != "yes", text != "no" else { continue }
      problems.append(
        .error("template", "\(attribute)='\(text)' must be yes or no", at: element.place))
    }
    addContent(of: element, name, form, to: &problems)
  }

  private static func addContent(
    of element: Element, _ name: String, _ form: Form, to problems: inout [Diagnostic]
  ) {
    // The text of an element includes that of its children.
    let count = { (element: Element) in element.text.count { !$0.isWhitespace } }
    if !form.hasText, count(element) > element.children.reduce(0, { $0 + count($1) }) {
      problems.append(
        .error("template", "\(name) contains text; remove it", at: element.place))
    }
    for child in element.children {
      let isKnown =
        form.children.contains(child.localName) && child.namespace == DomainNamespace.template
      if isKnown {
        add(child, to: &problems)
      } else {
        problems.append(
          .error(
            "template",
            "<\(child.qualifiedName)> is not allowed in \(name); "
              + (form.children.isEmpty
                ? "remove it, because the element contains text only"
                : "allowed are \(form.children.joined(separator: ", "))"),
            at: child.place))
      }
    }
    let isParameter = element.isNamed("parameter", in: DomainNamespace.template)
    for (single, parent) in [("help", isParameter), ("distribution", !isParameter)] where parent {
      let twins = element.children(single, in: DomainNamespace.template)
      if twins.count > 1 {
        problems.append(
          .error("template", "there is a second <\(single)>; remove one", at: twins[1].place))
      }
    }
  }
}
