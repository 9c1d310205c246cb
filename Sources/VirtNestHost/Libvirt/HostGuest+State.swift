internal import LosslessXML
package import VirtNest

extension HostGuest {
  /// What a libvirt has of a guest.
  package enum State: String, Sendable {
    /// It has no such guest.
    case absent
    /// It has the definition, and the guest does not run.
    case shutOff = "shut off"
    /// The guest runs or is paused.
    case running
  }

  /// What libvirt has of the guest.
  package var state: State { isActive ? .running : .shutOff }

  /// Starts guests in one virsh; one that fails does not stop the others.
  ///
  /// - Returns: for each why it was not started; `nil` if it was.
  /// - Throws: ``VirtNestError`` if there is no connection; ``VirtNestError``.
  package static func start(_ names: [String], on libvirt: Virsh) async throws -> [VirtNestError?] {
    try await libvirt.answers(to: names.map { "start " + Virsh.quoted(Virsh.domain($0)) }).map(
      \.failure)
  }

  /// Why the guest may not be removed; `nil` if it may.
  ///
  /// - Parameter stops: whether it may be stopped for that.
  package func refusalOfRemoval(stops: Bool) -> VirtNestError? {
    if UpRecord.isIn(definition) {
      return VirtNestError(.libvirt, "virt-nest up has made the guest; remove it by virt-nest down")
    }
    return isActive && !stops
      ? VirtNestError(.libvirt, "the guest is running; shut it down before it is removed") : nil
  }

  /// Undefines guests in one virsh; their volumes stay.
  ///
  /// One that fails does not stop the others. A guest that runs is stopped as if its power was cut.
  /// - Returns: for each why it is still there; `nil` if it is not.
  /// - Throws: ``VirtNestError`` if there is no connection; ``VirtNestError``.
  package static func remove(
    _ guests: [HostGuest], on libvirt: Virsh
  ) async throws -> [VirtNestError?] {
    // Each guest has two commands, so that their answers are found again.
    let answers = try await libvirt.answers(
      to: guests.flatMap { guest in
        [guest.isActive ? "destroy \(guest.uuid)" : "echo", "undefine \(guest.uuid)"]
      })
    return guests.indices.map { (answers[2 * $0] + answers[2 * $0 + 1]).failure }
  }

  /// The removal in the format of `diff -u`, without passwords.
  package func removal(from libvirt: Virsh) -> [UInt8] {
    UnifiedDiff(
      from: DefinitionComparison.printed(definition), to: [],
      oldLabel: "\(name) on \(libvirt.displayName)", newLabel: "/dev/null"
    ).bytes()
  }
}
