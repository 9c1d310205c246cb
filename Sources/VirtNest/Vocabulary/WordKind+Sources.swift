internal import LosslessXML

extension WordKind {
  /// What a device of a type is connected to.
  struct Source {
    let type: String
    /// What the short word for a source stands for; `nil` where there is none.
    let short: String?
    /// The keys without which there is no source.
    let keys: [String]

    fileprivate init(_ type: String, _ keys: String..., hasShort: Bool = true) {
      self.type = type
      self.keys = keys
      short = hasShort ? keys[0] : nil
    }
  }

  /// The sources of a disk, an interface or the image of a firmware's variables, by the type.
  ///
  /// Of several that a key may belong to, the first is meant where no type is given.
  private var sources: [Source] {
    switch element {
    case "disk", "os": Self.sourcesOfDisk
    case "interface": Self.sourcesOfInterface
    default: []
    }
  }

  private static let sourcesOfDisk = [
    Source("file", "source.file"), Source("dir", "source.dir"),
    Source("volume", "source.pool", "source.volume", hasShort: false),
    Source("network", "source.protocol", "source.name", hasShort: false),
    Source("block", "source.dev"), Source("vhostuser", "source.path"),
    Source("nvme", "source.namespace", "source.address.bus", hasShort: false),
    Source("vhostvdpa", "source.dev"),
  ]

  private static let sourcesOfInterface = [
    Source("network", "source.network"), Source("bridge", "source.bridge"),
    Source("direct", "source.dev"), Source("vdpa", "source.dev"),
    Source("internal", "source.name"), Source("vhostuser", "source.path", "source.mode"),
    Source("hostdev", "source.address.bus", hasShort: false),
    Source("mcast", "source.address", "source.port", hasShort: false),
    Source("server", "source.port", hasShort: false),
    Source("client", "source.address", "source.port", hasShort: false),
    Source("udp", "source.port", hasShort: false),
  ]

  /// The source of a type; `nil` where nothing is known of it.
  func source(_ type: String) -> Source? { sources.first { $0.type == type } }

  /// The type of a source that says something; `nil` where it says nothing.
  ///
  /// - Parameter current: the type that it has, which stays where it fits.
  func sourceType(_ current: String? = nil, where says: (String) -> Bool) -> String? {
    let fitting = sources.filter { $0.keys.contains(where: says) }
    return fitting.first { $0.type == current }?.type ?? fitting.first?.type
  }
}
