internal import LosslessXML

/// What should be different in a definition.
public struct GuestChanges: Hashable, Sendable {
  /// A partial guest: what is `nil` is left alone.
  public var guest = Guest()
  /// Sections and devices that are added, changed and removed, in this order.
  public var words: [WordChange] = []
  /// Lets a number pick a device that is removed.
  package var byNumber = false
  /// What should become of nesting; `nil` leaves it alone.
  public var nesting: NestingChange?
  /// Makes a guest that runs under TCG anywhere.
  public var emulated = false
  /// Takes away and converts what a pseries guest cannot have, and says so for each.
  public var mendsForPSeries = false
  /// Derives uuid and addresses anew from the name.
  public var identity: Identity?
  /// Changes by expressions, for whatever the guest above does not describe.
  package var xpathEdits = XPathEdits()
  /// Does what is refused for the guest's own good.
  public var force = false

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
  public struct Identity: Hashable, Sendable {
    /// Hashed in, where two sites use the same names.
    public var text: String?

    /// Whether the definition is that of another guest, so that what both share is said.
    package var isCopy = true

    /// From the name, and a text where one is given.
    public init(text: String? = nil) { self.text = text }
  }

  /// No changes yet.
  public init() {}

  /// Puts the guest's name into values in place of `{name}`.
  package mutating func fill(name: String) {
    for index in words.indices { words[index].fill("{name}", with: name) }
    guest.console.logFile = guest.console.logFile?.replacing("{name}", with: name)
    for index in xpathEdits.edits.indices {
      guard case .set(let value) = xpathEdits.edits[index].action else { continue }
      xpathEdits.edits[index].action = .set(value.replacing("{name}", with: name))
    }
  }

  /// Whether a part may be touched that a rule with errors reads.
  ///
  /// Names and sizes are looked at where they are written, and nesting by itself.
  var mayBringErrors: Bool {
    !words.isEmpty || !xpathEdits.edits.isEmpty || emulated || mendsForPSeries
      || guest.cpu != nil || guest.hugePageSize != nil
      || guest.machine != nil || guest.domainType != nil || guest.vcpus != nil
      || guest.architecture != nil || guest.bootDevices != nil
  }
}
