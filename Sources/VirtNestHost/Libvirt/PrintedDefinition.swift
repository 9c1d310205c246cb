internal import LosslessXML
internal import VirtNest

/// A definition printed for a comparison: in libvirt's format, without comments and passwords.
///
/// Differences in indentation, quotes and empty lines, which have no meaning, disappear.
struct PrintedDefinition {
  private(set) var bytes: [UInt8] = []
  private let otherPasswords: [String?]?

  /// Prints a definition.
  ///
  /// - Parameter other: the definition that it is compared with. A password that is not in it is
  ///   marked as a different one; no password is shown.
  init(_ definition: DomainDefinition, comparedWith other: DomainDefinition? = nil) {
    otherPasswords = other.map { Secrets.values(in: $0) }
    append(definition.domain, indentation: "")
  }

  private mutating func append(_ element: Element, indentation: String) {
    let source = element.document.bytes
    var tag = indentation + "<" + element.qualifiedName
    for attribute in element.attributes {
      let name = String(decoding: source[attribute.name], as: UTF8.self)
      var value = String(decoding: source[attribute.value], as: UTF8.self)
      if element.localName == "graphics", name == "passwd" {
        let isKnown = otherPasswords?.contains(element.value(of: attribute)) ?? true
        value = isKnown ? "(hidden)" : "(hidden, different)"
      }
      let quote = value.contains("'") ? "\"" : "'"
      tag += " \(name)=\(quote)\(value)\(quote)"
    }
    let children = Array(element.children)
    let text = children.isEmpty ? element.text : ""
    if !children.isEmpty {
      add(tag + ">")
      for child in children { append(child, indentation: indentation + "  ") }
      add("\(indentation)</\(element.qualifiedName)>")
    } else if text.allSatisfy(\.isWhitespace) {
      add(tag + "/>")
    } else {
      let escaped = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        .replacing(">", with: "&gt;")
      add("\(tag)>\(escaped)</\(element.qualifiedName)>")
    }
  }

  private mutating func add(_ line: String) { bytes += Array((line + "\n").utf8) }
}
