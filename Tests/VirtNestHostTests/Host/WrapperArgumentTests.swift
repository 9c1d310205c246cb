import TestSupport
import Testing
import VirtNest
import VirtNestHost

/// A wrapper over a program that records its arguments.
struct RecordingWrapper {
  let folder: TemporaryFolder
  let script: String

  init(match pattern: String = "kata", emulatorName: String = "qemu") async throws {
    folder = try TemporaryFolder()
    let emulator = folder.file(emulatorName)
    let record = folder.file("arguments")
    try await writeExecutable(
      "#!/bin/sh\nfor word do printf '%s\\0' \"$word\"; done >'\(record)'\n", to: emulator)
    script = folder.file("wrapper")
    try await writeExecutable(
      try EmulatorWrapper(match: pattern, emulator: emulator).script(), to: script)
  }

  /// What the emulator was given, and what the wrapper printed.
  func arguments(
    passing words: [String], under shell: [String], environment: [String: String?] = [:]
  ) async throws -> (words: [String], printed: String) {
    let run = try await run(
      shell[0], shell.dropFirst() + [script] + words, environment: environment)
    try #require(run.succeeded, "\(run.errorText)")
    let record = try await TestSupport.run("cat", [folder.file("arguments")]).output
    let recorded = record.split(separator: 0, omittingEmptySubsequences: false).dropLast()
    return (
      recorded.map { String(decoding: $0, as: UTF8.self) }, run.outputText + run.errorText
    )
  }
}

private let on = ["-machine", "cap-nested-hv=on"]

@Suite("The wrapper's arguments") struct WrapperArgumentTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var about: String
    var words: [String]
    var nested: Bool
    var testDescription: String { about }
  }

  static let cases = [
    (
      "libvirt's spelling",
      ["-name", "guest=kata-a,debug-threads=on", "-machine", "pseries-6.2,accel=kvm"], true
    ),
    ("a bare name", ["-name", "my-kata-00", "-machine", "pseries"], true),
    ("upper case", ["-name", "KATA-A", "-machine", "pseries-4.1"], true),
    ("--machine and --name", ["--name", "kata", "--machine", "pseries-7.2"], true),
    ("-M", ["-name", "kata", "-M", "pseries-rhel8.6.0"], true),
    ("type=", ["-name", "kata", "-machine", "accel=kvm,type=pseries-noble"], true),
    ("the machine before the name", ["-machine", "pseries", "-name", "kata"], true),
    ("another guest", ["-name", "guest=db", "-machine", "pseries-4.1"], false),
    ("no name", ["-machine", "pseries-4.1"], false),
    ("no machine", ["-name", "kata", "-m", "4096"], false),
    ("a machine without a type", ["-name", "kata", "-machine", "accel=kvm"], false),
    ("no arguments", [], false),
    ("powernv", ["-name", "kata", "-machine", "powernv9"], false),
    ("a machine that begins like pseries", ["-name", "kata", "-machine", "pseriesx"], false),
    ("on already", ["-name", "kata", "-machine", "pseries,cap-nested-hv=on"], false),
    ("off on purpose", ["-name", "kata", "-machine", "pseries,cap-nested-hv=off"], false),
    ("the short form of off", ["-name", "kata", "-machine", "pseries,nocap-nested-hv"], false),
    ("API v2", ["-name", "kata", "-machine", "pseries,cap-nested-papr=true"], false),
    (
      "said in a second -machine",
      ["-name", "kata", "-machine", "pseries", "-machine", "cap-nested-hv=false"], false
    ),
    ("said before", ["-machine", "cap-nested-hv=on", "-name", "kata", "-M", "pseries"], false),
    (
      "two machines, the last of them pseries",
      ["-name", "kata", "-M", "powernv", "-M", "pseries"], true
    ),
    (
      "two machines, the last of them powernv",
      ["-name", "kata", "-M", "pseries", "-M", "powernv"], false
    ),
    (
      "the option's words in a doubled comma",
      ["-name", "kata", "-M", "pseries,append=a,,cap-nested-hv=off"], true
    ),
    ("kata in a path", ["-name", "db", "-M", "pseries", "-drive", "file=/kata/kata.qcow2"], false),
    ("kata in the process name", ["-name", "guest=db,process=kata", "-M", "pseries"], false),
    (
      "kata behind a doubled comma", ["-name", "guest=a,,kata,debug-threads=on", "-M", "pseries"],
      true
    ),
    ("kata after an equals sign", ["-name", "guest=a=kata", "-M", "pseries"], true),
    ("a doubled comma before an equals sign", ["-name", "a,,guest=kata", "-M", "pseries"], true),
    (
      "the guest after other properties",
      ["-name", "debug-threads=on,guest=kata", "-M", "pseries"], true
    ),
    ("a flag without a value", ["-name", "kata,debug-threads", "-M", "pseries"], true),
    ("two names, the last of them kata", ["-name", "a", "-name", "kata", "-M", "pseries"], true),
    ("a trailing comma", ["-name", "kata,", "-M", "pseries,"], true),
    ("a name that is an option", ["-name", "-M", "-M", "pseries"], false),
    (
      "a kernel command line that reads like an option",
      ["-M", "pseries", "-append", "-name", "kata"], false
    ),
    (
      "spaces, quotes and expansions",
      [
        "-name", "guest=kata a'b\"c $(x) `y` \\ *", "-M", "pseries", "-append",
        "root=/dev/vda  ro 'x'",
      ], true
    ),
    ("empty words", ["", "-name", "kata", "", "-M", "pseries", ""], true),
    ("newlines", ["-name", "kata\n", "-M", "pseries", "-append", "\na\n\nb\n\n"], true),
    ("a newline before kata", ["-name", "a\nkata", "-M", "pseries"], true),
    ("an option without its value", ["-M", "pseries", "-name"], false),
    ("words like options of sh", ["-e", "-c", "--", "-n", "-name", "kata", "-M", "pseries"], true),
    (
      "libvirt asks for capabilities",
      [
        "-S", "-no-user-config", "-nodefaults", "-nographic", "-machine", "none,accel=kvm:tcg",
        "-qmp", "unix:/kata,server=on,wait=off",
      ], false
    ),
    ("a question", ["-machine", "pseries,help"], false),
    ("off, with underscores", ["-name", "kata", "-machine", "pseries,cap_nested_hv=off"], false),
    ("both spellings mixed", ["-name", "kata", "-M", "pseries,cap_nested-hv=on"], false),
    ("the short form with underscores", ["-name", "kata", "-M", "pseries,nocap_nested_hv"], false),
    ("a value that is an option", ["-prom-env", "-name", "-M", "pseries", "-name", "kata"], true),
    ("a value that is a machine", ["-rtc", "-M", "-name", "kata", "-M", "pseries"], true),
    ("a flag before an option", ["-enable-kvm", "-name", "kata", "--S", "-M", "pseries"], true),
  ].map { Case(about: $0.0, words: $0.1, nested: $0.2) }

  @Test("One option is put before the words, or none, and no word changes", arguments: cases)
  func words(of example: Case) async throws {
    let wrapper = try await RecordingWrapper()
    for shell in shells {
      let seen = try await wrapper.arguments(passing: example.words, under: shell)
      #expect(seen.words == (example.nested ? on : []) + example.words, "\(shell)")
      #expect(seen.printed.isEmpty, "\(shell)")
    }
  }

  @Test(
    "A pattern's wildcards work, and all else in it stands for itself",
    arguments: [
      ("web", "my-WEB-1", true), ("Web*db", "web-x-DB", true), ("web*db", "db-web", false),
      ("k?ta", "kXta", true), ("k?ta", "kta", false), ("*", "", true), ("a[b]c", "a[B]c", true),
      ("a[b]c", "abc", false), (#"a\b"#, #"A\B"#, true), (#"a\*"#, #"a\x"#, true),
      ("it's", "IT'S", true), ("$(touch pwned)", "$(touch pwned)", true),
      ("'; touch pwned; '", "x", false), ("a b", "a b", true), ("ä", "ä", true), ("!", "a!", true),
      ("@EMULATOR@", "@emulator@", true), ("\u{301}'", "\u{301}'", true), ("~", "~root", true),
    ])
  func pattern(_ pattern: String, name: String, matches: Bool) async throws {
    let wrapper = try await RecordingWrapper(match: pattern)
    let words = ["-name", "guest=" + name, "-M", "pseries"]
    for shell in shells {
      let seen = try await wrapper.arguments(passing: words, under: shell)
      #expect(seen.words == (matches ? on : []) + words, "\(shell)")
    }
  }

  @Test("A locale changes nothing: ? is one byte of a name")
  func locale() async throws {
    let wrapper = try await RecordingWrapper(match: "a?b")
    for (name, matches) in [("aäb", false), ("axb", true)] {
      let words = ["-name", name, "-M", "pseries"]
      for shell in shells {
        let seen = try await wrapper.arguments(
          passing: words, under: shell, environment: ["LC_ALL": "C.UTF-8"])
        #expect(seen.words == (matches ? on : []) + words, "\(shell)")
      }
    }
  }

  @Test("An emulator's path is one word, whatever is in it")
  func emulatorPath() async throws {
    let wrapper = try await RecordingWrapper(
      emulatorName: "it's $(a) \"b\" `c` \\ d; e & f @PATTERN@")
    for shell in shells {
      let seen = try await wrapper.arguments(passing: ["-M", "x"], under: shell)
      #expect(seen.words == ["-M", "x"], "\(shell)")
    }
  }

  @Test("Five thousand arguments take no more than seconds")
  func manyArguments() async throws {
    let wrapper = try await RecordingWrapper()
    let words = ["-name", "kata", "-M", "pseries"] + (0..<5_000).map { "-device=\($0)" }
    for shell in shells {
      let seen = try await wrapper.arguments(passing: words, under: shell)
      #expect(seen.words == on + words, "\(shell)")
    }
  }

  @Test("QEMU's environment is the wrapper's, and its status too")
  func environment() async throws {
    let folder = try TemporaryFolder()
    try await writeExecutable(
      "#!/bin/sh\necho \"$pattern $guest $machine $key $value $rest $LC_ALL\"\nexit 7\n",
      to: folder.file("qemu"))
    let script = folder.file("wrapper")
    try await writeExecutable(
      try EmulatorWrapper(emulator: folder.file("qemu")).script(), to: script)
    for shell in shells {
      let run = try await run(
        shell[0], shell.dropFirst() + [script, "-name", "kata", "-M", "pseries"],
        environment: [
          "pattern": "1", "guest": "2", "machine": "3", "key": "4", "value": "5", "rest": "6",
          "LC_ALL": "C.UTF-8",
        ])
      #expect(run.outputText == "1 2 3 4 5 6 C.UTF-8\n", "\(shell)")
      #expect(run.status == .exited(7), "\(shell)")
    }
  }

  @Test("A missing emulator is said on standard error")
  func missingEmulator() async throws {
    let folder = try TemporaryFolder()
    try await writeExecutable(
      try EmulatorWrapper(emulator: "/missing/qemu").script(), to: folder.file("w"))
    let run = try await run(folder.file("w"), ["-M", "pseries"])
    #expect(run.status == .exited(127))
    #expect(run.output.isEmpty)
    #expect(run.errorText.contains("/missing/qemu"))
  }

  @Test("What could never work is refused with what to do")
  func refusals() {
    #expect(throws: InvalidValue.self) { try EmulatorWrapper(match: "") }
    #expect(throws: InvalidValue.self) { try EmulatorWrapper(match: "a\nb") }
    #expect(throws: InvalidValue.self) { try EmulatorWrapper(emulator: "qemu-system-ppc64") }
    #expect(throws: InvalidValue.self) { try EmulatorWrapper(emulator: "/usr/bin/") }
    #expect(throws: InvalidValue.self) { try EmulatorWrapper(emulator: "/a\nVIRT_NEST_WRAPPER") }
    #expect(throws: InvalidValue.self) {
      try EmulatorWrapper().installScript(.beside(path: "/usr/bin/qemu-system-ppc64"))
    }
  }
}
