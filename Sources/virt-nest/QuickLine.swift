import ArgumentParser

/// A command line that is read without ArgumentParser, which takes longer than changing a file does.
///
/// The commands that scripts call most are read this way in the forms that scripts use. On
/// everything else it gives up, and ArgumentParser reads the line from the start: on help, an
/// unknown or doubled option, a missing value, short options in one, values that begin with a dash,
/// and on whatever is wrong, so that there is one place that says what is. A test compares what the
/// two read.
struct QuickLine {
  private var rest: ArraySlice<String>
  /// The option that is looked at, as it is written; `nil` for a word that is none.
  private(set) var option: String?
  private var word = ""
  private var valueBehindEquals: String?
  private var seen: [String] = []
  /// Whether it gave up.
  private(set) var isGivenUp = false

  init(_ words: ArraySlice<String>) { rest = words }

  /// The command that a line asks for; `nil` where ArgumentParser has to look.
  static func command(_ words: [String]) -> (any QuickCommand)? {
    switch words.first {
    case "patch": PatchCommand(quick: words.dropFirst())
    case "create": CreateCommand(quick: words.dropFirst())
    case "inspect": InspectCommand(quick: words.dropFirst())
    case "check": CheckCommand(quick: words.dropFirst())
    default: nil
    }
  }

  /// Goes on to the next option or word; `false` at the end.
  mutating func next() -> Bool {
    guard !isGivenUp, let text = rest.popFirst() else { return false }
    valueBehindEquals = nil
    guard text.utf8.first == UInt8(ascii: "-"), text.utf8.count > 1 else {
      option = nil
      word = text
      return true
    }
    if let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
      option = String(text[..<equals])
      // A combining character makes another one of the sign, for ArgumentParser.
      if text.utf8[text.utf8.index(after: equals)...].first ?? 0 >= 0x80 { giveUp() }
      valueBehindEquals = String(text[text.utf8.index(after: equals)...])
    } else {
      option = text
    }
    return true
  }

  /// Leaves the line to ArgumentParser.
  mutating func giveUp() { isGivenUp = true }

  /// Takes a word that is no option.
  mutating func take(_ words: inout [String]) { words.append(word) }

  /// Takes a flag.
  mutating func raise(_ flag: inout Bool) {
    flag = true
    if valueBehindEquals != nil || !isFirst(option ?? "") { giveUp() }
  }

  /// Takes one of the two forms of a flag.
  mutating func set(_ flag: inout Bool?, to value: Bool) {
    if flag != nil || valueBehindEquals != nil { giveUp() }
    flag = value
  }

  /// Takes the value of an option.
  mutating func set(_ value: inout String?) { if let text = onlyValue() { value = text } }

  /// Takes the value of an option that is a number.
  mutating func set(_ value: inout Int) {
    guard let text = onlyValue() else { return }
    guard let number = Int(text) else { return giveUp() }
    value = number
  }

  /// Takes the value of an option that may be given again.
  mutating func append(to values: inout [String]) { if let text = value() { values.append(text) } }

  /// The value of an option that is given once.
  mutating func onlyValue() -> String? {
    guard let option, isFirst(option) else {
      giveUp()
      return nil
    }
    return value()
  }

  /// The value of an option.
  mutating func value() -> String? {
    let text = valueBehindEquals ?? rest.popFirst() ?? ""
    guard !text.isEmpty, text == "-" || text.utf8.first != UInt8(ascii: "-") else {
      giveUp()
      return nil
    }
    return text
  }

  /// Long and short form of one option are met here as two; a command has few of them.
  private mutating func isFirst(_ option: String) -> Bool {
    guard !seen.contains(option) else { return false }
    seen.append(option)
    return true
  }
}

/// A command that can be read without ArgumentParser, and then waits for no other program.
protocol QuickCommand: ParsableCommand {
  /// Reads a command line; `nil` where ArgumentParser has to.
  init?(quick words: ArraySlice<String>)
  /// Does what there is to do without waiting.
  func runAtOnce() throws
}

/// Options that a ``QuickLine`` can be read into.
protocol QuickArguments: ParsableArguments {
  /// Gives every option its default, as ArgumentParser would.
  mutating func setDefaults()
  /// Takes the option that the line is at; `false` where it is none of these.
  mutating func take(_ line: inout QuickLine) -> Bool
}

extension QuickArguments {
  /// What is said by a line without options.
  static var defaults: Self {
    var options = Self()
    options.setDefaults()
    return options
  }
}
