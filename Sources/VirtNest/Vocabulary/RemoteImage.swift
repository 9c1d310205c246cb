internal import LosslessXML

/// An image of another machine, as virt-install writes it: `nbd://host:10809/name`.
struct RemoteImage {
  let values: [(key: String, value: String)]

  init?(_ text: String) {
    guard let mark = text.firstRange(of: "://") else { return nil }
    let scheme = text[..<mark.lowerBound].split(separator: "+", maxSplits: 1).map(String.init)
    guard let proto = scheme.first else { return nil }
    var values = [("source.protocol", proto)]
    let rest = text[mark.upperBound...]
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = String(rest[..<slash].split(separator: "@").last ?? "")
    let path = String(rest[slash...].dropFirst())
    let transport = scheme.count > 1 ? scheme[1] : nil
    if transport == "unix" {
      values += [("source.host0.transport", "unix"), ("source.host0.socket", "/" + path)]
    } else {
      if !path.isEmpty { values.append(("source.name", path)) }
      let (host, port) = HostAndPort(authority).parts
      if let host { values.append(("source.host0.name", host)) }
      if let port { values.append(("source.host0.port", port)) }
      if let transport { values.append(("source.host0.transport", transport)) }
    }
    self.values = values
  }
}
