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
    guard seen.insert(path).inserted,
      let file = ErrorLog().collecting({ xmlReadFile(path, nil, CInt(XML_PARSE_NONET.rawValue)) })
    else { return nil }
    defer { xmlFreeDoc(file) }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    var pending = [xmlDocGetRootElement(file)]
    while let node = pending.popLast() {
      guard let node else { continue }
      var child = xmlFirstElementChild(node)
      while let here = child {
        pending.append(here)
        child = xmlNextElementSibling(here)
      }
      // A base changes what a relative reference means, and no schema of files needs one.
      if let base = xmlGetNsProp(node, "base", "http://www.w3.org/XML/1998/namespace") {
        defer { virtNestFree(base) }
        return String(cString: base)
      }
      guard let value = xmlGetNoNsProp(node, "href") else { continue }
      defer { virtNestFree(value) }
      let href = String(cString: value)
      if href.contains(":") || href.hasPrefix("//") { return href }
      if let found = remoteReference(in: href.hasPrefix("/") ? href : folder + href) {
        return found
      }
    }
    return nil
  }
}
