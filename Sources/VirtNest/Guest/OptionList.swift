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
  package private(set) var items: [Item] = []

  /// Splits a text at its commas.
  package init(_ text: String) {
    self.text = text
    var part = String.UnicodeScalarView()
    var characters = text.unicodeScalars[...]
    while let character = characters.popFirst() {
      if character == ",", characters.first == "," {
        characters.removeFirst()
        part.append(",")
      } else if character == "," {
        append(String(part))
        part = .init()
      } else {
        part.append(character)
      }
    }
    append(String(part))
  }

  private mutating func append(_ part: String) {
    let parts = part.parted(at: "=")
    items.append(Item(key: parts?.head, value: parts?.tail ?? part))
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
