import TestSupport
import Testing
import VirtNest

@Suite("JSON") struct JSONWriterTests {
  @Test("Members keep their order, and empty things stay on their line")
  func layout() {
    let value: JSONWriter.Value = [
      "b": 1, "a": [true, .null, "x"], "empty": [], "none": .object([]), "deep": ["c": -5],
    ]
    #expect(
      JSONWriter.text(of: value) == """
        {
          "b": 1,
          "a": [
            true,
            null,
            "x"
          ],
          "empty": [],
          "none": {},
          "deep": {
            "c": -5
          }
        }

        """)
  }

  @Test("Another program reads every character back", .needs("python3"))
  func characters() async throws {
    let scalars = Array(0...0x2FF) + [0x2028, 0x2029, 0xD7FF, 0xE000, 0xFFFF, 0x1F600, 0x10FFFF]
    var text = String.UnicodeScalarView()
    for value in scalars { Unicode.Scalar(UInt32(value)).map { text.append($0) } }
    text.append(contentsOf: "\r\n\u{301}\"\u{301}\\".unicodeScalars)
    let json = JSONWriter.text(of: .object([.init(String(text), .string(String(text)))]))
    let read = """
      import json, sys
      value = json.loads(sys.stdin.buffer.read().decode("utf-8"))
      key, = value
      assert key == value[key]
      sys.stdout.write(" ".join(str(ord(c)) for c in key))
      """
    let run = try await run("python3", ["-c", read], input: Array(json.utf8))
    #expect(run.errorText == "")
    #expect(run.outputText == text.map { String($0.value) }.joined(separator: " "))
  }
}
