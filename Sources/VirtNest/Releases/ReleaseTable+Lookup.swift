extension ReleaseTable {
  /// The family with this id or alias, in any case (`fedora`, `Ubuntu`, `alma`).
  ///
  /// Nil where the table has none; ``distributions`` lists them for the message.
  package static func distribution(_ id: String) -> Distribution? {
    let wanted = squashed(id)
    return distributions.first { family in
      squashed(family.id) == wanted || family.aliases.contains { squashed($0) == wanted }
    }
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
    let wanted = squashed(text)
    return releases(of: distribution).first { release in
      squashed(release.id) == wanted || release.codename.map(squashed) == wanted
        || release.aliases.contains { squashed($0) == wanted }
    }
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

  private static func squashed(_ text: String) -> String {
    text.lowercased().filter { !"-_ ".contains($0) }
  }
}
