internal import LosslessXML
package import VirtNest

/// The setup of an L1 guest at its first boot, so that it can run guests of its own.
///
/// A guest with cloud-init reads ``files`` from a seed image (``SeedImage``, the NoCloud source) that
/// it has as a disk. In other guests ``script`` does the same.
package struct FirstBoot: Equatable, Sendable {
  /// The guest's host name.
  package let hostname: String
  /// The keys that may log in, as the image's usual user.
  package let sshKeys: [PublicKey]
  /// The packages to install: QEMU and libvirt for L2 guests.
  package let packages: [String]
  /// The password of the image's usual user, for the console.
  package var password: PasswordHash?
  /// The user's own user-data, whose values win.
  package let ownUserData: OwnUserData?
  /// The network of the guest; `nil` for what its system does by itself, which is DHCP.
  package let network: NetworkConfiguration?

  /// The package of the guest agent, which `virt-nest verify` needs.
  ///
  /// It has this name in all distributions.
  package static let agentPackage = "qemu-guest-agent"

  private static let loader = "/usr/local/sbin/virt-nest-load-kvm-hv"
  private static let networkScript = "/usr/local/sbin/virt-nest-default-network"

  /// Makes a setup.
  ///
  /// - Throws: ``InvalidValue`` for a host name or package name that is not valid.
  package init(
    hostname: String, sshKeys: [PublicKey] = [], packages: [String] = [],
    password: PasswordHash? = nil, ownUserData: OwnUserData? = nil,
    network: NetworkConfiguration? = nil
  ) throws(InvalidValue) {
    guard Self.isHostname(hostname) else {
      throw InvalidValue(
        "host name", hostname,
        "it may contain letters, digits, '-' and '.', and have at most 64 characters")
    }
    for package in packages { try requirePackage(package) }
    self.hostname = hostname
    self.sshKeys = sshKeys
    self.packages = packages
    self.password = password
    self.ownUserData = ownUserData
    self.network = network
  }

  /// Whether somebody can log in to the guest.
  ///
  /// The user's own user-data is taken for a way in.
  package var hasLogin: Bool { !sshKeys.isEmpty || password != nil || ownUserData != nil }

  /// A host name made from a guest's name: lower case, with `-` for characters that are not allowed.
  /// - Returns: `nil` if no character is allowed.
  package static func hostname(forGuest name: String) -> String? {
    var result = ""
    for scalar in name.unicodeScalars {
      if scalar.isPlain() {
        result += scalar.properties.lowercaseMapping
      } else if !result.isEmpty, result.last != "-" {
        result += "-"
      }
    }
    result = String(result.prefix(63))
    while result.last == "-" { result.removeLast() }
    return result.isEmpty ? nil : result
  }

  /// The files of the seed: names and contents.
  package var files: [(name: String, text: String)] {
    [("user-data", userData), ("meta-data", metaData)]
      + (network.map { [("network-config", $0.text)] } ?? [])
  }

  /// cloud-init's `user-data`: a cloud-config, with the user's own file beside it if there is one.
  package var userData: String { ownUserData?.merged(with: cloudConfig) ?? cloudConfig }

  private var cloudConfig: String {
    var text = "#cloud-config\nhostname: \(yamlQuoted(hostname))\n"
    if !sshKeys.isEmpty { text += "ssh_authorized_keys:\n" + list(sshKeys.map(\.line)) }
    if let password {
      text += "password: \(yamlQuoted(password.text))\nchpasswd:\n  expire: false\n"
    }
    if !packages.isEmpty { text += "package_update: true\npackages:\n" + list(packages) }
    text += "write_files:\n  - path: /etc/modules-load.d/kvm-hv.conf\n    content: \"kvm-hv\\n\"\n"
    text += file(Self.loader, PackageResources.load_kvm_hv_sh)
    text += file(Self.networkScript, PackageResources.default_network_sh)
    return text + "runcmd:\n  - [\(Self.loader)]\n  - [\(Self.networkScript)]\n"
  }

  /// An item of `write_files`: a program.
  private func file(_ path: String, _ content: [UInt8]) -> String {
    let lines = String(decoding: content, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    return "  - path: \(path)\n    permissions: \"0755\"\n    content: |\n"
      + lines.map { $0.isEmpty ? "\n" : "      \($0)\n" }.joined()
  }

  /// cloud-init's `meta-data`, with an instance id that is made from the host name.
  package var metaData: String {
    "instance-id: \(yamlQuoted("virt-nest-" + hostname))\nlocal-hostname: \(yamlQuoted(hostname))\n"
  }

  /// The same setup as a POSIX sh script, for guests without cloud-init.
  ///
  /// Run it in the guest as root. The SSH keys are installed for root.
  package var script: String {
    func body(_ script: [UInt8]) -> String {
      String(decoding: script, as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false).dropFirst().joined(
          separator: "\n")
    }
    return ShellScript(PackageResources.first_boot_sh).filled(
      values: [
        "HOSTNAME": hostname, "KEYS": sshKeys.map(\.line).joined(separator: "\n"),
        "PACKAGES": packages.joined(separator: " "),
      ],
      lines: [
        "LOAD": body(PackageResources.load_kvm_hv_sh),
        "NETWORK": body(PackageResources.default_network_sh),
      ])
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

extension Unicode.Scalar {
  /// Whether it is a letter or digit of ASCII, or one of some others.
  func isPlain(or others: String = "") -> Bool {
    ("a"..."z").contains(self) || ("A"..."Z").contains(self) || ("0"..."9").contains(self)
      || others.unicodeScalars.contains(self)
  }
}

private func requirePackage(_ name: String) throws(InvalidValue) {
  guard name.unicodeScalars.allSatisfy({ $0.isPlain(or: "+-._:@") }), !name.isEmpty,
    name.first != "-"
  else {
    throw InvalidValue("package", name, "it may contain letters, digits and + - . _ : @")
  }
}

extension FirstBoot {
  /// Whether a text is a host name by RFC 1123, within Linux's limit of 64 bytes.
  static func isHostname(_ name: String) -> Bool {
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    return name.utf8.count <= 64
      && labels.allSatisfy { label in
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
          && label.unicodeScalars.allSatisfy { $0.isPlain(or: "-") }
      }
  }

  /// What a setup has to know of its guest.
  package struct Subject: Hashable, Sendable {
    /// The guest's name.
    package var name: String
    /// The libosinfo id of its system; `nil` if it is not known.
    package var osinfoID: String?
    /// The MAC addresses of its interfaces; `nil` for one that libvirt has yet to choose.
    package var interfaces: [MACAddress?]

    /// The guest of a definition.
    package init(of definition: DomainDefinition) {
      let guest = Guest(reading: definition)
      name = guest.name ?? ""
      osinfoID = guest.osinfoID
      interfaces = guest.interfaces.map(\.mac)
    }

    /// A guest by its name alone: with the addresses that `create` derives from it.
    /// - Parameter interfaces: how many interfaces it has.
    package init(name: String, interfaces: Int) {
      self.name = name
      let identity = GuestIdentity(name: name)
      self.interfaces = (0..<interfaces).map { identity.macAddress(ofInterface: $0) }
    }
  }
}
