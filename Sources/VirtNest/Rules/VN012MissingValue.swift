internal import LosslessXML

extension Rule {
  static let missingValue = Rule(
    12, .error, "A nested capability without a value",
    reason: """
      Alone, the name is taken for a machine type ("unsupported machine type"); behind another \
      property QEMU says "Expected '=' after parameter 'cap-nested-hv'".
      """,
    source: "QEMU, util/keyval.c; \(measured)",
    versions: "all"
  ) { subject in
    subject.arguments.machineArguments.compactMap { argument in
      let bare = argument.options.items.first { item in
        item.key == nil
          && NestedCapability.names.contains(item.value.replacing("_", with: "-"))
      }
      return bare.map { item in
        Hit(
          argument.value.element, attribute: "value", "'\(item.value)' has no value",
          do: "Write \(item.value)=true.")
      }
    }
  }
}
