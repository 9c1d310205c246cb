import ArgumentParser
import LosslessXML
import VirtNest

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
    var libvirt = DefineOptions()
    libvirt.connect = connect
    for (name, definition) in try await libvirt.definitions(of: [domain]) {
      try write(definition, from: name)
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
    let target = try install ? TemplateFolder.make() : output
    try OutputTarget(target, needsFolder: false).write(bytes, named: name + ".xml", force: force)
  }
}
