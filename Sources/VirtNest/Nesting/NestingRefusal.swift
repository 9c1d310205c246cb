internal import LosslessXML

/// A way to ask for nesting that keeps the guest from starting at all.
///
/// Each was seen on libvirt 9.0 and QEMU 7.2; the rules are in QEMU's `util/keyval.c` and
/// `softmmu/vl.c`.
package struct NestingRefusal: Hashable, Sendable {
  /// The kinds, as far as rules tell them apart.
  enum Kind: Hashable, Sendable {
    /// Option and value in one argument.
    case joined
    /// A property that is misspelt.
    case misspelt
    /// A nested capability without a value.
    case missingValue
    /// One capability in two spellings.
    case twoSpellings
    /// Anything else that libvirt or QEMU cannot read.
    case unreadable
    /// What cannot stand beside what libvirt writes, or beside what the definition says elsewhere.
    case excluded
    /// What keeps the guest from starting, and has nothing to do with how nesting is asked for.
    case unrelated
    /// A word that no option stands before.
    case stray

    /// Whether it decides what comes of asking for nesting.
    var isAboutNesting: Bool { self != .unrelated && self != .stray }
  }

  /// What kind it is.
  let kind: Kind
  /// Who refuses, and why.
  let reason: String
  /// The element that it is about.
  let element: Element

  /// Every one of what is passed through, beside what else is said about nesting.
  static func all(
    _ arguments: PassthroughArguments, _ contributions: [NestingContribution],
    in domain: Element, _ guest: Guest
  ) -> [NestingRefusal] {
    arguments.arguments.compactMap { refusal(of: $0) }
      + missingValue(arguments)
      + arguments.machineArguments.compactMap { refusal(of: $0) }
      + conflicts(contributions, arguments)
      + arguments.options.compactMap { refusal(of: $0, guest) }
      + withoutKernel(arguments, in: domain)
      + accelerators(arguments) + machines(arguments) + sizes(arguments, guest, in: domain)
      + capabilities(arguments, guest, in: domain) + deleted(in: domain)
  }

  /// `<qemu:del>` of the capability by which libvirt knows that QEMU has the feature.
  private static func deleted(in domain: Element) -> [NestingRefusal] {
    let name = "machine.pseries.cap-nested-hv"
    guard domain.children("features").contains(where: { $0.child("nested-hv") != nil }) else {
      return []
    }
    return domain.children("capabilities", in: DomainNamespace.qemu).flatMap {
      $0.children("del", in: DomainNamespace.qemu)
    }.filter { $0["capability"] == name }.map { element in
      NestingRefusal(
        kind: .excluded,
        reason: "libvirt refuses <nested-hv> where <\(element.qualifiedName)> takes \(name) away",
        element: element)
    }
  }

  private static func refusal(of argument: PassthroughArguments.Argument) -> NestingRefusal? {
    if argument.element["value"] == nil {
      return NestingRefusal(
        kind: .unreadable, reason: "libvirt refuses a <qemu:arg> without a value attribute",
        element: argument.element)
    }
    guard QEMUOption.isMachineWithValue(argument.value) else { return nil }
    return NestingRefusal(
      kind: .joined,
      reason: "QEMU reads '\(argument.value)' as the name of an option; option and value must be "
        + "two <qemu:arg>", element: argument.element)
  }

  private static func missingValue(_ arguments: PassthroughArguments) -> [NestingRefusal] {
    guard arguments.endsInMachineOption, let last = arguments.arguments.last else { return [] }
    return [
      NestingRefusal(
        kind: .unreadable,
        reason: "'\(last.value)' has no value behind it, so it takes libvirt's next argument",
        element: last.element)
    ]
  }

  private static func refusal(
    of argument: PassthroughArguments.MachineArgument
  ) -> NestingRefusal? {
    let items = argument.options.items
    return items.indices.lazy.compactMap { index in
      Self.refusal(of: items[index], index, of: items.count).map { kind, reason in
        NestingRefusal(kind: kind, reason: reason, element: argument.value.element)
      }
    }.first
  }

  private static func refusal(
    of item: MachineOptions.Item, _ index: Int, of count: Int
  ) -> (Kind, String)? {
    if let spelling = item.spelling, let key = item.key {
      let isKnown = NestedAPI.allCases.contains { $0.machineProperty == key }
      guard !isKnown, looksLikeNesting(key) else { return nil }
      return (
        .misspelt, "QEMU has no property '\(spelling)'; it is \(NestedAPI.hv.machineProperty)"
      )
    }
    guard item.spelling == nil else { return nil }
    // QEMU ignores a comma at the very end.
    if item.value.isEmpty {
      return index < count - 1 ? (.unreadable, "QEMU refuses an empty property") : nil
    }
    let dashed = item.value.replacing("_", with: "-")
    let kind: Kind = NestedCapability.names.contains(dashed) ? .missingValue : .unreadable
    if index > 0 {
      return (kind, "QEMU needs a value for '\(item.value)', as in \(item.value)=true")
    }
    guard looksLikeNesting(item.value) else { return nil }
    return (kind, "QEMU reads '\(item.value)' as a machine type; write \(item.value)=true")
  }

  static func looksLikeNesting(_ text: String) -> Bool {
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
              kind: .twoSpellings,
              reason: "QEMU refuses '\(first)' and '\(spelling)' beside each other",
              element: argument.value.element)
          }
          first = spelling
        }
      }
      return nil
    }
  }
}
