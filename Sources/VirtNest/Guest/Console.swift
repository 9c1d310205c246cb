internal import LosslessXML

/// The first console of a guest.
///
/// Properties that are `nil` are left as they are.
package struct Console: Hashable, Sendable {
  /// A file on the host that everything the guest prints is written to.
  package var logFile: String?
  /// Whether that file grows from start to start.
  package var logAppend: Bool?

  /// Nothing said.
  package init() {}

  /// Reads virt-install's `--console`: `log.file=PATH[,log.append=on]`, with or without `pty`.
  ///
  /// - Throws: ``InvalidValue`` for an unknown key or a relative path.
  package init(_ text: String) throws(InvalidValue) {
    let values = try OptionList(text).values(
      for: "console", positional: "type", keys: ["type", "log.file", "log.append"])
    guard values["type"] ?? "pty" == "pty" else {
      throw InvalidValue("console", text, "the type is pty")
    }
    logFile = values["log.file"]
    if let logFile, !logFile.hasPrefix("/") {
      throw InvalidValue("console", text, "libvirt takes absolute paths only, not '\(logFile)'")
    }
    if let append = values["log.append"] {
      guard ["on", "off", "yes", "no"].contains(append), logFile != nil else {
        throw InvalidValue("console", text, "log.append is on or off, and goes with log.file")
      }
      logAppend = append == "on" || append == "yes"
    }
  }
}
