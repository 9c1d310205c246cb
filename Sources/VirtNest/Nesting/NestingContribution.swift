internal import LosslessXML

/// One place of a definition that says something about nesting.
package struct NestingContribution: Hashable, Sendable {
  /// What it says.
  package enum Value: Hashable, Sendable {
    case on
    case off
    /// Something that libvirt or QEMU refuses.
    case invalid(String)

    init(_ text: String) {
      switch QEMUBoolean.parse(text) {
      case true?: self = .on
      case false?: self = .off
      case nil: self = .invalid(text)
      }
    }
  }

  /// The way in which it is said.
  package var mechanism: NestingMechanism
  /// Which interface it is about.
  package var api: NestedAPI
  /// What it says.
  package var value: Value
  /// As it is written, shortened to the part that matters.
  package var text: String
  /// Where it stands.
  package var place: Diagnostic.Place { element.place }

  /// The elements that it stands in.
  enum Holder: Hashable, Sendable {
    case feature(Element)
    case argument(option: Element, value: Element)
    case machineAttribute(Element)
  }

  var holder: Holder

  /// The element that it stands in; of an argument, the one with the value.
  var element: Element {
    switch holder {
    case .feature(let element), .machineAttribute(let element): element
    case .argument(_, let value): value
    }
  }

  /// Whether its place says it once, and in no second spelling that QEMU refuses beside the first.
  var isSaidOnce: Bool {
    guard case .argument(_, let element) = holder else { return true }
    let options = MachineOptions(element["value"] ?? "")
    return options.items.count { $0.key == api.machineProperty } == 1
  }

  /// Every contribution, in the order in which QEMU reads them: libvirt's own `-machine`, the type's
  /// properties before the features, then the arguments that are passed through.
  static func all(
    in domain: Element, _ arguments: PassthroughArguments
  ) -> [NestingContribution] {
    machineAttribute(in: domain) + features(in: domain) + passedThrough(arguments)
  }

  private static func machineAttribute(in domain: Element) -> [NestingContribution] {
    guard let type = domain.first(["os", "type"]), let machine = type["machine"],
      machine.utf8.contains(UInt8(ascii: ","))
    else { return [] }
    let options = MachineOptions(machine)
    return NestedAPI.allCases.compactMap { api in
      options.value(of: api.machineProperty).map { value in
        NestingContribution(
          mechanism: .machine, api: api, value: Value(value), text: "machine='\(machine)'",
          holder: .machineAttribute(type))
      }
    }
  }

  private static func features(in domain: Element) -> [NestingContribution] {
    domain.children("features").flatMap { features in
      // libvirt looks at the name alone (`virDomainFeaturesDefParse`), whatever the namespace.
      features.children.filter { $0.hasLocalName("nested-hv") }.map { element in
        let state = element["state"]
        // libvirt's own switch takes these two words only (virXMLPropTristateSwitch).
        let value: Value =
          switch state {
          case "on": .on
          case "off": .off
          default: .invalid(state ?? "")
          }
        return NestingContribution(
          mechanism: .feature, api: .hv, value: value,
          text: "<nested-hv" + (state.map { " state='\($0)'" } ?? "") + "/>",
          holder: .feature(element))
      }
    }
  }

  private static func passedThrough(_ arguments: PassthroughArguments) -> [NestingContribution] {
    arguments.machineArguments.flatMap { argument in
      NestedAPI.allCases.compactMap { api in
        argument.options.value(of: api.machineProperty).map { value in
          NestingContribution(
            mechanism: .commandline, api: api, value: Value(value),
            text: "\(argument.option.value) \(argument.value.value)",
            holder: .argument(option: argument.option.element, value: argument.value.element))
        }
      }
    }
  }
}
