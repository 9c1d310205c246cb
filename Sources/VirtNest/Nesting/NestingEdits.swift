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
    let state = NestingState(of: definition)
    switch change.wish {
    case .off(let explicit): switchOff(state, explicit: explicit)
    case .on:
      do {
        let choice = try change.choice()
        if change.mechanism == nil, isOn(state, change.api) { return }
        let obstacles = NestingObstacle.all(for: guest)
        if force {
          messages += obstacles.map { .warning("forced, although \($0.reason)") }
        } else if !obstacles.isEmpty {
          problems += obstacles.map { obstacle in
            Problem(
              "nesting cannot be switched on: \(obstacle.reason); --force does it all the same")
          }
          return
        }
        switchOn(state, choice.mechanism, choice.api, change, guest)
      } catch {
        problems.append(Problem(error.description))
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
    guard !new.isEmpty, NestingState(of: definition).isOn else { return }
    for obstacle in new {
      let text = "the guest asks for nesting, and would not start: \(obstacle.reason)"
      if changes.nesting?.wish == .on, !changes.force {
        problems.append(Problem(text + "; --force does it all the same"))
      } else if changes.nesting == nil {
        messages.append(.warning(text + "; --no-nested switches it off"))
      }
    }
  }

  private func isOn(_ state: NestingState, _ api: NestedAPI?) -> Bool {
    guard case .on(let effective) = state.effective else { return false }
    return api == nil || api == effective
  }

  // MARK: Off

  private mutating func switchOff(_ state: NestingState, explicit: Bool) {
    let isOff = state.contributions.allSatisfy { $0.value == .off }
    if !isOff || explicit {
      let kept = explicit ? state.contributions.first { $0.mechanism == .feature } : nil
      remove(state.contributions.filter { $0 != kept })
      if explicit { setFeature(kept, to: "off") }
    }
    guard let wrapper = state.wrapper, let emulator = domain.first(["devices", "emulator"]) else {
      return
    }
    if Emulator.isOurWrapper(wrapper) {
      removeFromContainer(emulator)
    } else {
      messages.append(
        .warning(
          "the emulator \(wrapper) is not QEMU itself and may switch nesting on again; "
            + "it is left as it is", at: emulator.location))
    }
  }

  // MARK: On

  private mutating func switchOn(
    _ state: NestingState, _ mechanism: NestingMechanism, _ api: NestedAPI,
    _ change: NestingChange, _ guest: Guest
  ) {
    let own = state.contributions.filter { $0.mechanism == mechanism && $0.api == api }
    // A feature is switched in place; of arguments, one that is on already stays.
    let kept = mechanism == .feature ? own.first : own.last { $0.value == .on && $0.isSaidOnce }
    remove(state.contributions.filter { $0 != kept })
    switch mechanism {
    case .feature: setFeature(kept, to: "on")
    case .commandline:
      if kept == nil { addMachineArgument(api.machineProperty + "=true") }
    case .machine: if kept == nil { addToMachineAttribute(api.machineProperty + "=true") }
    case .wrapper: setWrapper(change.wrapper, guest)
    }
    if mechanism != .wrapper { leaveWrapper(state, change) }
  }

  private mutating func setFeature(_ kept: NestingContribution?, to state: String) {
    if case .feature(let element) = kept?.place {
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
      problems.append(
        Problem(
          "'\(unfinished.value)' has no value behind it and would take -machine for one; "
            + "give it its value, or take it out", at: unfinished.element.location))
      return
    }
    for value in ["-machine", text] {
      let commandLine = domain.first([.qemuCommandLine])
      let prefix = (commandLine ?? domain).prefix(boundTo: DomainNamespace.qemu)
      let isDefault = commandLine.map { $0.prefix == nil } ?? false
      let name = isDefault ? "arg" : (prefix ?? "qemu") + ":arg"
      add(NewElement(name, ["value": value]), to: [.qemuCommandLine])
    }
  }

  private mutating func addToMachineAttribute(_ property: String) {
    let place: [Step] = ["os", "type"]
    guard let type = domain.first(place), let machine = attribute("machine", of: type) else {
      problems.append(
        Problem(
          "mechanism 'machine' needs a machine attribute to write into; give one by --machine pseries",
          at: domain.first(place)?.location ?? domain.location))
      return
    }
    // Behind an odd number of commas a further one would be part of the type's name.
    guard machine.reversed().prefix(while: { $0 == "," }).count.isMultiple(of: 2) else {
      problems.append(
        Problem(
          "the machine type '\(machine)' ends in a comma, which QEMU refuses; "
            + "give another by --machine pseries", at: type.location))
      return
    }
    setAttribute("machine", of: type, to: machine + "," + property)
    messages.append(
      .warning(
        "a machine type with a property is refused by libvirt \(NestingChange.firstLibvirtWithoutMachineProperties) "
          + "and by its schema; --mechanism feature works there", at: type.location))
  }

  private mutating func setWrapper(_ path: String, _ guest: Guest) {
    let name = guest.name ?? ""
    guard GuestName.hasKata(name) else {
      problems.append(
        Problem(
          "the wrapper looks for 'kata' in the name, and '\(name)' has none; "
            + "give one by --name 'kata-\(name)', or use --mechanism feature",
          at: domain.first(["name"])?.location))
      return
    }
    if let old = domain.first(["devices", "emulator"]), old.text.trimmingSpaces != path {
      messages.append(
        .warning(
          "the emulator was \(old.text.trimmingSpaces); switching nesting off removes the wrapper "
            + "and does not bring it back", at: old.location))
    }
    setText(at: ["devices", "emulator"], to: path, keepingSpace: true)
  }

  /// Takes our wrapper out where another mechanism was asked for by name.
  private mutating func leaveWrapper(_ state: NestingState, _ change: NestingChange) {
    guard let wrapper = state.wrapper, let emulator = domain.first(["devices", "emulator"]) else {
      return
    }
    if Emulator.isOurWrapper(wrapper), change.mechanism != nil {
      removeFromContainer(emulator)
    } else {
      messages.append(
        .note(
          "the emulator \(wrapper) is not QEMU itself; it is left as it is", at: emulator.location))
    }
  }

  // MARK: Removing

  private mutating func remove(_ contributions: [NestingContribution]) {
    for contribution in contributions {
      let property = contribution.api.machineProperty
      switch contribution.place {
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
