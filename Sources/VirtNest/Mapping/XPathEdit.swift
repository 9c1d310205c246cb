internal import LosslessXML

/// A change by an expression, for whatever the model does not describe.
public struct XPathEdit: Hashable, Sendable {
  /// What is done at the places that the expression finds.
  public enum Action: Hashable, Sendable {
    /// Sets the text of elements, or the value of attributes.
    case set(String)
    /// Removes elements with their lines, attributes, or text.
    case delete
    /// Inserts elements, given as XML, where libvirt prints them.
    case insert(String)
  }

  /// An expression of XPath 1.0.
  public var xpath: String
  /// What is done there.
  public var action: Action

  /// A change at the places of an expression.
  public init(_ xpath: String, _ action: Action) {
    self.xpath = xpath
    self.action = action
  }

  /// Reads `XPATH=VALUE`: the first `=` outside of brackets and quotes divides them.
  ///
  /// - Throws: ``InvalidValue`` where there is no such `=`, or nothing before it.
  public static func split(
    _ text: String, option: String
  ) throws(InvalidValue) -> (xpath: String, value: String) {
    var depth = 0
    var quote: Character?
    for index in text.indices {
      let character = text[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == "[" || character == "(" {
        depth += 1
      } else if character == "]" || character == ")" {
        depth -= 1
      } else if character == "=", depth == 0, index != text.startIndex {
        return (String(text[..<index]), String(text[text.index(after: index)...]))
      }
    }
    throw InvalidValue(
      option, text, "give an expression, '=' and what belongs there, as in /domain/title='my guest'"
    )
  }
}

extension DomainEditor {
  /// Does changes by expressions, which all look at the definition as it was.
  mutating func apply(_ edits: GuestChanges.XPathEdits) {
    guard !edits.edits.isEmpty else { return }
    let namespaces = DomainNamespace.boundPrefixes.merging(edits.namespaces) { _, given in given }
    let context = XPathContext(domain.document, namespaces: namespaces)
    for edit in edits.edits {
      do throws(XPathError) {
        let matches = try context.matches(of: edit.xpath)
        if matches.isEmpty, !edits.ifPresent {
          problems.append(
            Problem("XPath '\(edit.xpath)' finds nothing; --if-present takes that for done"))
        }
        for match in matches { apply(edit, at: match, namespaces) }
      } catch {
        var advice = ""
        if case .unknownPrefix(let prefix) = error.reason {
          advice = ", by --namespace \(prefix)=URI"
        }
        problems.append(Problem(error.description + advice))
      }
    }
  }

  private mutating func apply(
    _ edit: XPathEdit, at match: XPathMatch, _ namespaces: [String: String]
  ) {
    switch (edit.action, match) {
    case (.set(let value), _) where !value.isRepresentableInXML:
      problems.append(Problem("XML cannot carry a character of '\(value)'"))
    case (.set(let value), .attribute(let element, let attribute)):
      setAttribute(element.document.text(in: attribute.name), of: element, to: value)
    case (.set(let value), .element(let element)), (.set(let value), .text(let element, _)):
      guard element.children.first(where: { _ in true }) == nil else {
        problems.append(
          Problem(
            "'\(edit.xpath)' finds <\(element.qualifiedName)>, which has elements in it and no text",
            at: element.location))
        return
      }
      changes.setText(of: element, to: value)
    case (.delete, .attribute(let element, let attribute)):
      changes.removeAttribute(element.document.text(in: attribute.name), of: element)
    case (.delete, .element(let element)):
      guard element.parent != nil else {
        problems.append(Problem("the root cannot be removed", at: element.location))
        return
      }
      changes.remove(element)
    case (.delete, .text(_, let range)): changes.replace(range, with: [])
    case (.insert(let fragment), .element(let parent)):
      do throws(Fragment.Failure) {
        for element in try Fragment.elements(of: fragment, in: parent, namespaces) {
          add(element, toExisting: parent)
        }
      } catch {
        problems.append(Problem(error.message, at: parent.location))
      }
    case (.insert, _):
      problems.append(
        Problem("'\(edit.xpath)' finds no element that something could be inserted into"))
    }
  }
}

/// XML that is to be inserted.
private enum Fragment {
  struct Failure: Error {
    var message: String
  }

  /// The elements of a fragment, with the namespace declarations that they need in their new place.
  static func elements(
    of text: String, in parent: Element, _ namespaces: [String: String]
  ) throws(Failure) -> [NewElement] {
    var known = namespaces
    for prefix in prefixes(in: text) {
      if let bound = parent.namespace(boundTo: prefix) { known[prefix] = bound }
    }
    let declarations = known.sorted { $0.key < $1.key }.map { prefix, name in
      " xmlns:\(prefix)='\(name.replacing("&", with: "&amp;").replacing("'", with: "&apos;"))'"
    }
    let wrapped = "<fragment\(declarations.joined())>\(text)</fragment>"
    let document: Document
    do throws(MalformedXML) {
      document = try Document(Array(wrapped.utf8))
    } catch {
      throw Failure(message: "what is to be inserted cannot be read: \(error.message)")
    }
    var elements: [NewElement] = []
    for child in document.root.children {
      var element = try newElement(child)
      for prefix in prefixes(in: document.text(in: child.range)).sorted()
      where parent.namespace(boundTo: prefix) == nil && child["xmlns:" + prefix] == nil {
        guard let name = known[prefix] else {
          throw Failure(
            message: "the prefix '\(prefix)' is not bound; give --namespace \(prefix)=URI")
        }
        element.setAttribute("xmlns:" + prefix, to: name)
      }
      elements.append(element)
    }
    if elements.isEmpty { throw Failure(message: "there is no element in '\(text)'") }
    return elements
  }

  private static func newElement(_ element: Element) throws(Failure) -> NewElement {
    let document = element.document
    var new = NewElement(element.qualifiedName)
    for attribute in element.attributes {
      new.setAttribute(document.text(in: attribute.name), to: element.value(of: attribute))
    }
    for child in element.children { new.children.append(try newElement(child)) }
    let text = element.text
    if new.children.isEmpty {
      new.text = text.isEmpty ? nil : text
    } else if !ownText(of: element).allSatisfy(\.isWhitespace) {
      throw Failure(
        message: "<\(element.qualifiedName)> has text beside elements, which libvirt has nowhere")
    }
    return new
  }

  private static func ownText(of element: Element) -> String {
    element.children.reduce(element.text) { $0.replacing($1.text, with: "", maxReplacements: 1) }
  }

  /// What stands before a colon in names, roughly: a prefix too many is declared in vain.
  private static func prefixes(in text: String) -> Set<String> {
    var prefixes: Set<String> = []
    for piece in text.split(separator: ":").dropLast() {
      let name = String(
        piece.reversed().prefix { $0.isLetter || $0.isNumber || "-_.".contains($0) }.reversed())
      let before = piece.dropLast(name.count).last
      if !name.isEmpty, name != "xmlns", before == "<" || before == "/" || before == " " {
        prefixes.insert(name)
      }
    }
    return prefixes
  }
}
