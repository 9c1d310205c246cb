internal import LosslessXML
internal import VirtNest

/// The secrets of a definition: the passwords of VNC and SPICE.
///
/// They are what libvirt prints with `--security-info` only (libvirt, `src/conf/domain_conf.c`,
/// `virDomainGraphicsAuthDefFormatAttr`).
enum Secrets {
  private static let attributes = ["passwd", "passwdValidTo"]

  private static func graphics(in definition: DomainDefinition) -> [Element] {
    definition.domain.children("devices").flatMap { $0.children("graphics") }
  }

  /// The definition with the passwords of another one where it has none of its own.
  ///
  /// - Returns: the bytes, and the kinds of display whose password was taken over.
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

  /// The passwords in a definition, by the place of their display.
  static func values(in definition: DomainDefinition) -> [String?] {
    graphics(in: definition).map { $0["passwd"] }
  }
}
