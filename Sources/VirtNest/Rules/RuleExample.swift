internal import LosslessXML

/// What a rule finds, and what to write instead.
///
/// Both stand in for one part of a guest about which no rule has anything to say, so that they are
/// short where they are read and whole definitions where they are tested.
package struct RuleExample: Sendable {
  /// A part of the guest that an example replaces.
  package enum Part: Hashable, Sendable, CaseIterable {
    /// The start tag of `<domain>`.
    case domain
    /// `<name>`.
    case name
    /// `<uuid>`.
    case uuid
    /// libosinfo's `<os>` in the metadata.
    case system
    /// `<memory>`.
    case memory
    /// `<type>` in `<os>`.
    case type
    /// What stands behind it in `<os>`.
    case os
    /// What stands in `<features>`.
    case features
    /// `<cpu>`.
    case cpu
    /// What stands in `<devices>`.
    case devices
    /// What stands behind `<devices>`.
    case end

    fileprivate var content: String {
      switch self {
      case .domain: "<domain type='kvm'>"
      case .name: "<name>kata-x</name>"
      case .uuid: "<uuid>6f1d4f0e-6f0b-5e0c-8a51-3c5d3f0c7a11</uuid>"
      case .system: "<l:os id='http://fedoraproject.org/fedora/44'/>"
      case .memory: "<memory unit='MiB'>4096</memory>"
      case .type: "<type arch='ppc64le' machine='pseries'>hvm</type>"
      case .features: "<nested-hv state='on'/>"
      case .cpu: "<cpu mode='host-model'/>"
      case .devices: "<controller type='usb' model='none'/>"
      case .os, .end: ""
      }
    }
  }

  /// The part that it is about.
  package let part: Part
  /// What the rule finds.
  package let wrong: String
  /// What to write instead.
  package let right: String
  /// Other parts, where the example needs another guest.
  let others: [Part: String]

  init(_ part: Part, wrong: String, right: String, others: [Part: String] = [:]) {
    self.part = part
    self.wrong = wrong
    self.right = right
    self.others = others
  }

  /// Arguments of QEMU, each a `<qemu:arg>`.
  init(arguments wrong: String..., right: [String], others: [Part: String] = [:]) {
    self.init(
      .end, wrong: Self.commandLine(wrong), right: Self.commandLine(right), others: others)
  }

  private static func commandLine(_ arguments: [String]) -> String {
    if arguments.isEmpty { return "" }
    let elements = arguments.map { "<qemu:arg value='\($0)'/>" }.joined()
    return "<qemu:commandline xmlns:qemu='\(DomainNamespace.qemu)'>\(elements)</qemu:commandline>"
  }

  /// A definition of which no rule finds anything, with other parts.
  package static func definition(_ parts: [Part: String] = [:]) -> String {
    let part = { (part: Part) in parts[part] ?? part.content }
    return """
      \(part(.domain))
        \(part(.name))
        \(part(.uuid))
        <metadata>
          <l:libosinfo xmlns:l='\(DomainNamespace.libosinfo)'>\(part(.system))</l:libosinfo>
        </metadata>
        \(part(.memory))
        <vcpu>2</vcpu>
        <os>
          \(part(.type))\(part(.os))
        </os>
        <features>\(part(.features))</features>
        \(part(.cpu))
        <devices>\(part(.devices))</devices>
        \(part(.end))
      </domain>

      """
  }

  /// The definition that the rule finds something in.
  package var wrongDefinition: String {
    Self.definition(others.merging([part: wrong]) { _, own in own })
  }

  /// The same with what to write instead.
  package var rightDefinition: String {
    Self.definition(others.merging([part: right]) { _, own in own })
  }
}
