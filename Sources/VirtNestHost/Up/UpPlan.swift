internal import LosslessXML
internal import SystemPackage
package import VirtNest

/// What `virt-nest up` is to make.
package struct UpRequest: Sendable {
  /// The guest, without the disk and the seed that are made for it.
  package var definition: DomainDefinition
  /// What its disk is made of.
  package var image: BaseImage
  /// What its first boot does; `nil` for a guest without a seed.
  package var firstBoot: FirstBoot?
  /// The storage pool of disk and seed, and of an image that is uploaded.
  package var pool: String
  /// The size of the disk in bytes; `nil` for that of the image, and no less than `usualDiskSize`.
  package var diskSize: UInt64?
  /// The size in bytes that the release's guests usually have.
  package var usualDiskSize: UInt64

  /// A request.
  package init(
    _ definition: DomainDefinition, image: BaseImage, firstBoot: FirstBoot?, pool: String,
    diskSize: UInt64?, usualDiskSize: UInt64
  ) {
    self.definition = definition
    self.image = image
    self.firstBoot = firstBoot
    self.pool = pool
    self.diskSize = diskSize
    self.usualDiskSize = usualDiskSize
  }
}

/// What `virt-nest up` does on a host: everything that is not there yet.
package struct UpPlan: Sendable {
  /// The libvirt of the host.
  package let libvirt: Virsh
  /// The host's name, as libvirt gives it.
  package let host: String
  /// The guest's name.
  package let name: String
  /// What is made, and how far it is.
  package internal(set) var record: UpRecord
  /// What libvirt has of the guest.
  package internal(set) var state: HostGuest.State
  /// All steps in order.
  package internal(set) var steps: [GuestStep]
  /// What there is to know of the definition.
  package internal(set) var notes: [String]
  /// The change of the definition.
  package let change: DefinitionChange

  let pool: StoragePool
  let image: ImageOnHost
  /// The file to upload for the image; `nil` if it is a volume that was there.
  let imageFile: LocalImage?
  let seed: [UInt8]?

  /// The image as the guest's disk finds it.
  struct ImageOnHost: Sendable {
    var path: String
    var format: String
    var size: UInt64
  }

  /// Looks at a host; changes nothing.
  ///
  /// - Throws: ``VirtNestError`` if something of the user's is in the way, or the guest was made in
  ///   another way.
  package static func look(_ request: UpRequest, on libvirt: Virsh) async throws -> UpPlan {
    guard let name = Guest(reading: request.definition).name else {
      throw VirtNestError(.storage, "the definition has no <name>")
    }
    let pool = try await StoragePool.look(at: request.pool, on: libvirt)
    let (image, imageFile, imageVolume) = try await image(request.image, pool)
    var seed: [UInt8]?
    if let firstBoot = request.firstBoot {
      seed = try await SeedImage.bytes(for: firstBoot, isReproducible: true)
    }
    let wanted = try volumes(
      of: name, request, image: imageVolume, imageSize: image.size, pool: pool.name,
      seed: try await digest(of: seed))
    let definition = try request.definition.withVolumes(
      disk: pool.path(of: wanted[.disk]?.name ?? ""),
      seed: wanted[.seed].map { pool.path(of: $0.name) })
    let found = try await HostGuest.find([DefinitionChange.wanted(definition)], on: libvirt)
    let guest = found.guests[0]
    // Other guests in the way first: their records are not this guest's.
    _ = try DefinitionChange(definition, of: guest, on: libvirt)
    let record: UpRecord
    if let guest {
      guard let known = try UpRecord(in: guest.definition) else {
        throw VirtNestError(
          .storage,
          "the guest '\(name)' is there already and was not made by virt-nest up; nothing is changed"
        )
      }
      record = try known.checked(against: wanted, keepsSize: request.diskSize == nil)
    } else {
      record = try await new(wanted, in: pool, imageFile)
      try await requireFree(
        request.firstBoot?.network?.addresses ?? [], for: Guest(reading: request.definition),
        on: libvirt)
    }
    let change = try DefinitionChange(try record.added(to: definition), of: guest, on: libvirt)
    return UpPlan(
      libvirt: libvirt, host: found.host, name: name, record: record,
      state: guest?.state ?? .absent, steps: steps(for: name, record, change, guest),
      notes: change.notes, change: change, pool: pool, image: image, imageFile: imageFile,
      seed: seed)
  }

  private static func digest(of seed: [UInt8]?) async throws -> (size: UInt64, sha256: String)? {
    guard let seed else { return nil }
    return (UInt64(seed.count), try await FileDigest.sha256.hash(of: try unnamedFile(seed)))
  }

  /// The image on the host, the file that it is made of, and its volume.
  private static func image(
    _ image: BaseImage, _ pool: StoragePool
  ) async throws -> (ImageOnHost, LocalImage?, UpRecord.Volume) {
    switch image {
    case .file(let file):
      return (
        ImageOnHost(
          path: pool.path(of: file.name), format: file.format, size: file.diskSize), file,
        UpRecord.Volume(
          role: .image, pool: pool.name, name: file.name, size: file.fileSize,
          sha256: file.sha256, state: .planned, isOurs: true)
      )
    case .volume(let poolName, let name):
      try LocalImage.requirePower(name, "vol=" + name)
      let other =
        try await poolName == nil || poolName == pool.name
        ? pool : StoragePool.look(at: poolName ?? "", on: pool.libvirt)
      guard let volume = try await other.volume(name) else {
        throw VirtNestError(.storage, "the storage pool '\(other.name)' has no volume '\(name)'")
      }
      guard ["qcow2", "raw"].contains(volume.format) else {
        throw VirtNestError(
          .storage, "the volume '\(name)' has the format \(volume.format), not qcow2 or raw")
      }
      return (
        ImageOnHost(path: volume.path, format: volume.format, size: volume.capacity), nil,
        UpRecord.Volume(
          role: .image, pool: other.name, name: name, size: volume.capacity, sha256: nil,
          state: .complete, isOurs: false)
      )
    }
  }

  /// The volumes of a guest, none of which is made yet.
  private static func volumes(
    of name: String, _ request: UpRequest, image: UpRecord.Volume, imageSize: UInt64, pool: String,
    seed: (size: UInt64, sha256: String)?
  ) throws(VirtNestError) -> UpRecord {
    if let size = request.diskSize, size < imageSize {
      throw VirtNestError(
        .storage,
        "the disk must be as large as the image, which has \(imageSize) bytes, and not \(size)")
    }
    var volumes = [
      image,
      UpRecord.Volume(
        role: .disk, pool: pool, name: name + ".qcow2",
        size: request.diskSize ?? max(imageSize, request.usualDiskSize), sha256: nil,
        state: .planned, isOurs: true),
    ]
    if let seed {
      volumes.append(
        UpRecord.Volume(
          role: .seed, pool: pool, name: name + "-seed.iso", size: seed.size,
          sha256: seed.sha256, state: .planned, isOurs: true))
    }
    guard
      Set(volumes.filter { $0.pool == pool }.map(\.name)).count
        == volumes.filter({ $0.pool == pool }).count
    else {
      throw VirtNestError(
        .storage,
        "the image '\(image.name)' has the name of the guest's own disk; give it another name")
    }
    let addresses = request.firstBoot?.network?.addresses ?? []
    return UpRecord(volumes: volumes, addresses: addresses.map(\.address.description))
  }

  /// The record of a guest that is not there yet, after a look at what has the names of its volumes.
  private static func new(
    _ wanted: UpRecord, in pool: StoragePool, _ imageFile: LocalImage?
  ) async throws -> UpRecord {
    var record = wanted
    let mine = wanted.volumes.filter { $0.pool == pool.name && $0.state != .complete }
    let there = try await pool.volumes(mine.map(\.name))
    var needed: UInt64 = 1 << 20
    for (volume, found) in zip(mine, there) {
      guard let found else {
        if volume.role != .disk { needed += volume.size }
        continue
      }
      guard volume.role == .image else {
        throw VirtNestError(
          .storage,
          "the storage pool '\(pool.name)' has a volume '\(volume.name)' already, which is not this "
            + "guest's; give the guest another name, or move the volume away")
      }
      // The image of another guest, or one that the user has put there.
      var isImage = found.fileSize == volume.size
      if isImage, !(try await isMarked(volume, on: pool.libvirt)) {
        isImage = try await pool.sha256(of: volume.name) == volume.sha256
      }
      guard isImage else {
        throw VirtNestError(
          .storage,
          "the storage pool '\(pool.name)' has a volume '\(volume.name)' with other content than "
            + "\(imageFile?.path.description ?? volume.name); give the image another name, or the "
            + "volume as the image")
      }
      record[.image]?.state = .complete
      record[.image]?.isOurs = false
    }
    guard pool.available >= needed else {
      throw VirtNestError(
        .storage,
        "the storage pool '\(pool.name)' has \(pool.available) free bytes, and \(needed) are needed"
      )
    }
    return record
  }

  /// Whether another guest's record says that an image is whole, so that it is not read through the
  /// connection for each guest.
  private static func isMarked(
    _ image: UpRecord.Volume, on libvirt: Virsh
  ) async throws -> Bool {
    try await HostGuest.all(on: libvirt).contains { guest in
      guard let known = try? UpRecord(in: guest.definition)?[.image] else { return false }
      return known.pool == image.pool && known.name == image.name
        && known.sha256 == image.sha256 && known.state == .complete
    }
  }
}

extension UpRecord {
  /// This record of a guest that is there, if it is that of the same request.
  ///
  /// - Parameter keepsSize: whether no size of the disk was asked for.
  func checked(against wanted: UpRecord, keepsSize: Bool) throws(VirtNestError) -> UpRecord {
    guard volumes.map(\.role) == wanted.volumes.map(\.role) else {
      throw Self.other("it was made \(self[.seed] == nil ? "without" : "with") a seed")
    }
    for (old, new) in zip(volumes, wanted.volumes) {
      guard old.pool == new.pool, old.name == new.name else {
        throw Self.other("its \(old.role.rawValue) is the volume '\(old.name)' of '\(old.pool)'")
      }
      switch old.role {
      case .disk:
        guard keepsSize || old.size == new.size else {
          throw Self.other("its disk has \(old.size) bytes")
        }
      case .image:
        guard new.sha256 == nil || old.sha256 == new.sha256 else {
          throw Self.other("its image '\(old.name)' had other content")
        }
      case .seed:
        guard old.sha256 == new.sha256 else { throw Self.other("its seed has other content") }
      }
    }
    return self
  }

  private static func other(_ what: String) -> VirtNestError {
    VirtNestError(
      .storage,
      "the guest was made by virt-nest up with other options: \(what); give the same options, or take "
        + "the guest away first")
  }
}

extension DomainDefinition {
  /// The definition with the guest's own disk, and with its seed as a CD-ROM.
  func withVolumes(disk: String, seed: String?) throws -> DomainDefinition {
    func parts(_ path: String) -> String { "path=" + path.replacing(",", with: ",,") }
    let disks = Guest(reading: self).disks
    var changes = GuestChanges()
    let options = parts(disk) + ",format=qcow2,type=file"
    if let index = disks.firstIndex(where: { $0.device == "disk" }) {
      if disks[index].source != .file(disk) || disks[index].format != "qcow2" {
        changes.words.append(
          try WordChange(.edit, "disk", selector: "\(index + 1)", parts: options))
      }
    } else {
      changes.words.append(try WordChange(.add, "disk", parts: options + ",bus=virtio"))
    }
    if let seed, !disks.contains(where: { $0.source == .file(seed) }) {
      changes.words.append(
        try WordChange(.add, "disk", parts: parts(seed) + ",device=cdrom,type=file"))
    }
    return changes.words.isEmpty ? self : try patch(changes).result
  }
}
