import ArgumentParser
import Glibc
import LosslessXML
import Synchronization

/// When colours are shown.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
  case auto
  case always
  case never

  private static let chosen = Mutex(ColorChoice.auto)

  /// What the command line says.
  static var current: ColorChoice {
    get { chosen.withLock { $0 } }
    set { chosen.withLock { $0 = newValue } }
  }

  /// Whether colours are wanted in a file: on a terminal that has them, unless `NO_COLOR` is set.
  static func isWanted(in file: CInt) -> Bool {
    switch current {
    case .always: return true
    case .never: return false
    case .auto:
      let refused = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
      let terminal = getenv("TERM").map { String(cString: $0) } ?? ""
      return isatty(file) == 1 && !refused && terminal != "dumb"
    }
  }

  /// A line of a message with its level in colour: errors red, warnings magenta, notes cyan.
  static func coloured(_ line: String) -> String {
    let levels = [("error", "31"), ("warning", "35"), ("note", "36")]
    let found = levels.compactMap { level, colour in
      line.firstRange(of: ": \(level): ").map { (range: $0, level: level, colour: colour) }
    }
    if let first = found.min(by: { $0.range.lowerBound < $1.range.lowerBound }) {
      return "\u{1B}[1m\(line[..<first.range.lowerBound]):\u{1B}[0m "
        + "\u{1B}[1;\(first.colour)m\(first.level):\u{1B}[0m \(line[first.range.upperBound...])"
    }
    guard line.hasPrefix("Error: ") else { return line }
    return "\u{1B}[1;31mError:\u{1B}[0m \(line.dropFirst("Error: ".count))"
  }
}

/// The option for it, where diagnostics or differences are printed.
struct ColorOption: ParsableArguments {
  @Option(help: "Colours: auto (on a terminal, unless NO_COLOR is set), always or never.")
  var color = ColorChoice.auto

  func validate() throws { ColorChoice.current = color }
}
