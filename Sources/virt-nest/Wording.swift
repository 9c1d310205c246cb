import LosslessXML
import VirtNest

extension Suggestion {
  /// The change in the words of this command.
  var commandLine: String {
    switch self {
    case .nesting(let isOn): Self.patch(isOn ? "--nested" : "--no-nested")
    case .explicitlyOff: Self.patch("--no-nested --explicit")
    case .mechanism(let mechanism): Self.patch("--mechanism \(mechanism.rawValue)")
    case .withoutWrapper(let path): Self.patch("--no-nested --wrapper \(shellWord(path))")
    case .api(let api): Self.patch("--nested-api \(api.rawValue)")
    case .property(let name, let value):
      Self.patch("--\(name) \(value.map(shellWord) ?? name.uppercased())")
    case .edit(let kind, let selector, let value):
      Self.patch(
        "--edit " + shellWord(kind + (selector.map { ":" + $0 } ?? "") + "," + value))
    case .newIdentity: Self.patch("--new-identity")
    case .emulated: Self.patch("--emulated")
    case .mendForPSeries: Self.patch("--mend-for pseries")
    case .force: "Use --force"
    case .ifPresent: "Use --if-present"
    case .namespace(let prefix): "--namespace \(prefix)=URI"
    case .delete(let xpath): Self.patch("--delete-xpath \(shellWord(xpath))")
    case .release: "--release"
    case .listTemplates: "virt-nest template list"
    case .newTemplate: "virt-nest template new NAME --from FILE"
    }
  }

  private static func patch(_ options: String) -> String { "virt-nest patch -i \(options)" }
}

extension Advice {
  /// The text with changes in the words of this command.
  var commandText: String { text(\.commandLine) }
}

extension Diagnostic {
  /// `FILE:LINE:COLUMN: error: MESSAGE [VN003]`, as compilers print it, and the advice on a second
  /// line.
  var commandLines: [String] {
    let origin = [source.map(Terminal.display), place?.start.description].compactMap(\.self)
      .joined(separator: ":")
    let rule = Rule.named(code.description).map { " [\($0.code)]" } ?? ""
    return ["\(origin.isEmpty ? "virt-nest" : origin): \(severity.rawValue): \(message)\(rule)"]
      + (advice.map { ["    \($0.commandText)"] } ?? [])
  }
}
