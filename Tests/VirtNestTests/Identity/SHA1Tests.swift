import TestSupport
import Testing

@testable import VirtNest

@Suite("SHA-1")
struct SHA1Tests {
  @Test(
    "The vectors of FIPS 180-4's examples",
    arguments: [
      ("", 1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
      ("abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
      ),
      ("a", 1_000_000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"),
    ])
  func vectors(text: String, count: Int, digest: String) {
    let message = Array(String(repeating: text, count: count).utf8)
    #expect(SHA1.digest(of: message).map(\.hexadecimalDigits).joined() == digest)
  }

  @Test("Random messages of every length around the block's agree with sha1sum")
  func agreesWithSha1sum() async throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    var random = SystemRandomNumberGenerator()
    var names: [String] = []
    var digests: [String] = []
    for length in [1, 3, 54, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 4096, 99_991] {
      let message = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      names.append(folder.file("\(length)"))
      try writeFile(names[names.count - 1], message)
      digests.append(SHA1.digest(of: message).map(\.hexadecimalDigits).joined())
    }
    let sums = try await run("sha1sum", names)
    #expect(sums.outputText.split(separator: "\n").map { String($0.prefix(40)) } == digests)
  }
}
