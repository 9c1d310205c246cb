internal import CLibXML2

/// The files of a schema, followed before libxml2 loads them: its RELAX NG parser would also load
/// from a network, and takes no option against it.
struct SchemaFiles {
  private var seen: Set<String> = []

  /// The first reference that names anything but a file; `nil` where there is none.
  static func remoteReference(in path: String) -> String? {
    var files = SchemaFiles()
    return files.remoteReference(in: path)
  }

  private mutating func remoteReference(in path: String) -> String? {
    guard seen.insert(path).inserted else { return nil }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    let (references, base) = Self.references(in: path)
    // A base changes what a relative reference means, and no schema of files needs one.
    if let base { return base }
    for reference in references {
      if reference.contains(":") || reference.hasPrefix("//") { return reference }
      let file = reference.hasPrefix("/") ? reference : folder + reference
      if let found = remoteReference(in: file) { return found }
    }
    return nil
  }

  /// The references of a file, and the first base that is set in it.
  private static func references(
    in path: String
  ) -> (references: [String], base: String?) {
    var references: [String] = []
    var base: String?
    let options = CInt(XML_PARSE_NONET.rawValue)
    guard let file = ErrorLog().collecting({ xmlReadFile(path, nil, options) }) else {
      return ([], nil)
    }
    defer { xmlFreeDoc(file) }
    var pending = [xmlDocGetRootElement(file)]
    while let node = pending.popLast() {
      guard let node else { continue }
      var child = xmlFirstElementChild(node)
      while let here = child {
        pending.append(here)
        child = xmlNextElementSibling(here)
      }
      if let value = xmlGetNsProp(node, "base", "http://www.w3.org/XML/1998/namespace") {
        defer { virtNestFree(value) }
        base = base ?? String(cString: value)
      }
      if let value = xmlGetNoNsProp(node, "href") {
        defer { virtNestFree(value) }
        references.append(String(cString: value))
      }
    }
    return (references, base)
  }
}
