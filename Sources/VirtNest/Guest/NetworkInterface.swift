internal import LosslessXML

/// A network interface of a guest.
///
/// Properties that are `nil` are not given, or libvirt's choice.
public struct NetworkInterface: Hashable, Sendable {
  /// What it is connected to.
  public enum Source: Hashable, Sendable {
    /// A network of libvirt's.
    case network(String)
    /// A bridge of the host.
    case bridge(String)
    /// A device of the host, through macvtap.
    case direct(device: String, mode: String?)
    /// QEMU's user-mode network.
    case user
    /// Anything else: `ethernet`, `hostdev` and a PCI address, `vdpa` and a device, `udp` ….
    case other(type: String, name: String?)
  }

  /// What it is connected to.
  public var source: Source?
  /// Its address; a created guest's derives from the name.
  public var mac: MACAddress?
  /// The device that the guest sees: `virtio`.
  public var model: String?
  /// Name of its device on the host.
  public var target: String?
  /// Place in the order of boot devices, from 1.
  public var bootOrder: Int?

  /// Reads an `<interface>`.
  init(reading element: Element) {
    let source = element.child("source")
    switch element["type"] {
    case "network": self.source = (source?["network"]).map { .network($0) }
    case "bridge": self.source = (source?["bridge"]).map { .bridge($0) }
    case "direct":
      self.source = (source?["dev"]).map { .direct(device: $0, mode: source?["mode"]) }
    case "user": self.source = .user
    case "ethernet": self.source = .other(type: "ethernet", name: element.child("target")?["dev"])
    case "hostdev":
      self.source = .other(type: "hostdev", name: source.flatMap { HostAddress.text(of: $0) })
    case let type?:
      let names = ["dev", "path", "name", "address", "switchid"]
      self.source = .other(type: type, name: names.lazy.compactMap { source?[$0] }.first)
    case nil: break
    }
    mac = element.child("mac")?["address"].flatMap { MACAddress($0) }
    model = element.child("model")?["type"]
    target = element.child("target")?["dev"]
    bootOrder = element.child("boot")?["order"].flatMap { Int($0) }
  }
}
