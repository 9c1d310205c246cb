import VirtNest

/// The parameters of a template as `create --help-parameters` lists them.
struct ParameterList {
  let text: String

  init(_ template: Template) {
    var text = ""
    for parameter in template.parameters {
      text += "\(parameter.name) (\(parameter.kind.rawValue))\n"
      if let help = parameter.help { text += Self.wrapped(help) }
      text += "    allowed: \(parameter.allowed)\n"
      text += "    default: \(template.defaultDescription(of: parameter))\n"
    }
    self.text = text.isEmpty ? "This template has no parameters.\n" : text
  }

  private static func wrapped(_ text: String) -> String {
    var lines: [String] = []
    var line = "   "
    for word in text.split(separator: " ") {
      if line.count + word.count + 1 > 80 {
        lines.append(line)
        line = "   "
      }
      line += " " + word
    }
    return (lines + [line]).map { $0 + "\n" }.joined()
  }
}
