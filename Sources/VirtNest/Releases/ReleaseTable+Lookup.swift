extension ReleaseTable {
  /// The family with this id or alias, in any case (`fedora`, `Ubuntu`, `alma`).
  ///
  /// Nil where the table has none; ``distributions`` lists them for the message.
  package static func distribution(_ id: String) -> Distribution? {
    distributionsByName[squashed(id)]
  }

  /// The releases of the family with this id or alias, oldest first; empty where there is none.
  package static func releases(of distribution: String) -> [Release] {
    guard let family = self.distribution(distribution) else { return [] }
    return releases.filter { $0.distribution == family.id }
  }

  /// The release that `text` names by id, code name or alias: `18.04`, `Bionic`, `8-stream`.
  ///
  /// Case, hyphens, spaces and underscores do not matter. Nil where the family has no such release;
  /// ``knownReleases(of:)`` lists them for the message.
  package static func release(distribution: String, matching text: String) -> Release? {
    self.distribution(distribution).flatMap { releasesByName[$0.id]?[squashed(text)] }
  }

  /// The release that a family takes where none is asked for; nil for an unknown family.
  package static func defaultRelease(of distribution: String) -> Release? {
    self.distribution(distribution).flatMap {
      release(distribution: $0.id, matching: $0.defaultRelease)
    }
  }

  /// The release with this libosinfo id, as a definition's metadata has it; nil where the table
  /// has none.
  package static func release(osinfoID: String) -> Release? {
    releases.first { $0.osinfoID == osinfoID }
  }

  /// What ``release(distribution:matching:)`` would have taken, for a message:
  /// `18.04 (bionic)`, oldest first; empty for an unknown family.
  package static func knownReleases(of distribution: String) -> [String] {
    releases(of: distribution).map { release in
      release.codename.map { "\(release.id) (\($0))" } ?? release.id
    }
  }

  /// The families by each of their names, squashed.
  private static let distributionsByName = Dictionary(
    distributions.flatMap { family in
      ([family.id] + family.aliases).map { (squashed($0), family) }
    }, uniquingKeysWith: { first, _ in first })

  /// The releases by the id of their family, and each of their names, squashed.
  private static let releasesByName = Dictionary(grouping: releases, by: \.distribution).mapValues {
    Dictionary(
      $0.flatMap { release in
        ([release.id] + release.aliases + [release.codename].compactMap(\.self)).map {
          (squashed($0), release)
        }
      }, uniquingKeysWith: { first, _ in first })
  }

  private static func squashed(_ text: String) -> String {
    text.lowercased().filter { !"-_ ".contains($0) }
  }
}
