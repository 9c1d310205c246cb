internal import LosslessXML

/// The namespaces of domain definitions.
package enum DomainNamespace {
  /// libvirt's passthrough to QEMU's command line (libvirt, `docs/drvqemu.rst`).
  package static let qemu = "http://libvirt.org/schemas/domain/qemu/1.0"
  /// What virt-install and virt-manager write into `<metadata>`.
  package static let libosinfo = "http://libosinfo.org/xmlns/libvirt/domain/1.0"
  /// The parameter block of a template.
  package static let template = "urn:virt-nest:template:1"

  /// The prefixes that are bound in every XPath expression.
  package static let boundPrefixes = ["qemu": qemu, "libosinfo": libosinfo]
}
