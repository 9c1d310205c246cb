import VirtNest

/// Nesting on and off again is the identity, a second run changes nothing, and the result says what
/// was asked.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPatch(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: data == nil ? 0 : size))
  let original: DomainDefinition
  do throws(VirtNestError) {
    original = try DomainDefinition(bytes)
  } catch {
    precondition(!error.diagnostics.contains { $0.code == "defect" }, error.description)
    return 0
  }
  // One that nests by a wrapper is on already, and on by another mechanism takes the wrapper away.
  // One that says something about nesting comes back with less.
  let saysNothing = !String(decoding: bytes, as: UTF8.self).contains("nest")
  if saysNothing, NestingFacts(of: original).wrapper == nil {
    for (mechanism, api) in ways { onAndOff(original, mechanism, api) }
  }
  for changes in plainChanges { _ = twice(original, changes) }
  return 0
}

private let ways: [(NestingMechanism, NestedAPI)] = [
  (.feature, .hv), (.commandline, .hv), (.machine, .hv), (.commandline, .papr),
]

private let plainChanges: [GuestChanges] = {
  var all = [GuestChanges](repeating: GuestChanges(), count: 6)
  all[0].guest.memory = .gibibytes(3)
  all[1].guest.vcpus = VirtualCPUs(count: 3)
  all[2].guest.name = "new <\"name\"> & more"
  all[3].guest.machine = MachineType("pseries-9.9")
  do {
    all[4].words = [try WordChange(.remove, "disk:all")]
  } catch {
    preconditionFailure("\(error)")
  }
  all[5].nesting = NestingChange(.off(explicit: false))
  return all
}()

private func patch(_ definition: DomainDefinition, _ changes: GuestChanges) -> Patch? {
  do throws(VirtNestError) {
    return try definition.patch(changes)
  } catch {
    for problem in error.diagnostics {
      precondition(problem.code != "defect", problem.message)
    }
    return nil
  }
}

private func read(_ bytes: [UInt8]) -> DomainDefinition {
  do throws(VirtNestError) { return try DomainDefinition(bytes) } catch {
    preconditionFailure("the result is no definition: \(error.description)")
  }
}

private func twice(_ original: DomainDefinition, _ changes: GuestChanges) -> DomainDefinition? {
  guard let first = patch(original, changes) else { return nil }
  let result = read(first.bytes)
  guard let second = patch(result, changes) else {
    // What is gone cannot be removed again.
    precondition(
      changes.words.contains { $0.verb == .remove }, "what was done once is refused a second time")
    return result
  }
  precondition(second.isEmpty, "a second run changes something")
  return result
}

private func onAndOff(
  _ original: DomainDefinition, _ mechanism: NestingMechanism, _ api: NestedAPI
) {
  var on = GuestChanges()
  on.nesting = NestingChange(.on, mechanism: mechanism, api: api)
  let isForced = patch(original, on) == nil
  on.force = true
  guard let result = twice(original, on) else { return }
  let facts = NestingFacts(of: result)
  // What keeps the guest from starting anyway, such as an argument without a value, is still there.
  let wasRefused = if case .refused = NestingFacts(of: original).effective { true } else { false }
  let isRefused = if case .refused = facts.effective { true } else { false }
  precondition(
    facts.effective == .on(api) || isForced || isRefused && (wasRefused || facts.asked == .on(api)),
    "\(mechanism) did not switch it on")
  var off = GuestChanges()
  off.nesting = NestingChange(.off(explicit: false))
  guard let back = patch(result, off) else { preconditionFailure("it cannot be switched off") }
  precondition(
    back.bytes == original.document.bytes, "\(mechanism) on and off again is another file")
}
