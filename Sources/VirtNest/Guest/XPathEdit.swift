package import LosslessXML

/// A change of places that an expression of XPath 1.0 selects, for what the model does not have.
package struct XPathEdit: Hashable, Sendable {
  /// What is done.
  package enum Action: Hashable, Sendable {
    /// Gives every attribute, text or element without elements in it this value.
    case set(String)
    /// Removes every element, attribute or text.
    case delete
    /// Puts elements into every element, where libvirt prints them; not where they are already.
    case insert(Fragment)
  }

  /// The places.
  package var xpath: String
  /// What is done to them.
  package var action: Action

  /// An action at the places that an expression selects.
  package init(_ xpath: String, _ action: Action) {
    self.xpath = xpath
    self.action = action
  }

  /// Reads `XPATH=VALUE`.
  ///
  /// - Throws: ``InvalidValue`` where there is no `=` outside of brackets and quotes.
  package init(set text: String) throws(InvalidValue) {
    let (xpath, value) = try Self.split(text, option: "set-xpath", as: "XPATH=VALUE")
    guard value.isRepresentableInXML else {
      throw InvalidValue("set-xpath", text, "XML cannot carry a character of the value")
    }
    self.init(xpath, .set(value))
  }

  /// Reads `PARENT=XML-FRAGMENT`.
  ///
  /// - Throws: ``InvalidValue`` where there is no `=` outside of brackets and quotes, or the
  ///   fragment is not well-formed.
  package init(insert text: String) throws(InvalidValue) {
    let (xpath, xml) = try Self.split(text, option: "insert-xpath", as: "PARENT=XML-FRAGMENT")
    do throws(MalformedXML) {
      self.init(xpath, .insert(try Fragment(Array(xml.utf8))))
    } catch {
      throw InvalidValue("insert-xpath", text, error.message)
    }
  }

  /// Evaluates the expression where nothing is, to find what is wrong with it by itself.
  ///
  /// - Throws: `XPathError`.
  package func check(namespaces: [String: String]) throws(XPathError) {
    guard let empty = try? Document(Array("<domain/>".utf8)) else { return }
    _ = try empty.matches(
      of: xpath, namespaces: DomainNamespace.boundPrefixes.merging(namespaces) { $1 })
  }

  /// Cuts at the first `=` that is part of no predicate, argument or string.
  private static func split(
    _ text: String, option: String, as form: String
  ) throws(InvalidValue) -> (xpath: String, value: String) {
    var depth = 0
    var quote: UInt8?
    for (offset, byte) in text.utf8.enumerated() {
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        if quote == nil { quote = byte } else if quote == byte { quote = nil }
      case _ where quote != nil: break
      case UInt8(ascii: "["), UInt8(ascii: "("): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: ")"): depth -= 1
      case UInt8(ascii: "=") where depth <= 0 && offset > 0:
        return (
          String(decoding: text.utf8.prefix(offset), as: UTF8.self),
          String(decoding: text.utf8.dropFirst(offset + 1), as: UTF8.self)
        )
      default: break
      }
    }
    throw InvalidValue(option, text, "write \(form); an '=' in brackets or quotes belongs to XPATH")
  }
}

extension XPathEdit {
  /// Whether a prefix can be declared for a namespace, as XML and its namespaces want it.
  package static func canBind(_ prefix: String, to namespace: String) -> Bool {
    let isName = prefix.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        || "-_.".unicodeScalars.contains(scalar)
    }
    guard isName, !prefix.lowercased().hasPrefix("xml"), !namespace.isEmpty,
      namespace.isRepresentableInXML,
      let fragment = try? Fragment(Array("<\(prefix):a/>".utf8))
    else { return false }
    return fragment.freePrefixes == [prefix]
  }
}

extension Element {
  /// An XPath expression that selects only this element; `nil` if its namespace cannot be written in one.
  var selectingXPath: String? {
    guard let parent else { return "/domain" }
    guard let base = parent.selectingXPath else { return nil }
    var step = localName
    if let namespace {
      if let bound = DomainNamespace.boundPrefixes.first(where: { $0.value == namespace }) {
        step = "\(bound.key):\(step)"
      } else if namespace.contains("'") {
        return nil
      } else {
        step = "*[local-name()='\(step)' and namespace-uri()='\(namespace)']"
      }
    }
    let twins = parent.children(localName, in: namespace)
    if twins.count > 1 {
      if isNamed("disk"), let target = child("target")?["dev"],
        !target.contains("\""), twins.count(where: { $0.child("target")?["dev"] == target }) == 1
      {
        return "\(base)/\(step)[target/@dev=\"\(target)\"]"
      }
      guard let index = twins.firstIndex(of: self) else { return nil }
      step += "[\(index + 1)]"
    }
    return "\(base)/\(step)"
  }
}
