internal import LosslessXML
internal import VirtNest

/// The VNC and SPICE passwords of a definition.
///
/// libvirt prints them only with `--security-info` (libvirt, `src/conf/domain_conf.c`,
/// `virDomainGraphicsAuthDefFormatAttr`).
enum Secrets {
  private static let attributes = ["passwd", "passwdValidTo"]

  private static func graphics(in definition: DomainDefinition) -> [Element] {
    definition.domain.children("devices").flatMap { $0.children("graphics") }
  }

  /// Copies passwords from the host's definition to displays that have none.
  ///
  /// - Returns: the new bytes, and the kinds of display whose password was copied.
  static func kept(
    from host: DomainDefinition, in definition: DomainDefinition
  ) throws(ConflictingChanges) -> (bytes: [UInt8], kinds: [String]) {
    var changes = Changes(definition.document)
    var kinds: [String] = []
    for element in graphics(in: definition) where element["passwd"] == nil {
      let same = graphics(in: host).first { $0["type"] == element["type"] }
      guard let same, same["passwd"] != nil else { continue }
      for name in attributes {
        if let value = same[name] { changes.setAttribute(name, of: element, to: value) }
      }
      kinds.append(element["type"]?.uppercased() ?? "")
    }
    return (try changes.sortedEdits().applied(to: definition.document.bytes), kinds)
  }
}
