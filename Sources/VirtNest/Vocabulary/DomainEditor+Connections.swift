internal import LosslessXML

/// Where graphics and character devices listen or connect to.
extension WordEdit {
  mutating func prepareListen() throws(InvalidValue) {
    if let port = value("port"), port != "-1", element?["autoport"] == "yes" {
      // libvirt would take a port of its own choice.
      try derive("autoport", nil)
    }
    guard let listen = given["listen"] else { return }
    let attribute = WordPlace(steps: [], leaf: .attribute("listen"))
    let type = WordPlace(steps: [Step("listen")], leaf: .attribute("type"))
    if listen == "none" || listen == "socket" {
      if element.map({ type.value(in: $0) != listen }) ?? true { removed.insert("listen") }
      values.append(WordValue(place: type, value: listen))
      for key in listen == "none" ? ["listen", "port", "tlsPort", "autoport"] : ["listen"] {
        values.append(
          WordValue(
            place: WordPlace(steps: [], leaf: .attribute(key)), value: nil, isAsked: false))
      }
    } else {
      values.append(WordValue(place: attribute, value: listen.isEmpty ? nil : listen))
      if element?["listen"] != listen { removed.insert("listen") }
    }
  }

  /// The ends of a character device's connection: `host=H:P` with `mode=`, `bind_host`, and the like.
  mutating func prepareConnection() throws(InvalidValue) {
    let base = kind.element == "rng" ? "backend." : ""
    let isBound = value(base + "source.mode") == "bind"
    let ends = [
      ("host", isBound && given["bind_host"] == nil ? "bind" : "connect"), ("bind_host", "bind"),
      ("server", nil), ("source.host", nil), ("source.bind_host", "bind"),
      ("source.connect_host", "connect"), ("backend.source.host", nil),
      ("backend.source.bind_host", "bind"), ("backend.source.connect_host", "connect"),
      ("backend_host", nil), ("backend_connect_host", "connect"),
    ]
    for (key, mode) in ends {
      guard let text = given[key] else { continue }
      let source = base + "source" + (mode.map { "[mode=\($0)]" } ?? "")
      let (host, port) = HostAndPort(text).parts
      if text.isEmpty || host != nil { try set(source + ".host", host ?? "") }
      if let port { try set(source + ".service", port) }
    }
    for (key, mode) in [
      ("source.bind_service", "bind"), ("source.connect_service", "connect"),
      ("backend.source.bind_service", "bind"), ("backend.source.connect_service", "connect"),
      ("backend_connect_service", "connect"),
    ] {
      guard let text = given[key] else { continue }
      try set("\(base)source[mode=\(mode)].service", text)
    }
    switch kind.element {
    case "rng": try prepareBackend()
    case "smartcard": break
    default: try prepareType()
    }
    if let target = given["target.address"] ?? given["target_address"] {
      let (host, port) = HostAndPort(target).parts
      try set("target.address", host ?? "")
      if let port { try set("target.port", port) }
    }
  }

  /// A character device of another type says nothing of its old source.
  private mutating func prepareType() throws(InvalidValue) {
    if let element, let type = value("type"), type != element["type"] {
      void("source")
      removeUnlessSet(["protocol"])
    } else if element == nil, kind.element == "channel" {
      if given["target.address"] != nil { try derive("target.type", "guestfwd") }
      if value("type") == "spicevmc" { try derive("target.name", "com.redhat.spice.0") }
    }
  }

  /// A generator of random numbers says nothing of its old backend.
  private mutating func prepareBackend() throws(InvalidValue) {
    let old = element?.child("backend")?["model"]
    var model = value("backend.model")
    if let backend = given["backend"] {
      if ["random", "egd", "builtin"].contains(backend) {
        try set("backend.model", backend)
        model = backend
      } else {
        let path = WordPlace(steps: [Step("backend")], leaf: .text)
        values.append(WordValue(place: path, value: backend))
        if model == nil { try set("backend.model", "random") }
        if old == "egd" { removed.insert("backend") }
        return
      }
    }
    if model == nil,
      sets("backend", where: { $0.steps.count > 1 || $0.leaf == .attribute("type") })
    {
      // Only a generator behind a socket has one.
      try derive("backend.model", "egd")
      model = "egd"
    }
    guard let model, model != "random" else { return }
    if element == nil {
      try derive("backend", nil)
    } else if old != model {
      removed.insert("backend")
    }
  }
}

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
