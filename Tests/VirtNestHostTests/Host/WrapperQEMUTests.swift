import TestSupport
import Testing
import VirtNestHost

@testable import VirtNest

@Suite("The wrapper and a real QEMU", .needs("qemu-system-ppc64"))
struct WrapperQEMUTests {
  /// Numbers that are the same in each run.
  private struct Numbers {
    var state: UInt64

    mutating func next(below limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[next(below: values.count)] }
  }

  /// Arguments, and whether a property of the machine in them is about nesting.
  private static func arguments(_ numbers: inout Numbers) -> (words: [String], isExplicit: Bool) {
    let dash = { (numbers: inout Numbers) in numbers.pick(["-", "--"]) }
    var groups: [[String]] = []
    let names = [
      "kata-a", "guest=kata", "guest=a,,kata", "debug-threads=on,guest=KATA", "db",
      "guest=db,process=kata", "a,,guest=kata", "guest=kata,debug-threads=on", "kata=x",
    ]
    let machines = [
      "pseries", "pseries-6.2", "type=pseries", "accel=tcg,type=pseries", "pseries,accel=tcg",
      "powernv9", "pseries,usb=off",
    ]
    let explicit = [
      "cap-nested-hv=on", "cap_nested_hv=off", "cap-nested_hv=on", "cap_nested-hv=off",
      "pseries,cap_nested_hv=on",
    ]
    let noise = [
      ["-prom-env", "-name"], ["-prom-env", "-M=powernv"], ["-nodefaults"], ["-no-reboot"],
      ["-m", "512"], ["-cpu", "POWER9"], ["-rtc", "base=utc"], ["-boot", "order=d"],
      ["-D", "/dev/null"], ["-snapshot"], ["-append", "-name"], ["-usb"], ["-no-user-config"],
      ["-machine", "cap_cfpc=broken"], ["-M", "cap-ibs=broken"], ["-smp", "1"], ["-L", "-M"],
    ]
    for _ in 0..<numbers.next(below: 3) {
      groups.append([dash(&numbers) + "name", numbers.pick(names)])
    }
    for _ in 0..<1 + numbers.next(below: 2) {
      groups.append([dash(&numbers) + numbers.pick(["machine", "M"]), numbers.pick(machines)])
    }
    let isExplicit = numbers.next(below: 3) == 0
    if isExplicit {
      groups.append([dash(&numbers) + numbers.pick(["machine", "M"]), numbers.pick(explicit)])
    }
    for _ in 0..<numbers.next(below: 4) { groups.append(numbers.pick(noise)) }
    var words: [String] = []
    while !groups.isEmpty { words += groups.remove(at: numbers.next(below: groups.count)) }
    return (words, isExplicit)
  }

  /// What QEMU says of a guest; `nil` where it does not start.
  private struct Answer: Equatable, Sendable {
    var isNested: Bool?
    var name: String
    var isPseries: Bool
  }

  private func ask(_ program: String, _ words: [String]) async throws -> Answer? {
    let questions = """
      {"execute":"qmp_capabilities"}
      {"execute":"query-name"}
      {"execute":"qom-get","arguments":{"path":"/machine","property":"type"}}
      {"execute":"qom-get","arguments":{"path":"/machine","property":"cap-nested-hv"}}
      {"execute":"quit"}

      """
    let run = try await run(
      program,
      words + ["-nodefaults", "-S", "-display", "none", "-qmp", "stdio"],
      input: Array(questions.utf8))
    let lines = run.outputText.split(whereSeparator: \.isNewline).filter {
      $0.contains("\"return\"") || $0.contains("\"error\"")
    }
    guard lines.count > 3 else { return nil }
    let name = lines[1].split(separator: "\"").dropFirst(5).first.map(String.init) ?? ""
    return Answer(
      isNested: lines[3].contains("true") ? true : lines[3].contains("false") ? false : nil,
      name: name, isPseries: lines[2].contains("pseries"))
  }

  @Test("Arguments by chance: QEMU starts as without the wrapper, and nests where that is wanted")
  func byChance() async throws {
    let folder = try TemporaryFolder()
    let script = folder.file("wrapper")
    let found = try await run("sh", ["-c", "command -v qemu-system-ppc64"])
    let emulator = String(found.outputText.dropLast())
    try await writeExecutable(try EmulatorWrapper(emulator: emulator).script(), to: script)
    var numbers = Numbers(state: 12)
    let cases = (0..<100).map { _ in Self.arguments(&numbers) }
    let counts = try await withThrowingTaskGroup(of: String.self) { group in
      var counts: [String: Int] = [:]
      for (index, (words, isExplicit)) in cases.enumerated() {
        if index >= 3, let outcome = try await group.next() { counts[outcome, default: 0] += 1 }
        group.addTask {
          guard let plain = try await ask(emulator, words) else {
            #expect(try await ask(script, words) == nil, "\(words)")
            return "refused"
          }
          var expected = plain
          let wants = plain.isPseries && plain.name.lowercased().contains("kata") && !isExplicit
          if wants { expected.isNested = true }
          #expect(try await ask(script, words) == expected, "\(words)")
          return wants ? "nested" : "as without"
        }
      }
      for try await outcome in group { counts[outcome, default: 0] += 1 }
      return counts
    }
    print("wrapper: \(counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" })")
    #expect(counts["nested", default: 0] >= 10 && counts["as without", default: 0] >= 10)
  }

  @Test("It knows each option of QEMU that takes no value")
  func flags() throws {
    let script = try EmulatorWrapper().script()
    for option in QEMUOption.withoutValue {
      let isThere = script.split(whereSeparator: { " |)\n".contains($0) }).contains(option)
      #expect(isThere, "\(option)")
    }
  }
}
