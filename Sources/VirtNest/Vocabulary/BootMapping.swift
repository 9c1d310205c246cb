internal import LosslessXML

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
      let ordered = editor.domain.child("devices")?.children.first { $0.child("boot") != nil }
      if let ordered {
        editor.diagnostics.append(
          .error(
            "change",
            "this device has a boot order of its own, which libvirt refuses beside <boot dev>",
            at: ordered.place))
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
