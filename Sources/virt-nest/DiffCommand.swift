import ArgumentParser
import LosslessXML
import VirtNest

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Print the changes that turn a definition into what another one means.",
    discussion: """
      They are the --edit, --add and --remove of patch, a line each, quoted for xargs:

        virt-nest diff A.xml B.xml | xargs virt-nest patch -i A.xml

      Comments, white space and the order of attributes mean nothing to libvirt, and are not \
      compared.

      Exit status: 0 both mean the same, 1 they differ and the changes say how, 2 a file cannot be \
      read, or no words say some of it, which standard error names.
      """)

  @Argument(help: "The definition that would be changed; '-' is standard input.")
  var old: String

  @Argument(help: "The definition that it should be like; '-' is standard input.")
  var new: String

  @Flag(
    name: [.customShort("0"), .long],
    help: "End each word with a zero byte, for xargs -0 and values with line ends.")
  var null = false

  @OptionGroup(title: "Messages on standard error") var format: FormatOption

  func validate() throws {
    try requireOneStandardInput(in: [old, new])
  }

  func run() throws {
    try Terminal.reporting(in: format.wanted) {
      let (before, after) = (try Input(old).definition(), try Input(new).definition())
      let difference = WordDifference(from: before, to: after, file: new)
      let options = options(of: difference)
      // xargs reads no such value from a line, and the words for a shell would be others for it.
      if !null,
        options.joined().contains(where: { $0.unicodeScalars.contains(where: \.isInvisible) })
      {
        throw VirtNestError("a value has a line end or the like: use --null and xargs -0")
      }
      let text =
        null
        ? options.joined().map { $0 + "\0" }.joined()
        : options.map { $0.map(shellWord).joined(separator: " ") + "\n" }.joined()
      try Terminal.write(text)
      Terminal.say(difference.unsaid, about: new)
      if !difference.unsaid.isEmpty { throw ExitCode.trouble }
      if !difference.isEmpty { throw ExitCode.no }
    }
  }

  /// The options of patch, each with its value.
  private func options(of difference: WordDifference) -> [[String]] {
    difference.changes.map { ["--\($0.verb.rawValue)", $0.text] }
      + (difference.needsNumbers ? [["--by-number"]] : [])
      + (difference.needsForce ? [["--force"]] : [])
  }
}
