internal import LosslessXML
internal import VirtNest

/// What `virt-nest down` removes: a guest that `virt-nest up` has made, and what its record names.
package struct DownPlan: Sendable {
  /// The libvirt of the host.
  package let libvirt: Virsh
  /// The host's name, as libvirt gives it.
  package let host: String
  /// The guest's name.
  package let name: String
  /// Whether it runs and is stopped first.
  package let isActive: Bool
  /// The volumes that are removed.
  package let removed: [UpRecord.Volume]
  /// What stays, and why.
  package let notes: [String]
  /// Another guest that takes over the image, with its record.
  let heir: (name: String, record: UpRecord)?

  /// Looks at a host; changes nothing.
  ///
  /// - Throws: ``VirtNestError`` if there is no such guest, if `up` has not made it, or if it has
  ///   snapshots.
  package static func look(at name: String, on libvirt: Virsh) async throws -> DownPlan {
    let found = try await HostGuest.find([.init(name: name, uuid: nil)], on: libvirt)
    guard let guest = found.guests[0] else {
      throw VirtNestError(.storage, "there is no guest '\(name)' on \(libvirt.displayName)")
    }
    guard let record = try UpRecord(in: guest.definition) else {
      throw VirtNestError(
        .storage, "the guest '\(name)' was not made by virt-nest up; nothing is removed")
    }
    let snapshots = try await libvirt.run(["snapshot-list", Virsh.domain(name), "--name"])
    guard snapshots.trimmingSpaces.allSatisfy(\.isNewline) else {
      throw VirtNestError(
        .storage,
        "the guest '\(name)' has snapshots; remove them first: virsh snapshot-delete "
          + shellOperand(name))
    }
    var (removed, notes): ([UpRecord.Volume], [String]) = ([], [])
    var heir: (name: String, record: UpRecord)?
    for volume in record.volumes {
      let place = "the volume '\(volume.name)' of the pool '\(volume.pool)'"
      guard volume.isOurs else {
        notes.append("\(place) stays, because it was there before")
        continue
      }
      let pool = try await StoragePool.look(at: volume.pool, on: libvirt)
      guard let there = try await pool.volume(volume.name) else { continue }
      if volume.state == .planned {
        let imagePath = try await record[.image].flatMapAsync { image in
          try await StoragePool.look(at: image.pool, on: libvirt).volume(image.name)?.path
        }
        guard there.isUntouched(volume, imagePath: imagePath) else {
          notes.append("\(place) stays, because virt-nest up has not made it")
          continue
        }
      }
      if volume.role == .image {
        let users = try await users(of: volume, at: there.path, in: pool, beside: name, record)
        if !users.names.isEmpty {
          notes.append("\(place) stays, because \(users.names.joined(separator: ", ")) uses it")
          heir = users.heir
          continue
        }
      }
      removed.append(volume)
    }
    return DownPlan(
      libvirt: libvirt, host: found.host, name: guest.name, isActive: guest.isActive,
      // The image last: a disk is on top of it.
      removed: removed.filter { $0.role != .image } + removed.filter { $0.role == .image },
      notes: notes, heir: heir)
  }

  /// Who else uses an image: other guests, and other volumes of its pool.
  private static func users(
    of image: UpRecord.Volume, at path: String, in pool: StoragePool, beside name: String,
    _ own: UpRecord
  ) async throws -> (names: [String], heir: (name: String, record: UpRecord)?) {
    var names: [String] = []
    var heir: (name: String, record: UpRecord)?
    for guest in try await HostGuest.all(on: pool.libvirt) where guest.name != name {
      let record = try? UpRecord(in: guest.definition)
      let isRecorded =
        record?[.image].map { $0.pool == image.pool && $0.name == image.name } ?? false
      let isDisk = Guest(reading: guest.definition).disks.contains { $0.source == .file(path) }
      guard isRecorded || isDisk else { continue }
      names.append("the guest '\(guest.name)'")
      if isRecorded, heir == nil, let record { heir = (guest.name, record) }
    }
    let others = try await pool.volumeNames().filter { other in
      other != image.name && !own.volumes.contains { $0.pool == pool.name && $0.name == other }
    }
    for (other, volume) in zip(others, try await pool.volumes(others))
    where volume?.backingPath == path {
      names.append("the volume '\(other)'")
    }
    return (names, heir)
  }

  /// What is removed, in order, in a few words each.
  package var steps: [String] {
    (isActive ? ["stop the guest \(name)"] : [])
      + removed.map { "remove the volume \($0.name) of the pool \($0.pool)" }
      + ["undefine the guest \(name)"]
  }

  /// Removes everything; the guest with its record last, so that the same command goes on after an
  /// interruption.
  ///
  /// - Throws: ``VirtNestError``; `CancellationError`.
  package func run(report: (String) -> Void) async throws {
    var steps = steps[...]
    func begin() { steps.popFirst().map(report) }
    if isActive {
      begin()
      _ = try await libvirt.run(["destroy", Virsh.domain(name)])
    }
    if var heir, heir.record[.image]?.isOurs == false {
      heir.record[.image]?.isOurs = true
      try await heir.record.write(to: heir.name, on: libvirt)
    }
    for volume in removed {
      begin()
      try await StoragePool.look(at: volume.pool, on: libvirt).delete(volume.name)
    }
    begin()
    _ = try await libvirt.run(["undefine", Virsh.domain(name), "--managed-save"])
  }
}

extension Optional {
  fileprivate func flatMapAsync<Value>(
    _ body: (Wrapped) async throws -> Value?
  ) async rethrows -> Value? {
    guard let self else { return nil }
    return try await body(self)
  }
}
