internal import LosslessXML

extension Rule {
  static let spelledTwoWays = Rule(
    57, .error, "A nested capability spelled in two ways",
    reason: """
      QEMU takes _ for - in a property's name, but not both spellings together: "Conflict between \
      'cap_nested_hv' and 'cap-nested-hv'". libvirt's own spelling, for <nested-hv>, is with -.
      """,
    source: "QEMU, system/vl.c, keyval_dashify; \(measured)", versions: "all"
  ) { subject in
    subject.spelledWithUnderscore.map { argument in
      Hit(
        argument.value.element, attribute: "value",
        "the capability is spelled with _ here and with - elsewhere, which QEMU refuses",
        do: "Spell it with -, or keep one of the two: virt-nest patch -i --mechanism feature.")
    }
  }
}

extension Subject {
  /// The arguments that spell a nested capability with `_`, where it is also spelled with `-`.
  var spelledWithUnderscore: [PassthroughArguments.MachineArgument] {
    let spellings = { (argument: PassthroughArguments.MachineArgument) in
      argument.options.items.compactMap { item in
        NestedCapability.names.contains(item.key ?? "")
          ? String(item.text.prefix { $0 != "=" }) : nil
      }
    }
    let all = arguments.machineArguments
    let own = nesting.contributions.filter { $0.mechanism == .feature }.map(\.api.machineProperty)
    let plain = Set(all.flatMap(spellings) + own).intersection(NestedCapability.names)
    return all.filter { argument in
      spellings(argument).contains { name in
        name.contains("_") && plain.contains(name.replacing("_", with: "-"))
      }
    }
  }
}
