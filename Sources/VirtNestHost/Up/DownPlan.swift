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
  /// What libvirt has of it; `absent` if there is nothing to remove.
  package internal(set) var state: HostGuest.State
  /// The guest as it was; `nil` if there is none.
  package let guest: HostGuest?
  /// What is removed, in order.
  package internal(set) var steps: [GuestStep]
  /// What stays, and why.
  package let notes: [String]
  /// Another guest that takes over the image, with its record.
  let heir: (name: String, record: UpRecord)?

  /// Looks at a host; changes nothing.
  ///
  /// - Parameter others: what is removed before.
  /// - Throws: ``VirtNestError`` if `up` has not made the guest, or if it has snapshots or checkpoints.
  package static func look(
    at name: String, behind others: [DownPlan] = [], on libvirt: Virsh
  ) async throws -> DownPlan {
    let found = try await HostGuest.find([.init(name: name, uuid: nil)], on: libvirt)
    guard let guest = found.guests[0] else {
      return DownPlan(
        libvirt: libvirt, host: found.host, name: name, state: .absent, guest: nil, steps: [],
        notes: ["there is no such guest on \(libvirt.displayName)"], heir: nil)
    }
    let inherited = others.compactMap(\.heir).last { $0.name == guest.name }
    guard let record = try inherited?.record ?? UpRecord(in: guest.definition) else {
      throw VirtNestError(
        .storage, "the guest '\(name)' was not made by virt-nest up; nothing is removed")
    }
    // libvirt would not undefine it, once its disk was gone. A driver without checkpoints has none.
    let kinds = ["snapshot", "checkpoint"]
    let lists = try await libvirt.answers(
      to: kinds.map { "\($0)-list \(Virsh.quoted(Virsh.domain(name))) --name" })
    for (kind, list) in zip(kinds, lists) where list.output.contains(where: { !$0.isWhitespace }) {
      throw VirtNestError(
        .storage,
        "the guest '\(name)' has \(kind)s; remove them first: virsh \(kind)-delete "
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
        var imagePath: String?
        if let image = record[.image] {
          let pool = try await StoragePool.look(at: image.pool, on: libvirt)
          imagePath = try await pool.volume(image.name)?.path
        }
        guard there.isUntouched(volume, imagePath: imagePath) else {
          notes.append("\(place) stays, because virt-nest up has not made it")
          continue
        }
      }
      if volume.role == .image {
        let gone = others.flatMap(\.steps).compactMap(\.volume) + record.volumes
        let users = try await users(
          of: volume, at: there.path, in: pool, beside: [guest.name] + others.map(\.name), gone)
        if !users.names.isEmpty {
          notes.append("\(place) stays, because \(users.names.joined(separator: ", ")) uses it")
          heir = users.heir
          continue
        }
      }
      removed.append(volume)
    }
    let stop = GuestStep(kind: .stop, text: "stop the guest \(guest.name)")
    // The image last: a disk is on top of it.
    let volumes = removed.filter { $0.role != .image } + removed.filter { $0.role == .image }
    let steps =
      volumes.map { volume in
        GuestStep(
          kind: .init(volume.role), volume: volume,
          text: "remove the volume \(volume.name) of the pool \(volume.pool)")
      } + [GuestStep(kind: .undefine, text: "undefine the guest \(guest.name)")]
    return DownPlan(
      libvirt: libvirt, host: found.host, name: guest.name, state: guest.state, guest: guest,
      steps: (guest.isActive ? [stop] : []) + steps, notes: notes, heir: heir)
  }

  /// Who else uses an image: other guests, and other volumes of its pool.
  private static func users(
    of image: UpRecord.Volume, at path: String, in pool: StoragePool, beside gone: [String],
    _ goneVolumes: [UpRecord.Volume]
  ) async throws -> (names: [String], heir: (name: String, record: UpRecord)?) {
    var names: [String] = []
    var heir: (name: String, record: UpRecord)?
    for guest in try await HostGuest.all(on: pool.libvirt) where !gone.contains(guest.name) {
      let record = try? UpRecord(in: guest.definition)
      let isRecorded =
        record?[.image].map { $0.pool == image.pool && $0.name == image.name } ?? false
      let isDisk = Guest(reading: guest.definition).disks.contains { $0.source == .file(path) }
      guard isRecorded || isDisk else { continue }
      names.append("the guest '\(guest.name)'")
      guard isRecorded, heir == nil, var record else { continue }
      record[.image]?.isOurs = true
      heir = (guest.name, record)
    }
    let others = try await pool.volumeNames().filter { other in
      other != image.name && !goneVolumes.contains { $0.pool == pool.name && $0.name == other }
    }
    for (other, volume) in zip(others, try await pool.volumes(others))
    where volume?.backingPath == path {
      names.append("the volume '\(other)'")
    }
    return (names, heir)
  }

  /// Removes everything; the guest with its record last, so that the same command goes on after an
  /// interruption.
  ///
  /// - Throws: ``VirtNestError``; `CancellationError`.
  package mutating func run(report: (String) -> Void) async throws {
    if let heir { try await heir.record.write(to: heir.name, on: libvirt) }
    for index in steps.indices {
      let step = steps[index]
      steps[index].state = .failed
      report(step.text)
      if let volume = step.volume {
        try await StoragePool.look(at: volume.pool, on: libvirt).delete(volume.name)
      } else if step.kind == .stop {
        _ = try await libvirt.run(["destroy", Virsh.domain(name)])
        state = .shutOff
      } else {
        _ = try await libvirt.run(["undefine", Virsh.domain(name), "--managed-save"])
        state = .absent
      }
      steps[index].state = .done
    }
  }
}
