import ArgumentParser
import VirtNest

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
      "Insert elements where libvirt prints them, as in '/domain/devices=<watchdog model=…/>'; "
        + "repeatable.", valueName: "parent=xml"))
  var insert: [String] = []

  @Option(
    name: .customLong("namespace"),
    help: ArgumentHelp(
      "Bind a prefix for these; qemu and libosinfo are bound; repeatable.",
      valueName: "prefix=uri"))
  var namespace: [String] = []

  @Flag(help: "Take an expression that finds nothing for done.")
  var ifPresent = false

  /// Puts the options into the changes.
  func apply(to changes: inout GuestChanges) throws {
    var edits = GuestChanges.XPathEdits()
    for text in set {
      let (xpath, value) = try split(text, "set-xpath")
      edits.edits.append(XPathEdit(xpath, .set(value)))
    }
    edits.edits += delete.map { XPathEdit($0, .delete) }
    for text in insert {
      let (xpath, fragment) = try split(text, "insert-xpath")
      edits.edits.append(XPathEdit(xpath, .insert(fragment)))
    }
    for text in namespace {
      let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw ValidationError("--namespace takes PREFIX=URI, not '\(text)'")
      }
      edits.namespaces[parts[0]] = parts[1]
    }
    edits.ifPresent = ifPresent
    if edits.edits.isEmpty, ifPresent || !namespace.isEmpty {
      throw ValidationError("--if-present and --namespace go with --set-xpath and the like")
    }
    changes.xpathEdits = edits
  }

  private func split(_ text: String, _ option: String) throws -> (xpath: String, value: String) {
    try usage { () throws(InvalidValue) in try XPathEdit.split(text, option: option) }
  }
}
