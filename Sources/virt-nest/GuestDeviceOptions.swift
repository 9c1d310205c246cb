import ArgumentParser
import LosslessXML
import VirtNest

/// virt-install's device options of `create`: what the guest has of a kind.
///
/// The k-th use of an option changes the template's k-th device of the kind, further uses add one, and
/// `none` removes all.
struct GuestDeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A disk: a path, or path=…,format=qcow2,bus=virtio,device=disk|cdrom; 'none' for no disk; "
        + "repeatable.", valueName: "disk"))
  var disk: [String] = []

  @Option(
    help: ArgumentHelp(
      "A network interface: network=default, bridge=br0, type=direct,source=eno1, with mac=…; 'none' "
        + "for no interface; repeatable.", valueName: "network"))
  var network: [String] = []

  @Option(
    help: ArgumentHelp(
      "cloud-init seed image for the first boot, attached as a CD-ROM.", valueName: "path"))
  var seed: String?

  func validate() throws { _ = try changes(of: nil) }

  /// The changes that the options come to, for a guest with so many disks and interfaces.
  func changes(of template: Template?) throws -> [WordChange] {
    let guest = template.map { Guest(reading: $0.definition) }
    var changes = try self.changes("disk", disk, count: guest?.disks.count ?? 0)
    changes += try self.changes("network", network, count: guest?.interfaces.count ?? 0)
    if let seed {
      let path = seed.replacing(",", with: ",,")
      changes.append(
        try usage { () throws(InvalidValue) in
          try WordChange(.add, "disk", parts: "path=\(path),device=cdrom,type=file")
        })
    }
    return changes
  }

  private func changes(_ kind: String, _ texts: [String], count: Int) throws -> [WordChange] {
    if texts == ["none"] {
      guard count > 0 else { return [] }
      return [try usage { () throws(InvalidValue) in try WordChange(.remove, "\(kind):all") }]
    }
    guard !texts.contains("none") else {
      throw ValidationError("--\(kind) none goes with no other --\(kind)")
    }
    return try texts.enumerated().map { index, text in
      try usage { () throws(InvalidValue) in
        index < count
          ? try WordChange(.edit, kind, selector: String(index + 1), parts: text)
          : try WordChange(.add, kind, parts: text)
      }
    }
  }
}
