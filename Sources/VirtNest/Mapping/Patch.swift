public import LosslessXML

/// The edits that make a definition say what was asked.
public struct Patch: Sendable {
  /// The definition as it was.
  public let definition: DomainDefinition
  /// The edits, sorted and without overlap; none where it says so already.
  public let edits: [Edit]
  /// What there is to know about them.
  public let messages: [Message]
  /// The definition's bytes with the edits; the very bytes that were read where there are none.
  public let bytes: [UInt8]

  /// Whether nothing changes.
  public var isEmpty: Bool { edits.isEmpty }
}

extension DomainDefinition {
  /// Finds the edits that make the definition say what is asked, and proves them on the result.
  ///
  /// - Throws: ``ChangeError`` with every reason where something is wrong.
  public func patch(_ changes: GuestChanges) throws(ChangeError) -> Patch {
    let (editor, wanted) = editor(for: changes)
    return try patch(editor, wanted)
  }

  /// The edits alone, without the proof on the result: for whoever reads the result anyway.
  ///
  /// - Throws: ``ChangeError`` with every reason where something is wrong.
  public func edits(for changes: GuestChanges) throws(ChangeError) -> [Edit] {
    try edits(of: editor(for: changes).editor)
  }

  private func editor(for changes: GuestChanges) -> (editor: DomainEditor, wanted: Guest) {
    var editor = DomainEditor(self)
    let before = Guest(reading: self, Self.propertiesRead(for: changes))
    var wanted = changes.guest
    if changes.emulated { editor.emulate(before, &wanted) }
    editor.deriveIdentity(changes.identity, before, &wanted)
    editor.check(wanted)
    for property in Property.all where property.isGiven(wanted) { property.write(wanted, &editor) }
    editor.applyDevices(changes)
    editor.apply(changes.xpathEdits)
    if let nesting = changes.nesting {
      editor.apply(
        nesting, of: self, to: before.overlaid(with: wanted), force: changes.force)
    }
    return (editor, wanted)
  }

  /// What has to be known of the definition before it is changed.
  private static func propertiesRead(for changes: GuestChanges) -> [Property] {
    if changes.emulated || changes.identity != nil { return Property.all }
    if changes.guest.name != nil { return Property.forNesting + [.uuid] }
    return changes.nesting != nil ? Property.forNesting : []
  }

  private func edits(of editor: DomainEditor) throws(ChangeError) -> [Edit] {
    guard editor.problems.isEmpty else { throw ChangeError(problems: editor.problems) }
    do {
      return try editor.resolved().sortedEdits()
    } catch {
      throw ChangeError(problems: [
        Problem("two of the changes are about the same place", at: error.location)
      ])
    }
  }

  private func patch(_ editor: DomainEditor, _ wanted: Guest) throws(ChangeError) -> Patch {
    let edits = try edits(of: editor)
    guard !edits.isEmpty else {
      return Patch(
        definition: self, edits: [], messages: editor.messages, bytes: document.bytes)
    }
    let patch = Patch(
      definition: self, edits: edits, messages: editor.messages,
      bytes: edits.applied(to: document.bytes))
    try patch.prove(wanted)
    return patch
  }
}

extension Patch {
  /// Reads the result and looks whether it says what was asked.
  fileprivate func prove(_ wanted: Guest) throws(ChangeError) {
    let result: DomainDefinition
    do {
      result = try DomainDefinition(bytes)
    } catch {
      throw ChangeError(problems: [
        Problem("the result would not be well-formed (\(error.message)); please report this file")
      ])
    }
    let given = Property.all.filter { $0.isGiven(wanted) }
    let missing = Guest(reading: result, given).contradictions(to: wanted)
    guard missing.isEmpty else {
      throw ChangeError(problems: [
        Problem(
          "the result would not say what was asked of \(missing.joined(separator: ", ")); "
            + "please report this file")
      ])
    }
  }
}

extension Guest {
  /// The guest with what another one says put over it.
  func overlaid(with other: Guest) -> Guest {
    var guest = self
    guest.name = other.name ?? name
    guest.domainType = other.domainType ?? domainType
    guest.architecture = other.architecture ?? architecture
    guest.machine = other.machine ?? machine
    guest.cpu = other.cpu ?? cpu
    guest.emulator = other.emulator ?? emulator
    return guest
  }

  /// The properties of which a guest does not say what was wanted.
  fileprivate func contradictions(to wanted: Guest) -> [String] {
    var names: [String] = []
    let compare = { (name: String, isSame: Bool) in if !isSame { names.append(name) } }
    compare("name", wanted.name == nil || wanted.name == name)
    compare("uuid", wanted.uuid == nil || wanted.uuid == uuid)
    compare("virt-type", wanted.domainType == nil || wanted.domainType == domainType)
    compare("machine", wanted.machine == nil || wanted.machine?.name == machine?.name)
    compare("memory", wanted.memory == nil || wanted.memory == memory)
    compare("vcpus", wanted.vcpus == nil || wanted.vcpus?.count == vcpus?.count)
    compare("cpu", wanted.cpu == nil || wanted.cpu == cpu)
    compare("emulator", wanted.emulator == nil || wanted.emulator == emulator)
    compare("disk", wanted.disks == nil || wanted.disks?.count == disks?.count)
    compare("network", wanted.interfaces == nil || wanted.interfaces?.count == interfaces?.count)
    compare("kernel", wanted.boot.kernel == nil || wanted.boot.kernel == boot.kernel)
    for (feature, value) in wanted.features where features[feature] != value {
      names.append(feature.rawValue)
    }
    return names
  }
}
