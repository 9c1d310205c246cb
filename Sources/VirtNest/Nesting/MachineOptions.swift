internal import LosslessXML

/// The value of QEMU's `-machine`: a type and properties, with commas between them.
///
/// QEMU, `util/keyval.c`: a doubled comma stands for one in a value, a first part without `=` is the
/// type; `system/vl.c` (`keyval_dashify`) takes `_` for `-` in names.
package struct MachineOptions: Hashable, Sendable {
  package struct Item: Hashable, Sendable {
    /// The part as it is written, doubled commas and all.
    package var text: String
    /// The property's name, with `-` for `_`; `nil` for the type.
    package var key: String?
    /// The property's name as it is written.
    package var spelling: String?
    package var value: String
  }

  package var items: [Item] = []

  package init(_ text: String) {
    for item in OptionList(text).items {
      let written = (item.key.map { $0 + "=" } ?? "") + item.value
      let key = item.key == "type" ? nil : item.key?.replacing("_", with: "-")
      items.append(
        Item(
          text: written.replacing(",", with: ",,"), key: key, spelling: item.key,
          value: item.value))
    }
  }

  /// The value as QEMU takes it.
  package var text: String { items.map(\.text).joined(separator: ",") }

  /// The machine type; `nil` where none is named.
  package var type: String? {
    guard let value = items.first(where: { $0.key == nil })?.value, !value.isEmpty else {
      return nil
    }
    return value
  }

  /// The last value of a property, which is the one that counts.
  package func value(of property: String) -> String? { items.last { $0.key == property }?.value }

  /// Whether nothing is said.
  package var isEmpty: Bool { items.allSatisfy(\.text.isEmpty) }

  /// The options without a property.
  package func without(_ property: String) -> MachineOptions {
    var options = self
    options.items.removeAll { $0.key == property }
    return options
  }
}

/// A boolean as QEMU reads it (QEMU, `qapi/qapi-util.c`, `qapi_bool_parse`).
package enum QEMUBoolean {
  /// `nil` where QEMU would refuse the text.
  package static func parse(_ text: String) -> Bool? {
    switch text {
    case "on", "yes", "true", "y": true
    case "off", "no", "false", "n": false
    default: nil
    }
  }
}
