import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

struct FirstBootCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "first-boot",
    abstract: "Make what an L1 guest needs inside: kvm-hv, keys, packages for L2 guests.",
    discussion: """
      With cloud-init, as a seed image that the guest has as a disk (virt-nest create --seed), or \
      as the files user-data and meta-data in a folder; without it, as a script.

        virt-nest first-boot kata.xml --ssh-key ~/.ssh/id_ed25519.pub -o seed.iso
        virt-nest first-boot kata.xml --password-file ~/kata.password \\
            --address 10.0.0.5/24,gateway=10.0.0.1,dns=10.0.0.1 -o seed.iso
        virt-nest first-boot kata-00 --distribution ubuntu --script | ssh root@guest sh
      """)

  @Argument(
    help: "The guest: its name, or its definition (a path with a / or ending in .xml).",
    completion: .definitions)
  var guest: String

  @OptionGroup(title: "Log in") var login: LoginOptions

  @OptionGroup(title: "Network and own data") var seed: SeedOptions

  @Option(
    help: ArgumentHelp(
      "Whose packages to install (default: the definition's).", valueName: "id"))
  var distribution: String?

  @Option(
    help: ArgumentHelp("The distribution's release (default: its usual one).", valueName: "release")
  )
  var release: String?

  @OptionGroup var system: SystemOptions

  @Flag(help: "Print a script for root, for a guest without cloud-init.")
  var script = false

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The seed image ('-' is standard output), or an existing folder for the files (default: "
        + "print user-data).",
      valueName: "path"))
  var output: String?

  @Flag(help: "Replace a file that has other content.")
  var force = false

  func validate() throws {
    if script, output != nil {
      throw ValidationError("--script prints: leave out --output, or redirect")
    }
    if release != nil, distribution == nil {
      throw ValidationError("--release needs --distribution")
    }
    try requireOneStandardInput(in: [guest] + login.files + seed.files)
    if script, login.passwordFile != nil || seed.isGiven {
      throw ValidationError(
        "--password-file, --user-data, --network-config and --address go into a seed: leave out "
          + "--script")
    }
    _ = try namedRelease()
  }

  func run() async throws {
    try await deliver(try firstBoot())
  }

  private func firstBoot() throws -> FirstBoot {
    let subject = try subject()
    let release =
      try namedRelease() ?? subject.osinfoID.flatMap { ReleaseTable.release(osinfoID: $0) }
    var firstBoot = try system.firstBoot(of: subject, release, login, seed)
    // Root runs the script, and so can log in already.
    if script { return firstBoot }
    try login.requireLogin(to: firstBoot)
    if try login.generateMissingPassword(ofGuest: subject.name) {
      firstBoot.password = try login.password(ofGuest: subject.name)
    }
    return firstBoot
  }

  private func subject() throws -> FirstBoot.Subject {
    guard guest == "-" || guest.contains("/") || guest.hasSuffix(".xml") else {
      return FirstBoot.Subject(name: guest, interfaces: seed.interfaces)
    }
    return FirstBoot.Subject(of: try Input(guest).definition())
  }

  private func deliver(_ firstBoot: FirstBoot) async throws {
    guard let output else {
      return try Terminal.write(script ? firstBoot.script : firstBoot.userData)
    }
    let target = try OutputTarget(output, needsFolder: false)
    guard case .folder(let folder) = target else {
      return try target.write(
        try await SeedImage.bytes(for: firstBoot), named: "seed.iso", force: force)
    }
    let files = firstBoot.files
    for (name, text) in files {
      try OutputFile.check(Array(text.utf8), at: folder.appending(name), force: force)
    }
    for (name, text) in files {
      try target.write(Array(text.utf8), named: name, force: force)
    }
  }

  private func namedRelease() throws -> Release? {
    guard let distribution else { return nil }
    guard let family = ReleaseTable.distribution(distribution) else {
      let known = ReleaseTable.distributions.map(\.id).joined(separator: ", ")
      throw ValidationError("--distribution \(distribution) is not known; there are \(known)")
    }
    guard let release else { return ReleaseTable.defaultRelease(of: family.id) }
    guard let found = ReleaseTable.release(distribution: family.id, matching: release) else {
      let known = ReleaseTable.knownReleases(of: family.id).joined(separator: ", ")
      throw ValidationError("\(family.displayName) has no release \(release); there are \(known)")
    }
    return found
  }
}
