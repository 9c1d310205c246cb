import ArgumentParser
import LosslessXML
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
