internal import LosslessXML

/// Switching nesting on, off, and from one mechanism to another.
extension DomainEditor {
  /// Makes nesting what is asked for, with the fewest edits.
  ///
  /// - Parameters:
  ///   - change: what should become of nesting.
  ///   - guest: the guest as it will be, without this change.
  ///   - force: switches on even where the guest cannot nest.
  mutating func apply(
    _ change: NestingChange, of definition: DomainDefinition, to guest: Guest, force: Bool
  ) {
    let facts = NestingFacts(of: definition)
    if change.onlyWhereNesting, !facts.isAskedFor || facts.asked == .off { return }
    switch change.wish {
    case .off(let explicit): switchOff(facts, explicit: explicit, wrapper: change.wrapper)
    case .on:
      do {
        let choice = try change.choice()
        if change.mechanism == nil, isOn(facts, change.api) { return }
        let obstacles = NestingObstacle.all(for: guest)
        if force {
          diagnostics += obstacles.map { .warning("nesting", "forced, although \($0.reason)") }
        } else if !obstacles.isEmpty {
          diagnostics += obstacles.map { obstacle in
            .error(
              "nesting", "nesting cannot be switched on: \(obstacle.reason)",
              advice: "\(.force) to do it anyway.")
          }
          return
        }
        switchOn(facts, choice.mechanism, choice.api, change, guest)
      } catch {
        say(.error, error.description)
      }
    }
  }

  /// Says where a change of CPU, machine or domain type takes nesting away from a guest that has it.
  mutating func checkStillNests(
    _ definition: DomainDefinition, _ before: Guest, _ wanted: Guest, _ changes: GuestChanges
  ) {
    guard wanted.decidesNesting else { return }
    let after = before.overlaid(with: wanted)
    let old = NestingObstacle.all(for: before)
    let new = NestingObstacle.all(for: after).filter { !old.contains($0) }
    guard !new.isEmpty, NestingFacts(of: definition).isOn else { return }
    for obstacle in new {
      let text = "the guest asks for nesting, and would not start: \(obstacle.reason)"
      if changes.nesting?.wish == .on, !changes.force {
        say(.error, text, advice: "\(.force) to do it anyway.")
      } else if changes.nesting == nil {
        say(.warning, text, advice: "To switch it off: \(.nesting(false)).")
      }
    }
  }

  private mutating func say(
    _ severity: Diagnostic.Severity, _ message: String, advice: Advice? = nil,
    at element: Element? = nil
  ) {
    diagnostics.append(Diagnostic(severity, "nesting", message, advice: advice, at: element?.place))
  }

  private func isOn(_ facts: NestingFacts, _ api: NestedAPI?) -> Bool {
    guard case .on(let effective) = facts.asked else { return false }
    return api == nil || api == effective
  }

  // MARK: Off

  private mutating func switchOff(_ facts: NestingFacts, explicit: Bool, wrapper ours: String) {
    let isOff = facts.contributions.allSatisfy { $0.value == .off }
    if !isOff || explicit {
      let kept = explicit ? facts.contributions.first { $0.mechanism == .feature } : nil
      remove(facts.contributions.filter { $0 != kept })
      if explicit { setFeature(kept, to: "off") }
    }
    guard let wrapper = facts.wrapper, let emulator = domain.first(["devices", "emulator"]) else {
      return
    }
    if wrapper == ours {
      removeFromContainer(emulator)
    } else {
      say(
        .warning,
        "the emulator \(wrapper) is not QEMU itself and may switch nesting on again; "
          + "it is left as it is",
        advice: "If it is a wrapper that does so, take it out: \(.withoutWrapper(wrapper)).",
        at: emulator)
    }
  }

  // MARK: On

  private mutating func switchOn(
    _ facts: NestingFacts, _ mechanism: NestingMechanism, _ api: NestedAPI,
    _ change: NestingChange, _ guest: Guest
  ) {
    let own = facts.contributions.filter { $0.mechanism == mechanism && $0.api == api }
    // A feature is switched in place; of arguments, one that is on already stays.
    let kept = mechanism == .feature ? own.first : own.last { $0.value == .on && $0.isSaidOnce }
    remove(facts.contributions.filter { $0 != kept })
    switch mechanism {
    case .feature: setFeature(kept, to: "on")
    case .commandline:
      if kept == nil { addMachineArgument(api.machineProperty + "=true") }
    case .machine: if kept == nil { addToMachineAttribute(api.machineProperty + "=true") }
    case .wrapper: setWrapper(change.wrapper, guest)
    }
    if mechanism != .wrapper { leaveWrapper(facts, change) }
  }

  private mutating func setFeature(_ kept: NestingContribution?, to state: String) {
    if case .feature(let element) = kept?.holder {
      setAttribute("state", of: element, to: state)
    } else {
      setAttribute("state", at: ["features", "nested-hv"], to: state)
    }
  }

  /// Adds `-machine PROPERTY=VALUE` as two arguments of their own, without a machine type: QEMU
  /// merges it with libvirt's, so that the type stays.
  mutating func addMachineArgument(_ text: String) {
    if let unfinished = PassthroughArguments(of: domain).unfinished,
      // A `-machine` without a value is reported, and taken out, as part of nesting.
      !QEMUOption.isMachine(unfinished.value)
    {
      say(
        .error,
        "'\(unfinished.value)' has no value behind it and would take -machine for one; "
          + "give it its value, or take it out",
        at: unfinished.element)
      return
    }
    for value in ["-machine", text] { addPassthrough("arg", ["value": value]) }
  }

  private mutating func addToMachineAttribute(_ property: String) {
    let place: [Step] = ["os", "type"]
    guard let type = domain.first(place), let machine = attribute("machine", of: type) else {
      say(
        .error, "mechanism 'machine' needs a machine attribute to write into",
        advice: "Give one: \(.property("machine", value: "pseries")).",
        at: domain.first(place) ?? domain)
      return
    }
    // Behind an odd number of commas a further one would be part of the type's name.
    guard machine.utf8.reversed().prefix(while: { $0 == UInt8(ascii: ",") }).count.isMultiple(of: 2)
    else {
      say(
        .error, "the machine type '\(machine)' ends in a comma, which QEMU refuses",
        advice: "Give another: \(.property("machine", value: "pseries")).", at: type)
      return
    }
    setAttribute("machine", of: type, to: machine + "," + property)
    say(
      .warning,
      "a machine type with a property is refused by libvirt "
        + "\(NestingChange.firstLibvirtWithoutMachineProperties) and later, and by its schema",
      advice: "What works there: \(.mechanism(.feature)).", at: type)
  }

  private mutating func setWrapper(_ path: String, _ guest: Guest) {
    let name = guest.name ?? ""
    guard GuestName.hasKata(name) else {
      say(
        .error, "the wrapper looks for 'kata' in the name, and '\(name)' has none",
        advice: """
          Give one: \(.property("name", value: "kata-\(name)")); or move nesting: \
          \(.mechanism(.feature)).
          """,
        at: domain.first(["name"]))
      return
    }
    let own = domain.first(["devices", "emulator"])?.text.trimmingSpaces
    if let given = guest.emulator?.trimmingSpaces, given != own, given != path {
      say(
        .error, "the emulator \(given) is asked for, and the mechanism wrapper needs \(path)",
        advice: "Leave one of them out.")
      return
    }
    if let old = domain.first(["devices", "emulator"]), old.text.trimmingSpaces != path {
      say(
        .warning,
        "the emulator was \(old.text.trimmingSpaces); switching nesting off removes the wrapper "
          + "and does not bring it back",
        at: old)
    }
    setText(at: ["devices", "emulator"], to: path, keepingSpace: true)
  }

  /// Takes our wrapper out where another mechanism was asked for by name.
  private mutating func leaveWrapper(_ facts: NestingFacts, _ change: NestingChange) {
    guard let wrapper = facts.wrapper, let emulator = domain.first(["devices", "emulator"]) else {
      return
    }
    if wrapper == change.wrapper, change.mechanism != nil {
      removeFromContainer(emulator)
    } else {
      say(.note, "the emulator \(wrapper) is not QEMU itself; it is left as it is", at: emulator)
    }
  }

  // MARK: Removing

  private mutating func remove(_ contributions: [NestingContribution]) {
    for contribution in contributions {
      let property = contribution.api.machineProperty
      switch contribution.holder {
      case .feature(let element): removeFromContainer(element)
      case .machineAttribute(let type):
        let options = MachineOptions(attribute("machine", of: type) ?? "")
        setAttribute("machine", of: type, to: options.without(property).text)
      case .argument(let option, let value):
        let options = MachineOptions(attribute("value", of: value) ?? "").without(property)
        setAttribute("value", of: value, to: options.text)
        if options.isEmpty {
          removeFromContainer(option)
          removeFromContainer(value)
        }
      }
    }
  }
}
