import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

struct PatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "patch",
    abstract: "Change definitions that exist, every byte outside the change untouched.",
    discussion: """
      The result goes to standard output, or with --in-place back into the file. '-' is standard \
      input:

        virsh dumpxml --inactive G | virt-nest patch - --nested | virsh define /dev/stdin

      A guest that a libvirt knows is changed there, once the change was shown and agreed to:

        virt-nest patch --connect qemu+ssh://root@host/system --domain G --nested

      Of a folder, every definition *.xml in it and below is taken.

      Exit status: 0 done (with --check: nothing would change), 1 with --check something would \
      change, 2 a file could not be read, changed or written, 64 the options are wrong.
      """)

  @Argument(
    help: "Domain definitions, or folders of them; '-' is standard input.", completion: .definitions
  )
  var files: [String] = []

  @OptionGroup var inputFiles: InputFiles

  @Option(
    help: ArgumentHelp(
      "Change this guest of a libvirt, by name or uuid; repeatable.", valueName: "name"),
    completion: .guests)
  var domain: [String] = []

  @OptionGroup(title: "With --domain") var libvirt: DefineOptions

  @OptionGroup var changeOptions: ChangeOptions
  @OptionGroup(title: "Sections and devices") var words: WordOptions
  @OptionGroup(title: "Anything else") var xpath: XPathOptions

  @Flag(name: [.customShort("i"), .long], help: "Write the result back into the file.")
  var inPlace = false

  @Flag(help: "Print what would change, as diff -u does.")
  var diff = false

  @Flag(help: "Print which files would change, and exit with 1 where there are any.")
  var check = false

  @Option(help: ArgumentHelp("With -i: keep the old file as FILE + suffix.", valueName: "suffix"))
  var backup: String?

  @Flag(
    help: "With -i: write into the file itself, for hard links and folders that cannot be written.")
  var overwrite = false

  @Option(
    help: ArgumentHelp(
      "Take away and convert what a guest of this machine cannot have, such as an IDE disk of a PC; "
        + "each change is printed.", valueName: "pseries"))
  var mendFor: Machine?

  /// The machines that a definition can be mended for.
  enum Machine: String, ExpressibleByArgument, CaseIterable { case pseries }

  @Flag(help: "Derive uuid and addresses anew from the name.")
  var newIdentity = false

  @Option(
    help: ArgumentHelp("Text mixed into the derived UUID and MAC addresses.", valueName: "text"))
  var identity: String?

  @Flag(name: [.short, .long], help: "Print only errors.")
  var quiet = false

  @Flag(
    help: "Print an object of JSON for each guest; without --in-place or --yes, change nothing.")
  var json = false

  @OptionGroup(title: "Messages on standard error") var format: MessageFormatOption

  func validate() throws {
    guard files.isEmpty != domain.isEmpty else {
      throw ValidationError("give files, or guests by --domain")
    }
    if domain.isEmpty, libvirt.isGiven {
      throw ValidationError("--connect, --yes, --dry-run and --drop-secrets go with --domain")
    }
    if !domain.isEmpty, inPlace || diff || check {
      throw ValidationError(
        "--in-place, --diff and --check are for files; --dry-run shows what a guest would have")
    }
    if !domain.isEmpty,
      changeOptions.properties.name != nil || changeOptions.properties.uuid != nil
        || newIdentity
    {
      throw ValidationError("another name is given by virsh domrename, and a uuid stays")
    }
    if [inPlace, diff, check].filter(\.self).count > 1 {
      throw ValidationError("--in-place, --diff and --check exclude each other")
    }
    if json, diff || format.format != nil || libvirt.dryRun {
      throw ValidationError("--json excludes --diff, --format and --dry-run")
    }
    if inPlace, Set(files.map { TextKey($0) }).count < files.count {
      let twice = files.first { name in files.count(where: { $0 == name }) > 1 } ?? ""
      throw ValidationError("'\(twice)' is given twice")
    }
    if inPlace, files.contains("-") {
      throw ValidationError("standard input cannot be changed in place")
    }
    try requireOneStandardInput(in: files)
    if !inPlace, backup != nil || overwrite {
      throw ValidationError("--backup and --overwrite go with --in-place")
    }
    if let backup, backup.isEmpty || backup.contains("/") {
      throw ValidationError("--backup takes a suffix such as .orig, without '/'")
    }
    if identity != nil, !newIdentity {
      throw ValidationError("--identity goes with --new-identity")
    }
    let changes = try changes()
    if takesSeveral, changes.guest.name != nil || changes.guest.uuid != nil {
      throw ValidationError("--name and --uuid are one guest's, and there are several files")
    }
  }

  func run() async throws {
    guard !domain.isEmpty else { return try runOnFiles() }
    let changes = try givenChanges()
    try await Terminal.reporting(in: format.wanted, guests: json) { try await patchGuests(changes) }
  }

  /// Changes files, on the thread of the caller.
  func runOnFiles() throws {
    let changes = try givenChanges()
    try Terminal.reporting(in: format.wanted, guests: json) { try patchFiles(changes) }
  }

  /// The changes, of which there has to be one.
  private func givenChanges() throws -> GuestChanges {
    let changes = try changes()
    // Not in validate(): an unknown option, whose value looks like a file, is the better reason.
    if takesSeveral, !inPlace, !diff, !check, !json {
      throw ValidationError(
        "several files need --in-place, --diff, --check or --json; a folder can hold several")
    }
    if changes == GuestChanges() { throw ValidationError("nothing to change is given") }
    if !quiet, let warning = changeOptions.nesting.hostWarning() { Terminal.say(warning) }
    return changes
  }

  /// Whether there can be several definitions.
  private var takesSeveral: Bool {
    files.count > 1 || files.contains { DefinitionFolder.isFolder(FilePath(argument: $0)) }
  }

  private func patchFiles(_ changes: GuestChanges) throws {
    let files = try inputFiles.entries(of: files)
    if inPlace, !overwrite, files.count > 1 { return try patchInPlace(files, changes) }
    var wouldChange = false
    var isInTrouble = false
    var progress = ProgressLine("files", total: files.count, isWanted: !quiet && !diff && !json)
    defer { ProgressLine.clear() }
    for (index, entry) in files.enumerated() {
      progress.show(index)
      do {
        let input = try Input(entry.name)
        if entry.isPassedOver(input) { continue }
        let patch = try patch(input, changes)
        wouldChange = wouldChange || !patch.isEmpty
        try deliver(patch, of: input)
      } catch let error as VirtNestError {
        Terminal.say(error.diagnostics)
        isInTrouble = true
      }
    }
    if isInTrouble { throw ExitCode.trouble }
    if check, wouldChange { throw ExitCode.no }
  }

  private func patchInPlace(_ files: [InputFiles.Entry], _ changes: GuestChanges) throws {
    var isWell = true
    var progress = ProgressLine("files", total: files.count, isWanted: !quiet)
    defer { ProgressLine.clear() }
    var start = 0
    while start < files.count {
      let end = InPlaceBatch.end(of: files, from: start)
      SignalDelay.around {
        let outcome = InPlaceBatch.run(files[start..<end]) { stage($0, changes) }
        isWell = isWell && outcome == .done
        let next = outcome == .interrupted ? start : end
        if SignalDelay.isPending, next < files.count {
          // Not "run it again": a device would be added, or taken away, a second time.
          Terminal.say(
            "virt-nest: interrupted: \(next) of \(files.count) files are done; "
              + "'\(files[next].name)' and those behind it are unchanged")
        }
      }
      progress.show(end)
      start = end
    }
    if !isWell { throw ExitCode.trouble }
  }

  private func stage(_ entry: InputFiles.Entry, _ changes: GuestChanges) -> InPlaceBatch.Outcome {
    let name = entry.name
    do throws(VirtNestError) {
      let input = try Input(name)
      guard let file = input.file, !entry.isPassedOver(input) else {
        return InPlaceBatch.Outcome(name: name)
      }
      let patch = try patch(input, changes)
      let staged = try file.stage(patch.bytes, backupSuffix: backup, syncsFolder: false)
      return InPlaceBatch.Outcome(
        name: name, staged: staged, report: json ? GuestReport(patch, in: name) : nil)
    } catch {
      Terminal.say(error.diagnostics)
      return InPlaceBatch.Outcome(name: name, isInTrouble: true)
    }
  }

  private func patchGuests(_ changes: GuestChanges) async throws {
    try await libvirt.run(tasks(changes), DefineOptions.Manner(isJSON: json))
  }

  private func tasks(_ changes: GuestChanges) -> [HostTask] {
    domain.map { name in HostTask(source: name, work: .change { try patch($0, changes) }) }
  }

  /// The guests with their changes, for a libvirt.
  ///
  /// - Throws: ValidationError for an option that says what else is changed, or where.
  func tasks() throws -> [HostTask] {
    if domain.isEmpty || libvirt.isGiven || json {
      throw ValidationError("give guests by --domain; no files, --connect, --yes or --json")
    }
    return tasks(try givenChanges())
  }

  private func changes() throws -> GuestChanges {
    var changes = try changeOptions.changes()
    try words.apply(to: &changes)
    try xpath.apply(to: &changes)
    if xpath.ifPresent, changes.words.isEmpty, changes.xpathEdits.edits.isEmpty {
      throw ValidationError("--if-present goes with --edit, --remove, --set-xpath and the like")
    }
    changes.mendsForPSeries = mendFor == .pseries
    if newIdentity { changes.identity = GuestChanges.Identity(text: identity) }
    return changes
  }

  private func patch(_ input: Input, _ changes: GuestChanges) throws(VirtNestError) -> Patch {
    let definition = try input.definition()
    do throws(VirtNestError) {
      let patch = try definition.patch(changes)
      if !quiet { Terminal.say(patch.diagnostics, about: input.name) }
      return patch
    } catch {
      throw error.about(input.name)
    }
  }

  /// Brings the result where it was asked for.
  private func deliver(_ patch: Patch, of input: Input) throws {
    if json { Terminal.report(GuestReport(patch, in: input.name)) }
    if json, !inPlace { return }
    if check {
      if !patch.isEmpty, !quiet { try Terminal.report([Terminal.display(input.name)]) }
    } else if diff {
      let diff = UnifiedDiff(patch, label: Terminal.display(input.name))
      try Terminal.write(diff.bytes(coloured: Terminal.showsColours, escaped: Terminal.isShown))
    } else if inPlace, let file = input.file {
      try SignalDelay.around {
        _ = try file.replace(
          with: patch.bytes, backupSuffix: backup, method: overwrite ? .overwrite : .atomic)
      }
    } else {
      try Terminal.write(patch.bytes)
    }
  }
}

extension GuestReport {
  /// The report of a patch of a file.
  init(_ patch: Patch, in file: String) {
    self.init(patch.bytes, from: patch.definition.document.bytes, in: file)
  }
}
