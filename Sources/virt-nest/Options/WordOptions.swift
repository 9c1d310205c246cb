import ArgumentParser
import LosslessXML
import Synchronization
import VirtNest

/// The options that add, change and remove sections and devices, in the order in which they are given.
struct WordOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Add a device, as in hostdev,0035:03:00.0 or disk,path=/b.qcow2; repeatable.",
      valueName: "what,key=value…"),
    completion: .words,
    transform: { text in try OrderedChange(.add, text) })
  var add: [OrderedChange] = []

  @Option(
    help: ArgumentHelp(
      "Change a section, or the device that a selector picks, as in disk:vda,cache=none or "
        + "cputune,shares=2048; KEY= removes a key; repeatable.",
      valueName: "what[:which],key=value…"),
    completion: .words,
    transform: { text in try OrderedChange(.edit, text) })
  var edit: [OrderedChange] = []

  @Option(
    help: ArgumentHelp(
      "Remove a section or device, as in sound or disk:vdb; repeatable.",
      valueName: "what[:which]"),
    completion: .words,
    transform: { text in try OrderedChange(.remove, text) })
  var remove: [OrderedChange] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Pass arguments to QEMU, as in '-serial mon:stdio', or env=NAME=VALUE; repeatable.",
      valueName: "args"),
    transform: { text in
      try OrderedChange { try WordChange(passthrough: text) }
    })
  var qemuCommandline: [OrderedChange] = []

  @Flag(help: "Let a number pick the device that --remove removes.")
  var byNumber = false

  @OptionGroup var wordHelp: WordHelpOption

  /// Every change that is given, in the order given.
  private var given: [OrderedChange] {
    (add + edit + remove + qemuCommandline).sorted { $0.number < $1.number }
  }

  func validate() throws {
    for case .question(let help) in given.map(\.content) { throw CleanExit.message(help.text) }
  }

  /// Puts the options into the changes.
  func apply(to changes: inout GuestChanges) throws {
    for case .change(let change) in given.map(\.content) {
      let rest = try usage { try change.identityTaken(by: &changes.guest) }
      if let rest { changes.words.append(rest) }
    }
    changes.byNumber = byNumber
  }
}

/// A change and its place among all of the command line.
///
/// ArgumentParser calls the transforms of options in the order in which these are given, also across
/// options: that order is kept here, since it keeps no other.
struct OrderedChange: Sendable {
  private static let count = Atomic(0)

  /// What is given: a change, or a question for what could be.
  enum Content: Sendable {
    case change(WordChange)
    case question(WordHelp)
  }

  let number: Int
  let content: Content

  private init(_ content: Content) {
    number = Self.count.wrappingAdd(1, ordering: .relaxed).oldValue
    self.content = content
  }

  init(_ change: () throws -> WordChange) throws {
    self.init(.change(try usage(change)))
  }

  init(_ verb: WordChange.Verb, _ text: String) throws {
    if text.hasSuffix("=?") || text.hasSuffix(",?") {
      let kind = text.prefix { !",:=".contains($0) }
      self.init(.question(try usage { try WordHelp(String(kind)) }))
    } else {
      try self.init { try WordChange(verb, text) }
    }
  }
}

extension CompletionKind {
  /// The words of a change.
  static let words = custom { _, _, prefix in WordHelp.completions(of: prefix) }
}

/// The options that change whatever the model does not describe.
struct XPathOptions: ParsableArguments {
  @Option(
    name: .customLong("set-xpath"),
    help: ArgumentHelp(
      "Set the text of elements or the value of attributes, as in "
        + "'/domain/title=my guest'; repeatable.", valueName: "xpath=value"))
  var set: [String] = []

  @Option(
    name: .customLong("delete-xpath"),
    help: ArgumentHelp(
      "Remove elements, attributes or text; repeatable.", valueName: "xpath"))
  var delete: [String] = []

  @Option(
    name: .customLong("insert-xpath"),
    help: ArgumentHelp(
      "Insert elements where libvirt prints them, unless they are there already, as in "
        + "'/domain/devices=<watchdog model=…/>'; repeatable.", valueName: "parent=xml"))
  var insert: [String] = []

  @Option(
    name: .customLong("namespace"),
    help: ArgumentHelp(
      "Bind a prefix for these; qemu and libosinfo are bound; repeatable.",
      valueName: "prefix=uri"))
  var namespace: [String] = []

  @Flag(help: "Do not fail when an expression or a selector matches nothing.")
  var ifPresent = false

  /// Puts the options into the changes.
  func apply(to changes: inout GuestChanges) throws {
    var edits = GuestChanges.XPathEdits()
    for text in set {
      edits.edits.append(try usage { try XPathEdit(set: text) })
    }
    edits.edits += delete.map { XPathEdit($0, .delete) }
    for text in insert {
      edits.edits.append(try usage { try XPathEdit(insert: text) })
    }
    for text in namespace {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2, XPathEdit.canBind(parts[0], to: parts[1]) else {
        throw ValidationError("--namespace takes PREFIX=URI, not '\(text)'")
      }
      edits.namespaces[parts[0]] = parts[1]
    }
    for edit in edits.edits {
      do throws(XPathError) { try edit.check(namespaces: edits.namespaces) } catch {
        var advice = ""
        if case .unknownPrefix(let prefix) = error.reason {
          advice = ", by --namespace \(prefix)=URI"
        }
        throw ValidationError(error.description + advice)
      }
    }
    edits.ifPresent = ifPresent
    if edits.edits.isEmpty, !namespace.isEmpty {
      throw ValidationError("--namespace goes with --set-xpath and the like")
    }
    changes.xpathEdits = edits
  }
}
