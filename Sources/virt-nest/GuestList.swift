import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

/// The guests of a list of JSON, as `define --guests` reads it (Documentation/json.md).
struct GuestList {
  /// What shall become of the guests.
  private(set) var tasks: [HostTask] = []

  private static let keys = ["create", "patch", "define", "name", "state", "stop"]

  /// Reads a list, makes the guests that are created, and says everything that is wrong in it.
  ///
  /// - Parameter name: the file, or `-`.
  /// - Throws: ``ExitCode`` 2, once it was said what is wrong.
  init(file name: String) throws {
    var isInTrouble = false
    for (index, element) in try Input(name).guests().enumerated() {
      do {
        tasks += try Self.tasks(of: element)
      } catch {
        isInTrouble = true
        let known = error as? VirtNestError
        if let known { Terminal.say(known.diagnostics) }
        let reason =
          known != nil || error is ExitCode
          ? "it cannot be made" : PatchCommand.message(for: error)
        Terminal.say(VirtNestError("guest \(index + 1): \(reason)", in: name).diagnostics)
      }
    }
    if isInTrouble { throw ExitCode.trouble }
  }

  private static func tasks(of element: JSONWriter.Value) throws -> [HostTask] {
    guard case .object(let members) = element else {
      throw ValidationError("an object is expected")
    }
    for member in members where !keys.contains(member.key) {
      throw ValidationError(
        "there is no member '\(member.key)'; there are \(keys.joined(separator: ", "))")
    }
    let state = try element["state"].map(text) ?? "present"
    guard ["present", "running", "absent"].contains(state) else {
      throw ValidationError("'state' is present, running or absent")
    }
    let given = ["create", "patch", "define", "name"].filter { element[$0] != nil }
    guard given.count == 1, let value = element[given[0]] else {
      throw ValidationError("give one of 'create', 'patch', 'define' and 'name'")
    }
    var tasks: [HostTask]
    switch (given[0], state) {
    case ("name", "absent"):
      let stops = element["stop"] == true
      return [HostTask(source: try text(value), work: .remove(stops: stops))]
    case (_, "absent"): throw ValidationError("a guest that shall be absent has only a 'name'")
    case ("create", _):
      tasks = try CreateCommand.parse(try texts(value) + ["--define"]).tasks()
    case ("patch", _): tasks = try PatchCommand.parse(try texts(value)).tasks()
    case ("define", _): tasks = [try DefineCommand.task(file: try text(value))]
    default: tasks = [HostTask(source: try text(value), work: .keep)]
    }
    for index in tasks.indices { tasks[index].runs = state == "running" }
    return tasks
  }

  private static func text(_ value: JSONWriter.Value) throws -> String {
    guard let text = value.text else { throw ValidationError("a string is expected") }
    return text
  }

  private static func texts(_ value: JSONWriter.Value) throws -> [String] {
    guard let values = value.elements else {
      throw ValidationError("a list of arguments is expected")
    }
    return try values.map(text)
  }
}
