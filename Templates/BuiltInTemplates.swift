/// The templates of this folder, built into the program: a domain definition for each distribution,
/// and one for a guest inside such a guest (L2).
///
/// The bytes are static data of the executable, so they cost no time at start-up.
public enum BuiltInTemplates {
  /// The names, in the order of lists.
  public static let names = [
    "fedora", "ubuntu", "centos", "debian", "almalinux", "rocky", "rhel", "opensuse", "sles", "l2",
  ]

  /// The bytes of the template with this name; nil if there is none.
  public static func bytes(of name: String) -> [UInt8]? {
    switch name {
    case "fedora": PackageResources.fedora_xml
    case "ubuntu": PackageResources.ubuntu_xml
    case "centos": PackageResources.centos_xml
    case "debian": PackageResources.debian_xml
    case "almalinux": PackageResources.almalinux_xml
    case "rocky": PackageResources.rocky_xml
    case "rhel": PackageResources.rhel_xml
    case "opensuse": PackageResources.opensuse_xml
    case "sles": PackageResources.sles_xml
    case "l2": PackageResources.l2_xml
    default: nil
    }
  }

  /// The RELAX NG schema of a template's block of parameters: `template.rng`.
  public static var schema: [UInt8] { PackageResources.template_rng }

  /// Every template with its bytes, in the order of ``names``.
  public static var all: [(name: String, bytes: [UInt8])] {
    names.compactMap { name in bytes(of: name).map { (name, $0) } }
  }
}
