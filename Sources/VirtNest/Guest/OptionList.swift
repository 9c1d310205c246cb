internal import LosslessXML

/// The value of an option as virt-install writes them: `4,sockets=1,cores=4`.
///
/// A doubled comma stands for a comma in a value, as it does for QEMU.
package struct OptionList: Hashable, Sendable {
  /// One part of the list.
  package struct Item: Hashable, Sendable {
    /// What stands before the `=`; `nil` where there is none.
    package var key: String?
    /// What stands behind it, or the whole part.
    package var value: String
  }

  /// The text that was read.
  package let text: String
  /// The parts in order.
  package let items: [Item]

  /// Splits a text at its commas.
  package init(_ text: String) {
    self.text = text
    items = Self.parts(of: text).map { part in
      let parts = part.parted(at: "=")
      return Item(key: parts?.head, value: parts?.tail ?? part)
    }
  }

  /// The parts between single commas; a doubled comma is one.
  static func parts(of text: String) -> [String] {
    var parts = [""]
    var rest = text.unicodeScalars[...]
    while let character = rest.popFirst() {
      if character != "," {
        parts[parts.count - 1].unicodeScalars.append(character)
      } else if rest.first == "," {
        rest.removeFirst()
        parts[parts.count - 1].append(",")
      } else {
        parts.append("")
      }
    }
    return parts
  }

  /// Reads every part by its key and refuses what is left.
  ///
  /// - Parameters:
  ///   - option: the option's name, for messages.
  ///   - positional: the key that a first part without one belongs to.
  ///   - keys: the keys that are known.
  /// - Throws: ``InvalidValue`` for an unknown or repeated key, and for a part without one
  ///   elsewhere.
  package func values(
    for option: String, positional: String?, keys: [String]
  ) throws(InvalidValue) -> [String: String] {
    var values: [String: String] = [:]
    for (index, item) in items.enumerated() {
      guard let key = item.key ?? (index == 0 ? positional : nil) else {
        throw InvalidValue(
          option, text,
          "'\(item.value)' is no KEY=VALUE; the keys are \(keys.joined(separator: ", "))")
      }
      guard keys.contains(key) else {
        throw InvalidValue(
          option, text, "there is no '\(key)' here; the keys are \(keys.joined(separator: ", "))")
      }
      guard values.updateValue(item.value, forKey: key) == nil else {
        throw InvalidValue(option, text, "'\(key)' is given twice")
      }
    }
    return values
  }
}
