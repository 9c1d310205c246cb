internal import LosslessXML
internal import SystemPackage
internal import VirtNest

extension UpPlan {
  /// All steps in order.
  static func steps(
    for name: String, _ record: UpRecord, _ change: DefinitionChange, _ host: HostGuest?
  ) -> [GuestStep] {
    let define = GuestStep(
      kind: .define,
      text: "\(host != nil && !change.isEmpty ? "redefine" : "define") the guest \(name)",
      state: change.isEmpty ? .before : .toDo)
    let volumes = record.volumes.map { volume in
      let place = "\(volume.name) in the pool \(volume.pool)"
      let text =
        switch volume.role {
        case .image: "upload the image \(place), \(readable(volume.size))"
        case .disk: "make the disk \(place), \(readable(volume.size)), on top of the image"
        case .seed: "upload the seed \(place), \(readable(volume.size))"
        }
      return GuestStep(
        kind: .init(volume.role), volume: volume, text: text,
        state: volume.state == .complete ? .before : .toDo)
    }
    let start = GuestStep(
      kind: .start, text: "start the guest \(name)",
      state: host?.isActive == true ? .before : .toDo)
    return [define] + volumes + [start]
  }

  /// What is there of what was made for the guest, in a few words each.
  package var made: [String] {
    let volumes = record.volumes.filter { $0.isOurs && $0.state != .planned }
    return (state == .absent ? [] : ["the guest"])
      + volumes.map { volume in
        "the volume \(volume.name) of the pool \(volume.pool)"
          + (volume.state == .complete ? "" : " (incomplete)")
      }
  }

  /// Does every step that is not done.
  ///
  /// - Parameter report: is told of each step when it begins, of what there is to know, and how far a
  ///     transfer is.
  /// - Throws: ``VirtNestError``; `CancellationError`. The same plan,
  ///   looked at again, goes on where this one ended.
  package mutating func run(report: (UpProgress) -> Void) async throws {
    for index in steps.indices {
      let mustBeDone = steps[index].state == .toDo
      if mustBeDone { steps[index].state = .failed }
      switch steps[index].kind {
      case .define where mustBeDone:
        report(.step(steps[index].text))
        let outcome = try await DefinitionChange.define([change], validates: true, on: libvirt)[0]
        if let failure = outcome.failure { throw failure }
        state = change.host?.state ?? .shutOff
        notes += outcome.notes
        for note in outcome.notes { report(.step("note: \(note)")) }
      case .start where mustBeDone:
        report(.step(steps[index].text))
        _ = try await libvirt.run(["start", Virsh.domain(name)])
        state = .running
      case .image, .disk, .seed:
        let role = steps[index].volume?.role
        guard let volume = record.volumes.first(where: { $0.role == role }) else { continue }
        try await make(volume, steps[index].text, report)
      default: continue
      }
      if mustBeDone { steps[index].state = .done }
    }
  }

  private mutating func make(
    _ volume: UpRecord.Volume, _ step: String, _ report: (UpProgress) -> Void
  ) async throws {
    var volume = volume
    let found = volume.pool == pool.name ? try await pool.volume(volume.name) : nil
    if volume.state == .complete {
      // A volume of another pool was looked at already.
      if found != nil || volume.pool != pool.name { return }
      throw VirtNestError(
        .storage,
        "the volume '\(volume.name)' of the pool '\(volume.pool)' is not there any more; take the "
          + "guest away and make it again")
    }
    if let found, volume.state == .planned {
      if found.isUntouched(volume, imagePath: image.path) {
        volume.state = .created
      } else if found.fileSize == volume.size, let wanted = volume.sha256,
        try await pool.sha256(of: volume.name) == wanted
      {
        try await mark(volume, .complete)
        return
      } else {
        throw VirtNestError(
          .storage,
          "the storage pool '\(pool.name)' has a volume '\(volume.name)' that virt-nest up has not "
            + "made; move it away, and run the command again")
      }
    }
    report(.step(step))
    if found == nil {
      try await pool.create(
        volume.name, size: volume.size, on: volume.role == .disk ? image : nil)
    }
    // A disk on top of the image needs nothing more.
    if volume.role == .disk { return try await mark(volume, .complete) }
    try await mark(volume, .created)
    try await upload(volume, report)
    try await mark(volume, .complete)
  }

  private func upload(
    _ volume: UpRecord.Volume, _ report: (UpProgress) -> Void
  ) async throws {
    let image = volume.role == .image ? imageFile : nil
    // The file that is opened, also where another takes its place meanwhile.
    let file =
      try image.map { try FileDescriptor.open($0.path, .readOnly) } ?? unnamedFile(seed ?? [])
    try await pool.upload(
      file, to: volume.name, size: volume.size, sha256: volume.sha256 ?? "", report: report)
    if image != nil { try await pool.refresh() }
  }

  /// Writes into the guest's definition how far a volume is.
  private mutating func mark(
    _ volume: UpRecord.Volume, _ state: UpRecord.State
  ) async throws {
    record[volume.role]?.state = state
    try await record.write(to: name, on: libvirt)
  }

  /// Waits until the guest agent answers and cloud-init has done its work, and asks whether the guest
  /// can nest.
  ///
  /// - Throws: ``VirtNestError`` if that takes longer than the limit, if the guest has ended, or has no
  ///   channel for an agent.
  package func wait(limit: Duration) async throws -> Verification {
    let start = ContinuousClock.now
    let agent = GuestAgent(libvirt: libvirt, guest: name)
    while true {
      let obstacle: String
      switch try await agent.ask() {
      // None will ever answer.
      case .silent(let error) where error.has(.missingAgent):
        throw VirtNestError(
          .storage,
          "the guest runs, but its definition has no channel for a guest agent "
            + "(org.qemu.guest_agent.0), so that it cannot be asked whether it can nest")
      case .silent(let error): obstacle = "its guest agent does not answer (\(error.message))"
      case .answered(let answer) where answer.isBeingSetUp:
        obstacle = "cloud-init in it is still at work"
      case .answered: return try await Verification.running(name, on: libvirt)
      }
      let state = try await libvirt.run(["domstate", Virsh.domain(name)]).trimmingSpaces
      guard state.hasPrefix("running") else {
        throw VirtNestError(.storage, "the guest is \(state)")
      }
      guard start.duration(to: .now) < limit else {
        throw VirtNestError(
          .storage,
          "the guest runs, but after \(limit.components.seconds) s \(obstacle); look at its console: "
            + "virsh console \(shellOperand(name))")
      }
      try await Task.sleep(for: .seconds(3))
    }
  }
}

extension UpRecord {
  /// Puts the record into the definition of a guest on a host, for its next start.
  func write(to guest: String, on libvirt: Virsh) async throws {
    _ = try await libvirt.run([
      "metadata", Virsh.domain(guest), "--config", "--uri=" + Self.namespace, "--key=up",
      "--set=" + text,
    ])
  }
}
