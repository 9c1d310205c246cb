internal import LosslessXML

/// A row of the table that ties the properties of a guest to their places in a definition.
///
/// Reading and writing use the same row. Writing edits nothing where the definition says the same
/// already, in whatever spelling.
struct Property: Sendable {
  /// The name, as the command's options have it.
  let name: String
  /// Whether a partial guest says something about it.
  let isGiven: @Sendable (Guest) -> Bool
  /// Takes over what a definition says.
  let read: @Sendable (Element, inout Guest) -> Void
  /// Makes a definition say what a partial guest says; does nothing where that says nothing.
  let write: @Sendable (Guest, inout DomainEditor) -> Void

  /// Whether a definition says what a partial guest says, so that writing it changes nothing.
  func isTrue(of guest: Guest, in definition: DomainDefinition) -> Bool {
    var editor = DomainEditor(definition)
    write(guest, &editor)
    return (try? editor.resolved().sortedEdits().isEmpty) == true
  }

  /// The table, in the order in which libvirt prints the places.
  static let all: [Property] = identity + resources + boot + features + devices

  /// What decides whether a guest can nest.
  static let forNesting =
    identity.filter { ["virt-type", "name"].contains($0.name) } + [.cpu] + boot.prefix(2)

  private static let identity: [Property] = [
    .value("virt-type", at: [], attribute: "type", \.domainType) { $0.domainType = $1 },
    .value("name", at: ["name"], \.name) { $0.name = $1 },
    .uuid,
    .value("os", at: ["metadata", .libosinfo, .libosinfoOS], attribute: "id", \.osinfoID) {
      $0.osinfoID = $1
    },
  ]
  private static let resources: [Property] = [.memory, .hugePages, .vcpus, .cpu]
  private static let boot: [Property] = [
    .value("arch", at: ["os", "type"], attribute: "arch", \.architecture) { $0.architecture = $1 },
    .machine,
    .bootDevices,
  ]
  private static let features = PSeriesFeature.allCases.map { Property.feature($0) }
  private static let devices: [Property] = [
    .value("emulator", at: ["devices", "emulator"], \.emulator) { $0.emulator = $1 }, .console,
  ]

  // Key paths would take a third of the time of a change: how a value is set is said apart.
  typealias Getter = @Sendable (Guest) -> String?
  typealias Setter = @Sendable (inout Guest, String?) -> Void

  /// A property that is the text of one element, or one of its attributes.
  static func value(
    _ name: String, at place: [Step], attribute: String? = nil, _ get: @escaping Getter,
    _ set: @escaping Setter
  ) -> Property {
    Property(
      name: name,
      isGiven: { get($0) != nil },
      read: { domain, guest in
        let element = domain.first(place)
        set(&guest, attribute == nil ? element?.text : attribute.flatMap { element?[$0] })
      },
      write: { guest, editor in
        guard let value = get(guest) else { return }
        if let attribute {
          editor.setAttribute(attribute, at: place, to: value)
        } else {
          editor.setText(at: place, to: value)
        }
      })
  }

  /// The uuid, equal in any spelling that libvirt reads.
  static let uuid = Property(
    name: "uuid",
    isGiven: { $0.uuid != nil },
    read: { domain, guest in guest.uuid = domain.child("uuid").flatMap { DomainUUID($0.text) } },
    write: { guest, editor in
      guard let uuid = guest.uuid,
        editor.domain.child("uuid").flatMap({ DomainUUID($0.text) }) != uuid
      else { return }
      editor.setText(at: ["uuid"], to: uuid.description)
    })

  /// The machine type; properties that are joined to it stay.
  private static let machine = Property(
    name: "machine",
    isGiven: { $0.machine != nil },
    read: { domain, guest in
      guest.machine = domain.first(["os", "type"])?["machine"].map { MachineType($0) }
    },
    write: { guest, editor in
      guard let machine = guest.machine else { return }
      let old = editor.domain.first(["os", "type"])?["machine"] ?? ""
      let joined = String(old.unicodeScalars.drop { $0 != "," })
      editor.setAttribute("machine", at: ["os", "type"], to: machine.text + joined)
    })
}

extension Property {
  /// The kinds of devices that the firmware tries, in order.
  static let bootDevices = Property(
    name: "boot",
    isGiven: { $0.bootDevices != nil },
    read: { domain, guest in
      let devices = domain.child("os")?.children("boot").compactMap { $0["dev"] } ?? []
      guest.bootDevices = devices.isEmpty ? nil : devices
    },
    write: { guest, editor in
      guard let devices = guest.bootDevices else { return }
      let old = editor.domain.child("os")?.children("boot") ?? []
      for (element, device) in zip(old, devices) {
        editor.setAttribute("dev", of: element, to: device)
      }
      for element in old.dropFirst(devices.count) { editor.changes.remove(element) }
      for device in devices.dropFirst(old.count) {
        editor.add(NewElement("boot", ["dev": device]), to: ["os"])
      }
      let ordered = editor.domain.devices.first { $0.child("boot") != nil }
      if let ordered {
        editor.refuse(
          "this device has a boot order of its own, which libvirt refuses beside <boot dev>",
          at: ordered)
      }
    })

  /// The log of the first console.
  ///
  /// libvirt prints a serial console twice, as `<serial>` and `<console>`, and believes the first
  /// (`src/conf/domain_postparse.c`, `virDomainDefAddConsoleCompat`): both are set.
  static let console = Property(
    name: "console",
    isGiven: { $0.console.logFile != nil },
    read: { domain, guest in
      let log = (domain.first(["devices", "serial"]) ?? domain.first(["devices", "console"]))?
        .child("log")
      guest.console.logFile = log?["file"]
      guest.console.logAppend = log?["append"].map { $0 == "on" }
    },
    write: { guest, editor in
      guard let file = guest.console.logFile else { return }
      let append = guest.console.logAppend.map { $0 ? "on" : "off" }
      let log = NewElement("log", ["file": file, "append": append])
      let devices = editor.domain.child("devices")
      let existing = [devices?.child("serial"), devices?.child("console")].compactMap(\.self)
      for device in existing {
        guard let old = device.child("log") else {
          editor.add(log, toExisting: device)
          continue
        }
        editor.setAttribute("file", of: old, to: file)
        if let append { editor.setAttribute("append", of: old, to: append) }
      }
      if devices?.child("console") == nil, devices?.child("serial") == nil {
        editor.add(
          NewElement("console", ["type": "pty"], children: [log]), to: ["devices"])
      }
    })
}

extension Property {
  /// A capability of the pSeries machine other than nesting.
  static func feature(_ feature: PSeriesFeature) -> Property {
    guard let attribute = feature.attribute else { return machineArgument(feature) }
    return value(
      feature.rawValue, at: ["features", Step(feature.rawValue)], attribute: attribute,
      { $0.features[feature] }, { $0.features[feature] = $1 })
  }

  /// A capability without an element of libvirt's: `-machine cap-…=VALUE` passed through.
  private static func machineArgument(_ feature: PSeriesFeature) -> Property {
    let property = feature.machineProperty
    return Property(
      name: feature.rawValue,
      isGiven: { $0.features[feature] != nil },
      read: { domain, guest in
        guest.features[feature] =
          PassthroughArguments(of: domain).machineArguments
          .compactMap { $0.options.value(of: property) }.last
      },
      write: { guest, editor in
        guard let value = guest.features[feature] else { return }
        let holders = PassthroughArguments(of: editor.domain).machineArguments
          .filter { $0.options.value(of: property) != nil }
        guard let holder = holders.last else {
          editor.addMachineArgument("\(property)=\(value)")
          return
        }
        let element = holder.value.element
        guard
          QEMUBoolean.parse(holder.options.value(of: property) ?? "") != QEMUBoolean.parse(value)
        else { return }
        var options = MachineOptions(editor.attribute("value", of: element) ?? "")
        for index in options.items.indices where options.items[index].key == property {
          options.items[index].value = value
        }
        editor.setAttribute("value", of: element, to: options.text)
      })
  }
}
