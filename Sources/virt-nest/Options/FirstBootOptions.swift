import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

/// Who can log in to a guest after its first boot.
struct LoginOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("A file of public keys that may log in; more than once.", valueName: "file"),
    completion: .file(extensions: ["pub"]))
  var sshKey: [String] = []

  @Option(
    help: ArgumentHelp(
      "A file with the password of the image's user, or with its SHA-512 hash ($6$...), for the "
        + "guest's console. {name} in the path is the guest's name.",
      valueName: "file"),
    completion: .file())
  var passwordFile: String?

  @Flag(
    help: "Make a new password where the file of --password-file is missing, and keep it there.")
  var generatePassword = false

  @Flag(help: "Nobody shall be able to log in.")
  var noLogin = false

  /// The files that are read.
  var files: [String] { sshKey + (passwordFile.map { [$0] } ?? []) }

  func validate() throws {
    if noLogin, !files.isEmpty {
      throw ValidationError("--no-login excludes --ssh-key and --password-file")
    }
    if generatePassword, passwordFile == nil || passwordFile == "-" {
      throw ValidationError("--generate-password needs --password-file FILE, where it is kept")
    }
  }

  /// The keys of all files, in order.
  ///
  /// - Throws: ``VirtNestError`` where a file has none.
  func keys(ofGuest name: String) throws -> [PublicKey] {
    try sshKey.flatMap { file in
      try Input.value(of: file.replacing("{name}", with: name)) { try PublicKey.keys(inFile: $0) }
    }
  }

  /// The hash of the password; `nil` where none is given.
  ///
  /// - Throws: ``VirtNestError`` where the file has none.
  func password(ofGuest name: String) throws -> PasswordHash? {
    guard let passwordFile = passwordFile(ofGuest: name) else { return nil }
    if generatePassword, !Self.exists(passwordFile) {
      // For a look; the guest gets the one that is kept.
      return try PasswordHash(file: Array(PasswordHash.generated().utf8), guest: name)
    }
    return try Input.value(of: passwordFile) { try PasswordHash(file: $0, guest: name) }
  }

  private func passwordFile(ofGuest name: String) -> String? {
    passwordFile?.replacing("{name}", with: name)
  }

  private static func exists(_ path: String) -> Bool {
    (try? Stat(FilePath(argument: path), followTargetSymlink: false)) != nil
  }

  /// Makes the password of a guest that has none yet.
  ///
  /// - Returns: whether one was made.
  /// - Throws: ``VirtNestError`` if it cannot be kept.
  func generateMissingPassword(ofGuest name: String) throws -> Bool {
    guard generatePassword, let file = passwordFile(ofGuest: name), !Self.exists(file) else {
      return false
    }
    try PasswordHash.keep(PasswordHash.generated(), in: FilePath(argument: file))
    Terminal.say("virt-nest: made a password for \(name), kept in \(file)")
    return true
  }

  /// Says what is missing where nobody could log in.
  ///
  /// - Throws: ``ExitCode`` 2.
  func requireLogin(to firstBoot: FirstBoot) throws {
    if firstBoot.hasLogin || noLogin { return }
    throw VirtNestError(
      "nobody could log in to the guest; give --ssh-key, --password-file or --user-data, or "
        + "--no-login if that is meant")
  }
}

/// What else goes into a seed.
struct SeedOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Your own user-data for cloud-init, whose values win. {name} is the guest's name.",
      valueName: "file"),
    completion: .file())
  var userData: String?

  @Option(
    help: ArgumentHelp(
      "Your own network-config for cloud-init. {name} is the guest's name.", valueName: "file"),
    completion: .file())
  var networkConfig: String?

  @Option(
    help: ArgumentHelp(
      "A fixed address, found by the interface's MAC address; more than once. Keys: gateway, dns, "
        + "search, interface (from 1).",
      valueName: "address/length,key=value"))
  var address: [String] = []

  /// Whether any of them is given.
  var isGiven: Bool { !files.isEmpty || !address.isEmpty }

  /// The files that are read.
  var files: [String] { [userData, networkConfig].compactMap(\.self) }

  /// How many interfaces a guest has at least.
  var interfaces: Int { address.compactMap { try? StaticAddress($0).interface }.max() ?? 1 }

  func validate() throws {
    if networkConfig != nil, !address.isEmpty {
      throw ValidationError("--network-config and --address exclude each other")
    }
    try usage { for text in address { _ = try StaticAddress(text) } }
  }

  /// The user's own user-data.
  ///
  /// - Throws: ``VirtNestError`` where cloud-init would not use the file.
  func ownUserData(of subject: FirstBoot.Subject) throws -> OwnUserData? {
    try userData.map { file in
      try Input.value(of: file.replacing("{name}", with: subject.name)) {
        try OwnUserData(file: $0)
      }
    }
  }

  /// The network of a guest; `nil` where none is given.
  ///
  /// - Throws: ``VirtNestError`` for a file that is not text; ``InvalidValue``.
  func network(of subject: FirstBoot.Subject) throws -> NetworkConfiguration? {
    if let networkConfig {
      return try Input.value(of: networkConfig.replacing("{name}", with: subject.name)) {
        try NetworkConfiguration(file: $0)
      }
    }
    if address.isEmpty { return nil }
    return try NetworkConfiguration(
      try address.map { try StaticAddress($0) }, interfaces: subject.interfaces)
  }
}

/// What a guest is called and gets installed at its first boot.
struct SystemOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The host name (default: made from the guest's name, which {name} stands for).",
      valueName: "name"))
  var hostname: String?

  @Option(
    name: .customLong("package"),
    help: ArgumentHelp(
      "Install this in place of the distribution's packages; more than once.", valueName: "name"))
  var packages: [String] = []

  @Flag(help: "Install no packages.")
  var noPackages = false

  func validate() throws {
    if noPackages, !packages.isEmpty {
      throw ValidationError("--package and --no-packages exclude each other")
    }
    _ = try usage {
      try FirstBoot(hostname: hostname(ofGuest: "guest") ?? "", packages: packages)
    }
  }

  /// The first boot of a guest.
  ///
  /// - Throws: ``VirtNestError`` for a file or name; ``InvalidValue``.
  func firstBoot(
    of subject: FirstBoot.Subject, _ release: Release?, _ login: LoginOptions, _ seed: SeedOptions
  ) throws -> FirstBoot {
    guard let name = hostname(ofGuest: subject.name) else {
      throw VirtNestError(
        "no host name can be made from '\(subject.name)': say --hostname NAME")
    }
    return try FirstBoot(
      hostname: name, sshKeys: try login.keys(ofGuest: subject.name),
      packages: try chosenPackages(for: release),
      password: try login.password(ofGuest: subject.name),
      ownUserData: try seed.ownUserData(of: subject),
      network: try seed.network(of: subject))
  }

  private func hostname(ofGuest name: String) -> String? {
    let own = FirstBoot.hostname(forGuest: name)
    return hostname.map { $0.replacing("{name}", with: own ?? "") } ?? own
  }

  private func chosenPackages(for release: Release?) throws -> [String] {
    if noPackages || !packages.isEmpty { return packages }
    guard let release else {
      Terminal.say(
        "note: no packages for L2 guests: whose they are is not known; say --distribution ID, "
          + "--package NAME or --no-packages")
      return []
    }
    if release.packages.qemu.isEmpty {
      Terminal.say(
        "note: the release has no QEMU for L2 guests on Power: the guest agent alone is installed; "
          + "--package NAME gives others")
    }
    return release.packages.qemu + release.packages.libvirt + [FirstBoot.agentPackage]
  }
}
