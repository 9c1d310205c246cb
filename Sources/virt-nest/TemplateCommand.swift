import ArgumentParser
import LosslessXML
import SystemPackage
import VirtNest
import VirtNestHost

struct TemplateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "template", abstract: "List, show, make and check templates.",
    subcommands: [
      TemplateListCommand.self, TemplateShowCommand.self, TemplateNewCommand.self,
      TemplateLintCommand.self,
    ])
}

struct TemplateListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the templates: name, distribution, default release, releases, where from.",
    discussion: "With a distribution, list what is known of its releases.")

  @Argument(help: "Distribution whose releases are listed: fedora, ubuntu, sles ….")
  var distribution: String?

  func run() throws {
    if let distribution { return try Terminal.report(releases(of: distribution)) }
    let store = try TemplateStore.configured()
    var rows = [["NAME", "DISTRIBUTION", "DEFAULT", "RELEASES", "WHERE"]]
    for name in store.names() {
      rows.append(row(name, in: store))
    }
    try Terminal.report(Terminal.table(rows))
  }

  /// A template's row; one that cannot be used is there with the reason, and hides others all the
  /// same.
  private func row(_ name: String, in store: TemplateStore) -> [String] {
    var place = ""
    do throws(VirtNestError) {
      let found = try store.template(name)
      place = found.place + found.shadowed.map { " (hides \($0))" }.joined()
      let template = try Template(DomainDefinition(found.bytes))
      let distribution = template.distribution
      let releases = distribution.map { ReleaseTable.releases(of: $0).map(\.id) } ?? []
      return [
        name, distribution.flatMap { ReleaseTable.distribution($0)?.displayName } ?? "-",
        template.release ?? "-", Self.summary(releases), place,
      ]
    } catch {
      let reason =
        place.isEmpty
        ? "broken: \(error.message)" : "\(place) is broken: \(Self.reason(error.diagnostics))"
      return [name, "-", "-", "-", reason]
    }
  }

  /// What is known of each release of a distribution; a question mark stands behind what no source
  /// confirms, a hyphen for what is not known.
  private func releases(of distribution: String) throws -> [String] {
    guard let family = ReleaseTable.distribution(distribution) else {
      let known = ReleaseTable.distributions.map(\.id).joined(separator: ", ")
      throw ValidationError("\(distribution) is not known; there are \(known)")
    }
    let releases = ReleaseTable.releases(of: family.id)
    var rows = [["RELEASE", "KERNEL", "KVM-HV", "RELEASED", "SUPPORT ENDS", "OSINFO ID", "IMAGE"]]
    for release in releases {
      func cell(_ value: (some CustomStringConvertible)?, _ fact: Release.Fact) -> String {
        (value?.description ?? "-") + (release.unconfirmed.contains(fact) ? "?" : "")
      }
      rows.append([
        [release.id, release.codename.map { "(\($0))" }].compactMap(\.self).joined(separator: " "),
        cell(release.kernel?.majorMinor, .kernel), release.nestedHV.summary,
        cell(release.releaseDate, .released), cell(release.endOfLife, .endOfLife),
        cell(release.osinfoID, .osinfo), cell(release.cloudImage, .image),
      ])
    }
    let minors = releases.filter { !$0.minors.isEmpty }.map {
      "\($0.id) also as \($0.minors.first ?? "") to \($0.minors.last ?? "")"
    }
    let doubt =
      releases.allSatisfy(\.unconfirmed.isEmpty)
      ? [] : ["?: follows the pattern of earlier releases or a plan; no source confirms it"]
    return Terminal.table(rows) + minors + doubt + ["Last reviewed on \(ReleaseTable.lastReview)."]
  }

  private static func reason(_ diagnostics: [Diagnostic]) -> String {
    guard let first = diagnostics.first else { return "" }
    let line = first.place.map { "line \($0.start.line): " } ?? ""
    let more = diagnostics.count > 1 ? " (and \(diagnostics.count - 1) more)" : ""
    return line + first.message + more
  }

  private static func summary(_ releases: [String]) -> String {
    guard let first = releases.first, let last = releases.last, releases.count > 1 else {
      return releases.first ?? "-"
    }
    return "\(first) … \(last) (\(releases.count))"
  }
}

struct TemplateShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print a template as it stands, byte for byte.")

  @Argument(help: "Name or path of a template.", completion: .templates)
  var template: String

  func run() throws {
    try Terminal.write(try TemplateStore.configured().template(template).bytes)
  }
}

extension TemplateStore {
  /// The store of the current user, with the folder that a file `.virt-nest.conf` names.
  static func configured() throws -> TemplateStore {
    var configurations = ConfigurationFiles()
    let settings = try configurations.settings(for: "-")
    return TemplateStore(projectFolder: settings.templates.map { FilePath(argument: $0) })
  }
}

struct TemplateNewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Make a template out of the definition of a guest that works.",
    discussion: """
      What identifies one guest is taken out (uuid, MAC addresses, what libvirt writes of a running \
      guest), a block of parameters is put in, and everything else stays byte for byte. The \
      definition holds the defaults: creating from the template gives the guest back.

        virt-nest template new site --domain kata-site-00 > site.xml
      """)

  @Argument(help: "Name of the template.")
  var name: String

  @Option(
    help: ArgumentHelp("Definition of the guest; '-' is standard input.", valueName: "file"),
    completion: .definitions)
  var from: String?

  @Option(help: ArgumentHelp("A guest that libvirt has.", valueName: "name"), completion: .guests)
  var domain: String?

  @Option(
    name: [.customShort("c"), .long],
    help: ArgumentHelp("The libvirt of --domain, as for virsh.", valueName: "URI"))
  var connect: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write it to this file, or to NAME.xml in this folder.", valueName: "path"),
    completion: .file())
  var output: String?

  @Flag(help: "Write it to your own templates, where create finds it by its name.")
  var install = false

  @Flag(help: "Replace a file that has other content.")
  var force = false

  func validate() throws {
    guard (from == nil) != (domain == nil) else {
      throw ValidationError("give the guest by --from FILE or by --domain NAME")
    }
    if install, output != nil { throw ValidationError("--install and --output exclude each other") }
    if connect != nil, domain == nil { throw ValidationError("--connect goes with --domain") }
  }

  func run() async throws {
    guard let domain else {
      let file = from ?? "-"
      return try write(try Input(file).definition(), from: file)
    }
    let libvirt = Virsh(uri: connect)
    do {
      let wanted = HostGuest.Wanted(name: domain, uuid: DomainUUID(domain))
      guard let guest = try await HostGuest.find([wanted], on: libvirt).guests[0] else {
        throw VirtNestError("there is no such guest on \(libvirt.displayName)", in: domain)
      }
      try write(guest.definition, from: guest.name)
    } catch let error as VirtNestError {
      throw error.about(domain)
    }
  }

  private func write(_ definition: DomainDefinition, from: String) throws {
    let bytes: [UInt8]
    do throws(VirtNestError) {
      let author = try TemplateAuthor(name: name, from: definition)
      bytes = try author.template()
      Terminal.say(try author.sharedParts(of: bytes), about: from)
    } catch {
      throw error.about(from)
    }
    var target = output
    if install {
      guard let folder = TemplateStore().userFolder else {
        throw VirtNestError("neither XDG_CONFIG_HOME nor HOME names a folder")
      }
      try makeFolders(folder)
      target = folder.argument
    }
    try OutputTarget(target, needsFolder: false).write(bytes, named: name + ".xml", force: force)
  }
}

struct TemplateLintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint",
    abstract: "Find what is wrong with templates; everything that check finds, too.",
    discussion: """
      Exit status: 0 nothing found but notes, 1 something was found, 2 a file could not be read.
      """)

  @Argument(help: "Templates: names, paths, or '-' for standard input.", completion: .templates)
  var templates: [String]

  @OptionGroup var format: FormatOption

  @Flag(help: "Compare with no schema.")
  var noSchema = false

  func run() throws {
    let schema = noSchema ? nil : try? Schema.installed()
    if schema == nil, !noSchema {
      Terminal.say("virt-nest: warning: libvirt's schema is not installed; it is left out")
    }
    let store = try TemplateStore.configured()
    var found: [Diagnostic] = []
    var isInTrouble = false
    for name in templates {
      guard let file = read(name, in: store) else {
        isInTrouble = true
        continue
      }
      found += TemplateLint.diagnostics(
        of: file.name, file.bytes, schema: schema, today: Today.date)
    }
    try Terminal.write(format.wanted.text(of: found))
    if isInTrouble { throw ExitCode.trouble }
    if found.contains(where: { $0.severity >= .warning }) { throw ExitCode.no }
  }

  private func read(
    _ name: String, in store: TemplateStore
  ) -> (name: String, bytes: [UInt8])? {
    if name == "-" || TemplateStore.isPath(name) {
      return Input.read(name).map { (Terminal.display(name), $0.bytes) }
    }
    do throws(VirtNestError) { return (name, try store.template(name).bytes) } catch {
      Terminal.say(error.diagnostics)
      return nil
    }
  }
}
