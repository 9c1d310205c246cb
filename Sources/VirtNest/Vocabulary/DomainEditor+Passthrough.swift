internal import LosslessXML

/// What a change in words asks for on QEMU's command line.
struct Passthrough {
  /// QEMU's arguments.
  var arguments: [String] = []
  /// Variables of QEMU's environment.
  var variables: [(name: String, value: String)] = []
  /// Whether nothing else is passed through.
  var isAll = false

  /// Reads the keys `args`, `env` and `clearxml`.
  init(_ change: WordChange) throws(InvalidValue) {
    for assignment in change.assignments {
      guard assignment.value.isRepresentableInXML else {
        throw InvalidValue(
          "qemu-commandline", change.text, "XML cannot carry one of its characters")
      }
      switch assignment.key {
      case "", "args": arguments += try shellWords(assignment.value)
      case "env":
        let parts = assignment.value.split(
          separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
          throw InvalidValue("qemu-commandline", change.text, "write env=NAME=VALUE")
        }
        variables.append((String(parts[0]), String(parts[1])))
      case "clearxml" where ["yes", "on"].contains(assignment.value): isAll = true
      default:
        throw InvalidValue(
          "qemu-commandline", change.text, "the keys are args, env and clearxml=yes")
      }
    }
    guard isAll || !arguments.isEmpty || !variables.isEmpty || change.verb == .remove else {
      throw InvalidValue("qemu-commandline", change.text, "no arguments are given")
    }
  }
}

extension DomainEditor {
  /// Passes arguments and variables through to QEMU, unless they are there already.
  ///
  /// - Parameter earlier: how many equal changes come before this one.
  mutating func passThrough(
    _ change: WordChange, after earlier: Int
  ) throws(InvalidValue) -> [WordProof] {
    let wanted = try Passthrough(change)
    let present = PassthroughArguments(of: domain)
    let variables = present.commandLines.flatMap { $0.children("env", in: DomainNamespace.qemu) }
    if wanted.isAll {
      let isSame =
        present.arguments.map(\.value) == wanted.arguments
        && variables.map { [$0["name"], $0["value"]] } == wanted.variables.map { [$0, $1] }
      if isSame { return [] }
      for child in present.commandLines.flatMap(\.children) { removeFromContainer(child) }
    }
    for (name, value) in wanted.variables {
      if !wanted.isAll, let old = variables.first(where: { $0["name"] == name }) {
        if old["value"] != value { setAttribute("value", of: old, to: value) }
      } else {
        addPassthrough("env", ["name": name, "value": value])
      }
    }
    guard !wanted.arguments.isEmpty else { return [] }
    if !wanted.isAll {
      if present.occurrences(of: wanted.arguments) > earlier {
        note("QEMU is already given this: \(change.text)")
        return []
      }
      if let unfinished = present.unfinished {
        throw InvalidValue(
          "qemu-commandline", change.text,
          "'\(unfinished.value)' has no value behind it and would take the first argument for one")
      }
    }
    for value in wanted.arguments { addPassthrough("arg", ["value": value]) }
    let kind = try WordKind.named("qemu-commandline")
    return [WordProof(kind: kind, values: [], element: nil, arguments: wanted.arguments)]
  }

  /// Adds an element to what is passed through to QEMU, by the prefix that is in use.
  mutating func addPassthrough(_ name: String, _ attributes: KeyValuePairs<String, String?>) {
    let commandLine = domain.first([.qemuCommandLine])
    let prefix = (commandLine ?? domain).prefix(boundTo: DomainNamespace.qemu)
    let isDefault = commandLine.map { $0.prefix == nil } ?? false
    add(
      NewElement(isDefault ? name : (prefix ?? "qemu") + ":" + name, attributes),
      to: [.qemuCommandLine])
  }
}

extension PassthroughArguments {
  /// How often a run of arguments stands there, from an option on; runs do not overlap.
  func occurrences(of run: [String]) -> Int {
    let values = arguments.map(\.value)
    var count = 0
    var index = 0
    while index + run.count <= values.count {
      if Array(values[index..<(index + run.count)]) == run {
        count += 1
        index += run.count
      } else {
        index += QEMUOption.takesValue(values[index]) ? 2 : 1
      }
    }
    return count
  }
}
