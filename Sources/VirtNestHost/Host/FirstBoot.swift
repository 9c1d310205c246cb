internal import LosslessXML
package import VirtNest

/// The setup of an L1 guest at its first boot, so that it can run guests of its own.
///
/// A guest with cloud-init reads ``userData`` and ``metaData`` from a seed image (``SeedImage``, the
/// NoCloud source) that it has as a disk. In other guests ``script`` does the same.
package struct FirstBoot: Equatable, Sendable {
  /// The guest's host name.
  package let hostname: String
  /// Lines of `authorized_keys`.
  package let sshKeys: [String]
  /// The packages to install: QEMU and libvirt for L2 guests.
  package let packages: [String]

  /// The package of the guest agent, which `virt-nest verify` needs.
  ///
  /// It has this name in all distributions.
  package static let agentPackage = "qemu-guest-agent"

  private static let loader = "/usr/local/sbin/virt-nest-load-kvm-hv"

  /// Makes a setup.
  ///
  /// - Throws: ``InvalidValue`` for a host name, SSH key or package name that is not valid.
  package init(
    hostname: String, sshKeys: [String] = [], packages: [String] = []
  ) throws(InvalidValue) {
    try requireHostname(hostname)
    for key in sshKeys { try requirePublicKey(key) }
    for package in packages { try requirePackage(package) }
    self.hostname = hostname
    self.sshKeys = sshKeys
    self.packages = packages
  }

  /// A host name made from a guest's name: lower case, with `-` for characters that are not allowed.
  /// - Returns: `nil` if no character is allowed.
  package static func hostname(forGuest name: String) -> String? {
    var result = ""
    for scalar in name.unicodeScalars {
      let isPlain =
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      if isPlain {
        result += scalar.properties.lowercaseMapping
      } else if !result.isEmpty, result.last != "-" {
        result += "-"
      }
    }
    result = String(result.prefix(63))
    while result.last == "-" { result.removeLast() }
    return result.isEmpty ? nil : result
  }

  /// The keys in a file of public keys, without comments and empty lines.
  /// - Throws: ``InvalidValue`` if a line is not a public key, or if there is no key.
  package static func sshKeys(in text: String) throws(InvalidValue) -> [String] {
    var keys: [String] = []
    for scalars in text.unicodeScalars.split(whereSeparator: { $0 == "\n" || $0 == "\r" }) {
      let line = String(scalars).trimmingSpaces
      if line.isEmpty || line.hasPrefix("#") { continue }
      try requirePublicKey(line)
      keys.append(line)
    }
    guard !keys.isEmpty else { throw InvalidValue("ssh key", "", "the file contains no key") }
    return keys
  }

  /// cloud-init's `user-data`, a cloud-config.
  package var userData: String {
    let load = String(decoding: PackageResources.load_kvm_hv_sh, as: UTF8.self)
    var text = "#cloud-config\nhostname: \(yamlQuoted(hostname))\n"
    if !sshKeys.isEmpty { text += "ssh_authorized_keys:\n" + list(sshKeys) }
    if !packages.isEmpty { text += "package_update: true\npackages:\n" + list(packages) }
    text += """
      write_files:
        - path: /etc/modules-load.d/kvm-hv.conf
          content: "kvm-hv\\n"
        - path: \(Self.loader)
          permissions: "0755"
          content: |

      """
    for line in load.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      text += line.isEmpty ? "\n" : "      \(line)\n"
    }
    return text + "runcmd:\n  - [\(Self.loader)]\n"
  }

  /// cloud-init's `meta-data`, with an instance id that is made from the host name.
  package var metaData: String {
    "instance-id: \(yamlQuoted("virt-nest-" + hostname))\nlocal-hostname: \(yamlQuoted(hostname))\n"
  }

  /// The same setup as a POSIX sh script, for guests without cloud-init.
  ///
  /// Run it in the guest as root. The SSH keys are installed for root.
  package var script: String {
    let load = String(decoding: PackageResources.load_kvm_hv_sh, as: UTF8.self)
    let body = load.split(separator: "\n", omittingEmptySubsequences: false).dropFirst()
    return ShellScript(PackageResources.first_boot_sh).filled(
      values: [
        "HOSTNAME": hostname, "KEYS": sshKeys.joined(separator: "\n"),
        "PACKAGES": packages.joined(separator: " "),
      ],
      lines: ["LOAD": body.joined(separator: "\n")])
  }

  private func list(_ values: [String]) -> String {
    values.map { "  - \(yamlQuoted($0))\n" }.joined()
  }
}

/// A value as a double-quoted YAML scalar in ASCII.
func yamlQuoted(_ value: String) -> String {
  var quoted = "\""
  for scalar in value.unicodeScalars {
    switch scalar {
    case "\"": quoted += "\\\""
    case "\\": quoted += "\\\\"
    case " "..."~": quoted.unicodeScalars.append(scalar)
    default:
      let digits = String(scalar.value, radix: 16)
      quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
  }
  return quoted + "\""
}

/// Checks a host name against RFC 1123 and Linux's limit of 64 bytes.
private func requireHostname(_ name: String) throws(InvalidValue) {
  let labels = name.split(separator: ".", omittingEmptySubsequences: false)
  let isName = labels.allSatisfy { label in
    (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
      && label.unicodeScalars.allSatisfy {
        $0 == "-" || ("0"..."9").contains($0) || ("a"..."z").contains($0)
          || ("A"..."Z").contains($0)
      }
  }
  guard isName, name.utf8.count <= 64 else {
    throw InvalidValue(
      "host name", name,
      "it may contain letters, digits, '-' and '.', and have at most 64 characters")
  }
}

private func requirePublicKey(_ key: String) throws(InvalidValue) {
  guard !key.contains("PRIVATE KEY") else {
    throw InvalidValue("ssh key", "…", "this is a private key; use the file that ends in .pub")
  }
  guard key.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }),
    key.contains("ssh-") || key.contains("ecdsa-"), key.contains(" ")
  else {
    throw InvalidValue(
      "ssh key", String(key.prefix(40)), "it must be a line such as 'ssh-ed25519 AAAA… name'")
  }
}

private func requirePackage(_ name: String) throws(InvalidValue) {
  let isName = name.unicodeScalars.allSatisfy {
    ("0"..."9").contains($0) || ("a"..."z").contains($0) || ("A"..."Z").contains($0)
      || "+-._:@".unicodeScalars.contains($0)
  }
  guard isName, !name.isEmpty, name.first != "-" else {
    throw InvalidValue("package", name, "it may contain letters, digits and + - . _ : @")
  }
}

extension FirstBoot {
  /// The guest's name and the libosinfo id of its system, from a definition.
  package static func subject(of definition: DomainDefinition) -> (name: String, osinfoID: String?)
  {
    let namespace = DomainNamespace.libosinfo
    let system = definition.domain.child("metadata")?.child("libosinfo", in: namespace)?
      .child("os", in: namespace)
    return (definition.domain.child("name")?.text ?? "", system?["id"])
  }
}
