/// What should be different in a definition.
package struct GuestChanges: Hashable, Sendable {
  /// A partial guest: what is `nil` is left alone.
  package var guest = Guest()
  /// Sections and devices that are added, changed and removed, in this order.
  package var words: [WordChange] = []
  /// Lets a number pick a device that is removed.
  package var byNumber = false
  /// What should become of nesting; `nil` leaves it alone.
  package var nesting: NestingChange?
  /// Makes a guest that runs under TCG anywhere.
  package var emulated = false
  /// Derives uuid and addresses anew from the name.
  package var identity: Identity?
  /// Changes by expressions, for whatever the guest above does not describe.
  package var xpathEdits = XPathEdits()
  /// Does what is refused for the guest's own good.
  package var force = false

  /// Changes by expressions.
  package struct XPathEdits: Hashable, Sendable {
    /// The changes; all look at the definition as it was.
    package var edits: [XPathEdit] = []
    /// Namespace names by prefix, beside `qemu` and `libosinfo`.
    package var namespaces: [String: String] = [:]
    /// Takes an expression that finds nothing for done.
    package var ifPresent = false

    /// No changes yet.
    package init() {}
  }

  /// How uuid and addresses are derived.
  package struct Identity: Hashable, Sendable {
    /// Hashed in, where two sites use the same names.
    package var text: String?

    /// From the name, and a text where one is given.
    package init(text: String? = nil) { self.text = text }
  }

  /// No changes yet.
  package init() {}
}
