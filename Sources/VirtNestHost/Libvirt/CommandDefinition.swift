internal import LosslessXML
internal import VirtNest

/// The parts of a definition that libvirt turns into a command of QEMU.
struct CommandDefinition {
  /// The definition without what ``KeptParts/command`` and ``KeptArguments`` do not list.
  let bytes: [UInt8]
  /// What is left out, each as a sentence.
  let differences: [String]

  /// Leaves out what is not listed.
  ///
  /// - Throws: ``VirtNestError`` if the definition cannot be changed.
  init(of definition: DomainDefinition) throws(VirtNestError) {
    let domain = definition.domain
    var changes = Changes(definition.document)
    let arguments = KeptArguments(of: domain)
    var differences = arguments.differences
    var hasArguments = false
    func check(_ element: Element, _ path: String) {
      let isKept = KeptParts.command.contains { $0.utf8.elementsEqual(path.utf8) }
      if isKept { return }
      changes.remove(element)
      if !KeptParts.saysNothing.contains(path) {
        differences.append(
          "<\(element.qualifiedName)> in line \(element.location.line) is left out")
      }
    }
    for element in domain.children {
      switch (element.namespace, element.localName) {
      case (nil, "devices"):
        for device in element.children {
          check(device, (device.namespace == nil ? "devices/" : "?") + device.localName)
        }
      case (nil, let name): check(element, name)
      case (DomainNamespace.qemu, "commandline"):
        if hasArguments {
          changes.remove(element)
        } else {
          changes.replace(element.range, with: Array(arguments.xml.utf8))
        }
        hasArguments = true
      case (DomainNamespace.qemu, let name): check(element, "qemu:" + name)
      default: check(element, "?" + element.localName)
      }
    }
    do {
      bytes = try changes.sortedEdits().applied(to: definition.document.bytes)
    } catch {
      throw VirtNestError(error, between: "two changes of the copy", in: definition.document)
    }
    self.differences = differences
  }
}
