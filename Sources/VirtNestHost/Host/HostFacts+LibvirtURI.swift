internal import LosslessXML

extension HostFacts.Place {
  /// The machine whose libvirt a URI names (https://libvirt.org/uri.html).
  ///
  /// - Returns: `nil` if the URI gives no shell on that machine: only a local one and `+ssh` do.
  package init?(libvirtURI uri: String) {
    guard let (scheme, rest) = uri.parted(at: ":"), rest.hasPrefix("//") else { return nil }
    let authority = String(rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" })
    let transport = scheme.parted(at: "+")?.tail
    guard !authority.isEmpty else {
      // unix is the local socket.
      guard transport == nil || transport == "unix" else { return nil }
      self = .here
      return
    }
    guard transport == "ssh", !authority.hasPrefix("-") else { return nil }
    self = .ssh(destination: authority.contains(":") ? "ssh://\(authority)" : authority)
  }
}
