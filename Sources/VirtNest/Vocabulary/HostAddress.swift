internal import LosslessXML

/// `HOST:PORT`, where a port without a host is one of this machine.
struct HostAndPort {
  let parts: (host: String?, port: String?)

  init(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else {
      parts = (text.isEmpty ? nil : text, nil)
      return
    }
    let (host, port) = (String(text[..<colon]), String(text[text.index(after: colon)...]))
    parts = (host.isEmpty ? "127.0.0.1" : host, port.isEmpty ? nil : port)
  }
}

/// The address of a device of the host.
struct HostAddress {
  let type: String
  /// The dotted keys below `<hostdev>`.
  let values: [(key: String, value: String)]

  /// Reads `0035:03:00.0`, `03:00.0`, `pci_0035_03_00_0`, `001.003` and `0x1234:0x5678`.
  init?(_ text: String) {
    let pci =
      text.hasPrefix("pci_") ? String(text.dropFirst(4)).replacing("_", with: ":") : text
    let hex = { (part: Substring, digits: Int) -> String? in
      let bare = part.hasPrefix("0x") ? part.dropFirst(2) : part
      guard !bare.isEmpty, bare.count <= digits, Int(bare, radix: 16) != nil else { return nil }
      return "0x" + String(repeating: "0", count: digits - bare.count) + bare.lowercased()
    }
    let parts = pci.split(whereSeparator: { ":.".contains($0) })
    if parts.count == 4 || parts.count == 3 && pci.contains("."), pci.contains(":") {
      let all = parts.count == 3 ? ["0000"] + parts : parts
      guard let domain = hex(all[0], 4), let bus = hex(all[1], 2), let slot = hex(all[2], 2),
        let function = hex(all[3], 1)
      else { return nil }
      type = "pci"
      values = [
        ("source.address.domain", domain), ("source.address.bus", bus),
        ("source.address.slot", slot), ("source.address.function", function),
      ]
    } else if parts.count == 2, text.contains("."), let bus = Int(parts[0]),
      let device = Int(parts[1])
    {
      type = "usb"
      values = [
        ("source.address.bus", String(bus)), ("source.address.device", String(device)),
      ]
    } else if parts.count == 2, text.contains(":"), let vendor = hex(parts[0], 4),
      let product = hex(parts[1], 4)
    {
      type = "usb"
      values = [("source.vendor.id", vendor), ("source.product.id", product)]
    } else {
      return nil
    }
  }

  /// The PCI address that a `<hostdev>`, `<interface>` or its `<source>` names, as `0035:03:00.0`; `nil`
  /// for none.
  static func text(of element: Element) -> String? {
    let source = element.isNamed("source") ? element : element.child("source")
    guard let address = source?.child("address"), let bus = address["bus"],
      let slot = address["slot"]
    else { return nil }
    let parts = [address["domain"] ?? "0x0000", bus, slot, address["function"] ?? "0x0"]
      .map { $0.hasPrefix("0x") ? String($0.dropFirst(2)) : $0 }
    let text = parts[..<3].joined(separator: ":") + "." + parts[3]
    return HostAddress(text) == nil ? nil : text
  }

  /// Whether a `<hostdev>` or `<interface>` names this device.
  func isSame(as element: Element) -> Bool {
    let number = { (text: String?) in
      text.flatMap { Int($0.hasPrefix("0x") ? String($0.dropFirst(2)) : $0, radix: 16) }
    }
    return values.allSatisfy { key, value in
      var here: Element? = element
      let parts = key.split(separator: ".").map(String.init)
      for part in parts.dropLast() { here = here?.child(part) }
      // A PCI address without a domain or function has those of number 0.
      guard let own = here?[parts.last ?? ""] else { return ["0x0000", "0x0"].contains(value) }
      return number(own) == number(value)
    }
  }
}

extension FixedWidthInteger {
  /// Reads a whole number as libvirt writes those of addresses: `12`, `012` or `0x0c`.
  init?(libvirt text: String) {
    let isHexadecimal = text.hasPrefix("0x")
    self.init(text.dropFirst(isHexadecimal ? 2 : 0), radix: isHexadecimal ? 16 : 10)
  }
}
