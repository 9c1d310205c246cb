import LosslessXML

/// What is read stands where it is said to stand, and a change changes the meaning that it names.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzParse(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: data == nil ? 0 : size))
  let document: Document
  do throws(MalformedXML) {
    document = try Document(bytes)
  } catch {
    precondition(error.reason != .disagreement, "\(error)")
    return 0
  }
  let elements = Array(document.elements)
  for element in elements {
    precondition(bytes[element.range.lowerBound] == UInt8(ascii: "<"))
    precondition(bytes[element.range.upperBound - 1] == UInt8(ascii: ">"))
    if let parent = element.parent {
      precondition(parent.content.contains(element.range.lowerBound))
      precondition(parent.content.upperBound >= element.range.upperBound)
    }
  }
  let context = XPathContext(document)
  let found = try? context.matches(of: "//*")
  precondition(found?.map(\.range) == elements.map(\.range), "libxml2's tree has other elements")
  change(elements[size % elements.count], in: document)
  return 0
}

private let values = ["", "a", "<\"'&>]]>", " \t\n\r ", "ä\u{1F408}", "&amp;"]

private func change(_ element: Element, in document: Document) {
  let value = values[document.bytes.count / 7 % values.count]
  var changes = Changes(document)
  let names = element.attributes.map { document.text(in: $0.name) }
  let name = names.first { !$0.hasPrefix("xmlns") && !$0.contains(":") } ?? "fuzz"
  changes.setAttribute(name, of: element, to: value)
  let isLeaf = element.children.first { _ in true } == nil
  if isLeaf { changes.setText(of: element, to: value) }
  guard let edits = try? changes.sortedEdits() else {
    preconditionFailure("an attribute and a text are not the same place")
  }
  let result: Document
  do throws(MalformedXML) {
    result = try Document(edits.applied(to: document.bytes))
  } catch {
    preconditionFailure("the result is not well-formed: \(error)")
  }
  let changed = Array(result.elements)[element.row]
  precondition(changed[name] == value, "the attribute is '\(changed[name] ?? "")'")
  precondition(!isLeaf || changed.text == value, "the text is '\(changed.text)'")
}
