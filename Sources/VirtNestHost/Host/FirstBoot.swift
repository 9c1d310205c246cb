package import VirtNest

/// What an L1 guest needs inside, beside its distribution, to run guests of its own.
///
/// For cloud-init's NoCloud source it is ``userData`` and ``metaData``, on a seed image
/// (``SeedImage``) that the guest has as a disk; elsewhere ``script`` does the same.
package struct FirstBoot: Equatable, Sendable {
  /// The guest's host name.
  package let hostname: String
  /// Lines of `authorized_keys`.
  package let sshKeys: [String]
  /// What the package manager is to install: QEMU and libvirt for L2 guests.
  package let packages: [String]

  /// What brings the agent by which `virt-nest verify` asks in the guest; its name is the same in all
  /// distributions.
  package static let agentPackage = "qemu-guest-agent"

  private static let loader = "/usr/local/sbin/virt-nest-load-kvm-hv"

  /// - Throws: ``InvalidValue`` where one of them is none.
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

  /// A guest's name as a host name: lower case, with `-` for what a host name cannot have.
  /// - Returns: `nil` where nothing would be left.
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
  /// - Throws: ``InvalidValue`` where a line is no public key, or there is none.
  package static func sshKeys(in text: String) throws(InvalidValue) -> [String] {
    var keys: [String] = []
    for scalars in text.unicodeScalars.split(whereSeparator: { $0 == "\n" || $0 == "\r" }) {
      let line = String(scalars).trimmingSpaces
      if line.isEmpty || line.hasPrefix("#") { continue }
      try requirePublicKey(line)
      keys.append(line)
    }
    guard !keys.isEmpty else { throw InvalidValue("ssh key", "", "there is no key in it") }
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

  /// cloud-init's `meta-data`; the instance stays the same one while the host name does.
  package var metaData: String {
    "instance-id: \(yamlQuoted("virt-nest-" + hostname))\nlocal-hostname: \(yamlQuoted(hostname))\n"
  }

  /// The same for guests without cloud-init, as POSIX sh to be run there as root.
  ///
  /// The keys are root's.
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

/// A value as a double-quoted scalar of YAML, in ASCII, whatever is in it.
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

/// RFC 1123, and the 64 bytes that Linux has for it.
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
      "host name", name, "it has letters, digits, '-' and '.', and at most 64 characters")
  }
}

private func requirePublicKey(_ key: String) throws(InvalidValue) {
  guard !key.contains("PRIVATE KEY") else {
    throw InvalidValue("ssh key", "…", "this is a private key: give the file that ends in .pub")
  }
  guard key.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }),
    key.contains("ssh-") || key.contains("ecdsa-"), key.contains(" ")
  else {
    throw InvalidValue(
      "ssh key", String(key.prefix(40)), "it is a line such as 'ssh-ed25519 AAAA… name'")
  }
}

private func requirePackage(_ name: String) throws(InvalidValue) {
  let isName = name.unicodeScalars.allSatisfy {
    ("0"..."9").contains($0) || ("a"..."z").contains($0) || ("A"..."Z").contains($0)
      || "+-._:@".unicodeScalars.contains($0)
  }
  guard isName, !name.isEmpty, name.first != "-" else {
    throw InvalidValue("package", name, "it has letters, digits and + - . _ : @")
  }
}
