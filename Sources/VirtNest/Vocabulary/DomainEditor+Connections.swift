internal import LosslessXML

/// Where graphics and character devices listen or connect to.
extension DomainEditor {
  func prepareListen(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String]
  ) throws(InvalidValue) {
    if let port = edit.value("port", in: kind), port != "-1", element?["autoport"] == "yes" {
      // libvirt would take a port of its own choice.
      try edit.derive("autoport", nil, in: kind)
    }
    guard let listen = given["listen"] else { return }
    let attribute = WordPlace(steps: [], leaf: .attribute("listen"))
    let type = WordPlace(steps: [WordPlace.Step(name: "listen")], leaf: .attribute("type"))
    if listen == "none" || listen == "socket" {
      if element.map({ type.value(in: $0) != listen }) ?? true { edit.removed.insert("listen") }
      edit.values.append(WordValue(place: type, value: listen))
      for key in listen == "none" ? ["listen", "port", "tlsPort", "autoport"] : ["listen"] {
        edit.values.append(
          WordValue(
            place: WordPlace(steps: [], leaf: .attribute(key)), value: nil, isAsked: false))
      }
    } else {
      edit.values.append(WordValue(place: attribute, value: listen.isEmpty ? nil : listen))
      if element?["listen"] != listen { edit.removed.insert("listen") }
    }
  }

  /// The ends of a character device's connection: `host=H:P` with `mode=`, `bind_host`, and the like.
  func prepareConnection(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String]
  ) throws(InvalidValue) {
    let base = kind.element == "rng" ? "backend." : ""
    let isBound = edit.value(base + "source.mode", in: kind) == "bind"
    let ends = [
      ("host", isBound && given["bind_host"] == nil ? "bind" : "connect"), ("bind_host", "bind"),
      ("server", nil), ("source.host", nil), ("source.bind_host", "bind"),
      ("source.connect_host", "connect"), ("backend.source.host", nil),
      ("backend.source.bind_host", "bind"), ("backend.source.connect_host", "connect"),
      ("backend_host", nil), ("backend_connect_host", "connect"),
    ]
    for (key, mode) in ends {
      guard let value = given[key] else { continue }
      let source = base + "source" + (mode.map { "[mode=\($0)]" } ?? "")
      let (host, port) = HostAndPort(value).parts
      if value.isEmpty || host != nil {
        edit.values.append(try Self.value(source + ".host", host ?? "", kind))
      }
      if let port { edit.values.append(try Self.value(source + ".service", port, kind)) }
    }
    for (key, mode) in [
      ("source.bind_service", "bind"), ("source.connect_service", "connect"),
      ("backend.source.bind_service", "bind"), ("backend.source.connect_service", "connect"),
      ("backend_connect_service", "connect"),
    ] {
      guard let value = given[key] else { continue }
      edit.values.append(try Self.value("\(base)source[mode=\(mode)].service", value, kind))
    }
    try prepareBackend(&edit, kind, element, given)
    if let target = given["target.address"] ?? given["target_address"] {
      let (host, port) = HostAndPort(target).parts
      edit.values.append(try Self.value("target.address", host ?? "", kind))
      if let port { edit.values.append(try Self.value("target.port", port, kind)) }
    }
  }

  /// A character device or generator of random numbers says nothing of its old backend.
  private func prepareBackend(
    _ edit: inout WordEdit, _ kind: WordKind, _ element: Element?, _ given: [String: String]
  ) throws(InvalidValue) {
    guard kind.element == "rng" else {
      guard kind.element != "smartcard" else { return }
      if let element, let type = edit.value("type", in: kind), type != element["type"] {
        edit.void("source")
        if !edit.sets("protocol") { edit.removed.insert("protocol") }
      } else if element == nil, kind.element == "channel" {
        if given["target.address"] != nil { try edit.derive("target.type", "guestfwd", in: kind) }
        if edit.value("type", in: kind) == "spicevmc" {
          try edit.derive("target.name", "com.redhat.spice.0", in: kind)
        }
      }
      return
    }
    var model = edit.value("backend.model", in: kind)
    if let backend = given["backend"] {
      let models = ["random", "egd", "builtin"]
      let path = WordPlace(steps: [WordPlace.Step(name: "backend")], leaf: .text)
      if models.contains(backend) {
        edit.values.append(try Self.value("backend.model", backend, kind))
        model = backend
      } else {
        edit.values.append(WordValue(place: path, value: backend))
        if model == nil { edit.values.append(try Self.value("backend.model", "random", kind)) }
        if element?.child("backend")?["model"] == "egd" { edit.removed.insert("backend") }
        return
      }
    }
    if model == nil,
      edit.sets("backend", where: { $0.steps.count > 1 || $0.leaf == .attribute("type") })
    {
      // Only a generator behind a socket has one.
      try edit.derive("backend.model", "egd", in: kind)
      model = "egd"
    }
    guard let model, model != "random",
      element == nil || element?.child("backend")?["model"] != model
    else { return }
    if element == nil {
      try edit.derive("backend", nil, in: kind)
    } else {
      edit.removed.insert("backend")
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
