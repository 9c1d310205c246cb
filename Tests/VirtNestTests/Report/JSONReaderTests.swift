import TestSupport
import Testing

@testable import VirtNest

@Suite("Reading JSON")
struct JSONReaderTests {
  private func read(_ text: String) throws -> JSONWriter.Value {
    try JSONReader.value(of: Array(text.utf8))
  }

  static let valid: [(String, JSONWriter.Value)] = [
    ("null", .null), (" true\n", true), ("\tfalse\r\n", false), ("0", 0), ("-0", 0), ("-17", -17),
    ("9223372036854775807", .integer(.max)),
    ("9223372036854775808", .number("9223372036854775808")),
    ("1.50", .number("1.50")), ("-0.0e-10", .number("-0.0e-10")), ("1E+2", .number("1E+2")),
    ("\"\"", ""), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
    (#""\u0041\u00e4\uD83d\uDE00""#, "Aä😀"),
    (#""\u0000""#, "\u{0}"), ("\"\u{7F}ä\u{2028}😀\"", "\u{7F}ä\u{2028}😀"),
    ("[]", []), ("[ ]", []), ("[1 ,[ 2]]", [1, [2]]), ("{}", [:]), ("{ }", [:]),
    (#"{"b" : 1,"a":{"":[null]}}"#, ["b": 1, "a": ["": [.null]]]), ("\u{FEFF}1", 1),
    // Two keys, though equal as strings.
    ("{\"\u{e4}\":1,\"a\u{308}\":2}", ["\u{e4}": 1, "a\u{308}": 2]),
  ]

  @Test("What RFC 8259 has is read", arguments: valid)
  func accepted(text: String, value: JSONWriter.Value) throws {
    #expect(try read(text) == value)
  }

  static let invalid = [
    ("", 1, 1, "a value is missing"), (" \n ", 2, 2, "a value is missing"),
    ("nul", 1, 1, "a value is missing"), ("NaN", 1, 1, "a value is missing"),
    ("'a'", 1, 1, "a value is missing"), ("+1", 1, 1, "a value is missing"),
    ("// a\n1", 1, 1, "a value is missing"), ("1 2", 1, 3, "nothing may follow"),
    ("01", 1, 2, "nothing may follow"), ("1\0", 1, 2, "nothing may follow"),
    ("nullx", 1, 5, "nothing may follow"), ("-", 1, 2, "a digit is missing"),
    ("-a", 1, 2, "a digit is missing"), ("1.", 1, 3, "a digit is missing"),
    (".5", 1, 1, "a value is missing"), ("1e", 1, 3, "a digit is missing"),
    ("1e+", 1, 4, "a digit is missing"), ("0x1", 1, 2, "nothing may follow"),
    ("[1,]", 1, 4, "a value is missing"), ("[1 2]", 1, 4, "',' or ']' is missing"),
    ("[", 1, 2, "a value is missing"), ("[1", 1, 3, "',' or ']' is missing"),
    ("{\"a\":1,}", 1, 8, "a key is missing"), ("{a:1}", 1, 2, "a key is missing"),
    ("{\"a\"}", 1, 5, "':' is missing"), ("{\"a\":}", 1, 6, "a value is missing"),
    ("{\"a\":1", 1, 7, "',' or '}' is missing"), ("{1:1}", 1, 2, "a key is missing"),
    ("{\"a\":1,\n \"\\u0061\":2}", 2, 2, "the key 'a' is there twice"),
    ("[\n\"ä\", \"a]", 2, 7, "the string that begins here has no end"),
    ("\"a\nb\"", 1, 3, "a control character"), ("\"\t\"", 1, 2, "a control character"),
    (#""\x""#, 1, 2, "an escape is one of"), (#""\u12""#, 1, 2, "an escape is one of"),
    (#""\u+123""#, 1, 2, "an escape is one of"), (#""\u12g4""#, 1, 2, "an escape is one of"),
    (#""\"#, 1, 2, "an escape is one of"), (#""\uD83D""#, 1, 2, "half of a surrogate pair"),
    (#""\uD83Dx""#, 1, 2, "half of a surrogate pair"), (#""\uDE00""#, 1, 2, "half of a surrogate"),
    (#""\uD83D\uD83D""#, 1, 2, "half of a surrogate pair"),
    (#""\uD83D\n""#, 1, 2, "half of a surrogate pair"),
  ]

  @Test("What it does not have is refused with its place", arguments: invalid)
  func refused(text: String, line: Int, column: Int, reason: String) throws {
    let error = try #require(throws: MalformedJSON.self) { try read(text) }
    #expect((error.line, error.column) == (line, column), "\(error)")
    #expect(error.reason.contains(reason), "\(error)")
  }

  @Test("Bytes that are no UTF-8 are refused with the place of their string")
  func encoding() throws {
    for bytes: [UInt8] in [
      [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
    ] {
      let error = try #require(throws: MalformedJSON.self) {
        try JSONReader.value(of: Array("[\n \"a".utf8) + bytes + Array("\"]".utf8))
      }
      #expect((error.line, error.column) == (2, 2))
      #expect(error.reason.contains("not in UTF-8"))
    }
    #expect(throws: MalformedJSON.self) { try JSONReader.value(of: [0xFF, 0xFE, 0x31, 0x00]) }
  }

  @Test("A value may stand 64 deep, and no deeper")
  func depth() throws {
    let deep = { (count: Int) in
      String(repeating: "[", count: count) + String(repeating: "]", count: count)
    }
    #expect(try read(deep(64)) != .null)
    for text in [
      deep(65), String(repeating: "[", count: 1_000_000),
      String(repeating: "{\"a\":", count: 100_000),
    ] {
      let error = try #require(throws: MalformedJSON.self) { try read(text) }
      #expect(error.reason == "nested more than 64 deep")
    }
    // Beside each other there may be any number.
    #expect(try read("[" + String(repeating: "[],", count: 10_000) + "1]") != .null)
  }

  @Test("What the writer writes is read as it was")
  func roundTrip() throws {
    let every =
      String(
        String.UnicodeScalarView((0...0x2FFF).compactMap { Unicode.Scalar($0) })) + "😀\u{10FFFF}"
    let value: JSONWriter.Value = [
      "": .null, every: [.string(every), true, .integer(.min), .number("1e3")], "a": [:], "b": [],
    ]
    #expect(try read(JSONWriter.text(of: value)) == value)
  }

  @Test("Python reads the same, and refuses the same", .needs("python3"))
  func python() async throws {
    // Python takes NaN, a key that is there twice and half of a pair, and no byte order mark.
    let texts = (Self.valid.map(\.0) + Self.invalid.map(\.0)).filter { text in
      text != "NaN" && !text.hasPrefix("\u{FEFF}") && !text.contains("u0061")
        && !text.contains("uD")
    }
    let script = """
      import json, sys
      for text in json.load(sys.stdin):
          try: json.loads(text); print('yes')
          except ValueError: print('no')
      """
    let input = JSONWriter.text(of: .array(texts.map { .string($0) }))
    let run = try await run("python3", ["-c", script], input: Array(input.utf8))
    let answers = run.outputText.split(separator: "\n")
    try #require(answers.count == texts.count, "\(run.errorText)")
    for (text, answer) in zip(texts, answers) {
      #expect((answer == "yes") == ((try? read(text)) != nil), "\(text)")
    }
  }
}
