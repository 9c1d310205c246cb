import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

struct UpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Make a guest on a host with its disk and seed, start it, and see that it can nest.",
    discussion: """
      The guest is made as by create, from a template or a definition. Its disk is a volume of a \
      storage pool on top of the distribution's image, which is uploaded if the pool lacks it. A step \
      that is done is not done again; after an interruption the same command goes on.

        virt-nest up fedora --connect qemu+ssh://root@power-host/system \\
            --image Fedora-Cloud-Base-Generic-44-1.7.ppc64le.qcow2 \\
            --ssh-key ~/.ssh/id_ed25519.pub

      Of several guests, all are looked at before anything is made, then made one after the other, \
      then waited for.

        virt-nest up fedora --image vol=default/fedora.qcow2 --from guests.csv --ssh-key id.pub

      virt-nest down removes a guest with what was made for it.
      Exit status: 0 the guests run as asked, 1 one runs and cannot nest, 2 trouble.
      """)

  @OptionGroup var source: GuestSource
  @OptionGroup var series: SeriesOptions

  @Option(
    help: ArgumentHelp(
      "The distribution's image: a file here, a URL, or vol=POOL/NAME or vol=NAME for a volume that the "
        + "host has. {name} is the guest's name.", valueName: "image"),
    completion: .file())
  var image: String?

  @Option(
    help: ArgumentHelp(
      "The SHA-256 of an image by its URL (default: what is published beside it).",
      valueName: "hash"))
  var imageSha256: String?

  @Option(help: ArgumentHelp("The storage pool on the host.", valueName: "name"))
  var pool = "default"

  @Option(
    help: ArgumentHelp(
      "Size of the disk in GiB, or with a unit (default: that of the image, and no less than the "
        + "release needs).", valueName: "size"))
  var diskSize: String?

  @OptionGroup(title: "First boot") var system: SystemOptions
  @OptionGroup(title: "Log in") var login: LoginOptions
  @OptionGroup(title: "Network and own data") var seed: SeedOptions

  @Flag(help: "Make no seed, for an image that needs none.")
  var noSeed = false

  @OptionGroup var connection: ConnectOption

  @Flag(help: "Print what would be done, and do nothing.")
  var dryRun = false

  @Flag(help: "Print an object of JSON for each guest at the end.")
  var json = false

  @Flag(help: "Do not wait until the guest agent answers and cloud-init has ended.")
  var noWait = false

  @Option(help: ArgumentHelp("How long to wait for that.", valueName: "seconds"))
  var waitLimit = 1800

  @Flag(help: "Go on where doctor finds an error on the host, or cannot look at it.")
  var uncheckedHost = false

  func validate() throws {
    if source.devices.seed != nil {
      throw ValidationError("up makes the seed: leave out --seed")
    }
    if noSeed, !login.files.isEmpty || seed.isGiven {
      throw ValidationError(
        "--no-seed excludes --ssh-key, --password-file, --user-data, --network-config and --address"
      )
    }
    if series.count > 1 || series.file != nil,
      !seed.address.isEmpty || !(system.hostname?.contains("{name}") ?? true)
    {
      throw ValidationError(
        "--address and --hostname are one guest's: give them as columns of --from, or a host name with "
          + "{name}")
    }
    if waitLimit < 1 { throw ValidationError("--wait-limit is a number of seconds from 1 on") }
    guard image != nil || series.file != nil else {
      throw ValidationError("Missing expected argument '--image <image>'")
    }
    guard !["", "vol="].contains(image) else { throw ValidationError("--image is empty") }
    if let imageSha256 {
      guard image.map(Self.isURL) ?? true else {
        throw ValidationError("--image-sha256 goes with a URL as --image")
      }
      guard imageSha256.utf8.count == 64, imageSha256.allSatisfy(\.isHexDigit) else {
        throw ValidationError("--image-sha256 has 64 hexadecimal digits")
      }
    }
    _ = try diskBytes()
  }

  private static func isURL(_ image: String) -> Bool {
    image.hasPrefix("http://") || image.hasPrefix("https://")
  }

  func diskBytes() throws -> UInt64? {
    try diskSize.map { text in
      try usage { try MemorySize(text, defaultUnit: .gibibytes).bytes }
    }
  }

  func run() async throws {
    try await Terminal.reporting(in: .text, guests: json) {
      try await interruptible { try await up() }
    }
  }

  private func up() async throws {
    var guests = try wanted()
    defer { if json { guests.map(\.report).forEach(Terminal.report) } }
    var images: [[String?]: BaseImage] = [:]
    for index in guests.indices {
      try await guests[index].attempt { try await setRequest(of: &$0, &images) }
    }
    try requireOwnAddresses(guests)
    let libvirt = connection.libvirt
    if guests.contains(where: { needsHost(Guest(reading: $0.definition)) }) {
      try await checkHost(on: libvirt)
    }
    // All of them, before anything is made.
    for index in guests.indices {
      try await guests[index].attempt { try await $0.look(on: libvirt) }
    }
    if dryRun {
      if !json { try guests.forEach(show) }
      return
    }
    for guest in guests.indices {
      try await guests[guest].attempt { guest in
        if try guest.options.login.generateMissingPassword(ofGuest: guest.name) {
          let password = try guest.options.login.password(ofGuest: guest.name)
          guest.request?.firstBoot?.password = password
        }
      }
    }
    for index in guests.indices {
      try await guests[index].attempt { guest in
        // The image may be there now, and the password.
        if index > 0 || login.generatePassword { try await guest.look(on: libvirt) }
        try await make(&guest)
      }
    }
    if noWait { return }
    for index in guests.indices { try await guests[index].attempt { try await wait(for: &$0) } }
    if guests.contains(where: { $0.isAsAsked == false }) { throw ExitCode.no }
  }

  /// What says how far `up` is.
  private func reporter(_ subject: String) -> (UpProgress) -> Void {
    var line: ProgressLine?
    return { progress in
      switch progress {
      case .step(let text):
        line = nil
        Terminal.say("\(subject): \(text)")
      case .transfer(let done, let total):
        if line == nil { line = ProgressLine("MiB", total: Int(total >> 20)) }
        line?.show(Int(done >> 20))
      }
    }
  }

  /// Makes and starts a guest.
  private func make(_ guest: inout Wanted) async throws {
    guard var plan = guest.plan else { return }
    if !json { sayNotes(plan) }
    if !plan.steps.areToDo { Terminal.say("\(plan.name): everything is there") }
    defer { guest.plan = plan }
    do {
      try await plan.run(report: reporter(plan.name))
    } catch {
      sayWhatIsThere(plan)
      throw error
    }
  }

  private func sayNotes(_ plan: UpPlan) {
    for note in plan.notes { Terminal.say("\(plan.name): note: \(note)") }
  }

  func baseImage(_ image: String) async throws -> BaseImage {
    if image.hasPrefix("vol=") {
      let parts = image.dropFirst(4).split(separator: "/", maxSplits: 1).map { String($0) }
      return parts.count == 2
        ? .volume(pool: parts[0], name: parts[1]) : .volume(pool: nil, name: parts[0])
    }
    guard Self.isURL(image) else { return .file(try await LocalImage(FilePath(argument: image))) }
    let download = try ImageDownload(image)
    return .file(
      try await LocalImage(
        try await download.image(sha256: imageSha256, report: reporter("virt-nest"))))
  }

  /// A guest under TCG needs nothing of the host.
  private func needsHost(_ guest: Guest) -> Bool { !uncheckedHost && guest.domainType != "qemu" }

  /// Asks doctor; says what it finds and throws where the host cannot run guests that nest.
  private func checkHost(on libvirt: Virsh) async throws {
    guard let place = HostFacts.Place(libvirtURI: try await libvirt.effectiveURI()) else {
      throw VirtNestError(
        "it is not known whether the host can run guests that nest, because "
          + "\(libvirt.displayName) gives no shell there; use --unchecked-host to go on anyway")
    }
    let report = HostReport(try await HostFacts.gathered(place))
    guard report.level == .error else { return }
    for line in report.lines { Terminal.say(line) }
    throw VirtNestError("nothing is made; use --unchecked-host to make it anyway")
  }

  private func show(_ guest: Wanted) throws {
    guard let plan = guest.plan else { return }
    sayNotes(plan)
    try Terminal.report(
      ["on the host \(plan.host) (\(plan.libvirt.displayName)):"]
        + plan.steps.map { "  \($0.state == .toDo ? "to do" : "done"): \($0.text)" })
  }

  /// Says what is there after a failure, and how to take it away.
  private func sayWhatIsThere(_ plan: UpPlan) {
    let there = plan.made
    if there.isEmpty { return }
    Terminal.say("\(plan.name): made so far: \(there.joined(separator: ", "))")
    let connection = connection.connect.map { " --connect \(shellWord($0))" } ?? ""
    Terminal.say(
      "\(plan.name): the same command goes on; to remove this: virt-nest down\(connection) "
        + shellOperand(plan.name))
  }

  /// Asks whether the guest can nest, once it has booted.
  private func wait(for guest: inout Wanted) async throws {
    guard let plan = guest.plan else { return }
    Terminal.say("\(plan.name): waiting for the guest agent")
    let verification = try await plan.wait(limit: .seconds(waitLimit))
    guest.isAsAsked = verification.isAsAsked
    guest.findings += verification.findings
    if !json { try Terminal.report(verification.lines(\.commandLine)) }
  }
}
