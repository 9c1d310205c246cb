import LosslessXML
import VirtNest

/// The parameters of a template as `create --help-parameters` lists them.
struct ParameterList {
  let lines: [String]

  init(_ template: Template) {
    var lines: [String] = []
    for parameter in template.parameters {
      lines.append("\(parameter.name) (\(parameter.kind.rawValue))")
      if let help = parameter.help { lines += Self.wrapped(help) }
      lines.append("    allowed: \(parameter.allowed)")
      lines.append("    default: \(template.defaultDescription(of: parameter))")
    }
    self.lines = lines.isEmpty ? ["This template has no parameters."] : lines
  }

  private static func wrapped(_ text: String) -> [String] {
    var lines: [String] = []
    var line = "   "
    for word in text.split(separator: " ") {
      if line.count + word.count + 1 > 80 {
        lines.append(line)
        line = "   "
      }
      line += " " + word
    }
    return lines + [line]
  }
}
