internal import LosslessXML

/// A way to ask for nesting that keeps the guest from starting at all.
///
/// Each was seen on libvirt 9.0 and QEMU 7.2; the rules are in QEMU's `util/keyval.c` and
/// `softmmu/vl.c`.
struct NestingRefusal: Hashable, Sendable {
  /// Who refuses, and why.
  var reason: String
  /// Where it stands.
  var location: SourceLocation

  /// Every one, in the order of the document.
  static func all(in domain: Element) -> [NestingRefusal] {
    let arguments = PassthroughArguments(of: domain)
    return all(arguments, NestingContribution.all(in: domain, arguments))
  }

  /// Every one of what is passed through, beside what else is said about nesting.
  static func all(
    _ arguments: PassthroughArguments, _ contributions: [NestingContribution]
  ) -> [NestingRefusal] {
    arguments.arguments.compactMap { refusal(of: $0) }
      + missingValue(arguments)
      + arguments.machineArguments.compactMap { refusal(of: $0) }
      + conflicts(contributions, arguments)
  }

  /// What keeps a guest from starting still, after a change that should have it nest.
  static func remaining(in bytes: [UInt8], of original: DomainDefinition) -> [Message] {
    let before = all(in: original.domain)
    // Where there was none, none comes in. The result has been read once, for the proof.
    guard !before.isEmpty, let result = try? DomainDefinition(bytes) else { return [] }
    return all(in: result.domain).map { refusal in
      .warning(
        "the guest does not start: \(refusal.reason)",
        at: before.first { $0.reason == refusal.reason }?.location)
    }
  }

  private static func refusal(of argument: PassthroughArguments.Argument) -> NestingRefusal? {
    let location = argument.element.location
    if argument.element["value"] == nil {
      return NestingRefusal(
        reason: "libvirt refuses a <qemu:arg> without a value attribute", location: location)
    }
    guard QEMUOption.isMachineWithValue(argument.value) else { return nil }
    return NestingRefusal(
      reason: "QEMU takes '\(argument.value)' for the name of an option; "
        + "write option and value as two <qemu:arg>", location: location)
  }

  private static func missingValue(_ arguments: PassthroughArguments) -> [NestingRefusal] {
    guard arguments.endsInMachineOption, let last = arguments.arguments.last else { return [] }
    return [
      NestingRefusal(
        reason: "'\(last.value)' has no value behind it, and takes libvirt's next argument for one",
        location: last.element.location)
    ]
  }

  private static func refusal(
    of argument: PassthroughArguments.MachineArgument
  ) -> NestingRefusal? {
    let items = argument.options.items
    let reasons = items.indices.compactMap { Self.reason(items[$0], $0, of: items.count) }
    return reasons.first.map {
      NestingRefusal(reason: $0, location: argument.value.element.location)
    }
  }

  private static func reason(
    _ item: MachineOptions.Item, _ index: Int, of count: Int
  ) -> String? {
    if let spelling = item.spelling, let key = item.key {
      let isKnown = NestedAPI.allCases.contains { $0.machineProperty == key }
      guard !isKnown, looksLikeNesting(key) else { return nil }
      return "QEMU has no property '\(spelling)'; it is \(NestedAPI.hv.machineProperty)"
    }
    guard item.spelling == nil else { return nil }
    // A comma at the very end is passed over.
    if item.value.isEmpty { return index < count - 1 ? "QEMU refuses an empty property" : nil }
    if index > 0 { return "QEMU wants a value for '\(item.value)', as in \(item.value)=true" }
    guard looksLikeNesting(item.value) else { return nil }
    return "QEMU takes '\(item.value)' for a machine type; write \(item.value)=true"
  }

  private static func looksLikeNesting(_ text: String) -> Bool {
    text.trimmingSpaces.lowercased().replacing("_", with: "-").hasPrefix("cap-nested")
  }

  /// QEMU takes `_` for `-`, and refuses both for one property.
  private static func conflicts(
    _ contributions: [NestingContribution], _ arguments: PassthroughArguments
  ) -> [NestingRefusal] {
    NestedAPI.allCases.compactMap { api in
      let hasElement = contributions.contains {
        $0.api == api && $0.mechanism == .feature
      }
      var first = hasElement ? api.machineProperty : nil
      for argument in arguments.machineArguments {
        for item in argument.options.items where item.key == api.machineProperty {
          let spelling = item.spelling ?? api.machineProperty
          if let first, first != spelling {
            return NestingRefusal(
              reason: "QEMU refuses '\(first)' and '\(spelling)' beside each other",
              location: argument.value.element.location)
          }
          first = spelling
        }
      }
      return nil
    }
  }
}
