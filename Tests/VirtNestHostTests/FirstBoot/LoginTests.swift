import TestSupport
import Testing

@testable import VirtNest
@testable import VirtNestHost

@Suite("Keys and passwords of a first boot") struct LoginTests {
  private let rsa =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQCSS8Ev7ue3aTaE5mHcsE10kax8Pd+x2U0FHltUokYQ6vxs8CaZ"
    + "fsnUyL6K4TZdLt2yHBT5Gbm4EwTT//XF5AaIFyfDWQQQ+QE9hi0baLRLgKbpOznBmy80ggjA2vLSsGLu"
    + "4YQ7lUhasijhh5TBKJYysF3lPbmpK54lUsWq/vN5CbkhY32ezrvK8AKRYBSghFZvDuEYY62wcjy9MKWd"
    + "SHl1IgfiPdsQ2ym/oIWeOLR15wp/o+YEZT9bMkTBFyF0mFNECA0pO5crNKxwVrrB7zhshU0eAlRUeScA"
    + "b9WZAs1SxIS//bMsfksgFOR0bzQA7SRijZtxMUv4OOdZjGBVnZhMCsy7dlt6fM5w21/ZNT3jWwFxjELl"
    + "oiUKQeOqINaRFvPh8o+F29sR5d2DlI5BoCgi9uJDOAL+alQlfBe2okiuaqggLfUaSiIe3MELjdDEpOL5"
    + "oxHV5J6EBBLX8981KkTI2omtyCA+jTYQ0x0dqdLIKGTWm9Pxr0wMLos8uPUUMx8="

  @Test("Keys of ssh-keygen are taken, with any comment")
  func taken() throws {
    for key in [ed25519, ecdsa, rsa, ed25519 + " a b # c", ecdsa + "\tü"] {
      #expect(try PublicKey(key).line == key)
    }
    #expect(
      try PublicKey.keys(inFile: Array("# mine\r\n\r\n  \(ecdsa) \r\n\(rsa)".utf8)).map(\.line)
        == [ecdsa, rsa])
  }

  @Test(
    "Every cut of a key is refused, and so is a key with one character more or changed in its head")
  func cut() throws {
    for key in [ed25519, ecdsa, rsa] {
      for length in 0..<key.utf8.count {
        let part = String(decoding: key.utf8.prefix(length), as: UTF8.self)
        #expect(throws: InvalidValue.self, "\(part)") { try PublicKey(part) }
      }
      for changed in [key + "A", key + "AAAA", key + "====", key.replacing("AAAA", with: "AAAB")] {
        #expect(throws: InvalidValue.self, "\(changed)") { try PublicKey(changed) }
      }
    }
  }

  @Test(
    "What is not a key is refused with the reason",
    arguments: [
      ("hello you", "it must be a line such as"), ("ssh-rsa", "the key behind its type is missing"),
      ("ssh-dss AAAAB3NzaC1kc3M=", "of the type"), (ed25519 + "\u{7}", "control characters"),
      (ed25519 + "\nruncmd: [evil]", "control characters"),
      ("restrict " + ed25519, "a key with options in front"),
      ("ssh-ed25519-cert-v01@openssh.com AAAA", "this is a certificate"),
      (
        "ssh-rsa " + ed25519.split(separator: " ")[1],
        "the key is cut off, or has something behind it"
      ),
      ("ecdsa-sha2-nistp384 " + ecdsa.split(separator: " ")[1], "the key is of another type"),
      ("-----BEGIN OPENSSH PRIVATE KEY-----", "this is a private key"),
    ])
  func refused(key: String, reason: String) throws {
    let error = try #require(throws: InvalidValue.self) { try PublicKey(key) }
    #expect(error.description.contains(reason), "\(error)")
  }

  @Test("A file with a byte order mark, of other text, or with a private key is refused")
  func files() throws {
    for (bytes, reason) in [
      ([0xEF, 0xBB, 0xBF] + Array(ed25519.utf8), "byte order mark"),
      ([0xFF, 0xFE] + Array(ed25519.utf8).flatMap { [$0, 0] }, "byte order mark"),
      (Array(ed25519.utf8) + [0x20, 0xFF], "not UTF-8"), (Array("# none\n".utf8), "no key"),
      (Array("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n".utf8), ".pub"),
      (Array("\(ed25519)\nb3Bl\n-----END OPENSSH PRIVATE KEY-----".utf8), ".pub"),
    ] as [([UInt8], String)] {
      let error = try #require(throws: InvalidValue.self) { try PublicKey.keys(inFile: bytes) }
      #expect(error.description.contains(reason), "\(error)")
      #expect(!error.description.contains("b3Bl") && !error.description.contains("BEGIN"))
    }
  }

  @Test(
    "A password becomes the hash that openssl makes of it, the same each time", .needs("openssl"))
  func password() async throws {
    for password in ["geheim", "a b: \"c\" ü $6$", String(repeating: "x", count: 200)] {
      let hash = try PasswordHash(file: Array((password + "\n").utf8), guest: "kata-a").text
      let salt = String(hash.split(separator: "$")[1])
      let run = try await run(
        "openssl", ["passwd", "-6", "-salt", salt, "-stdin"], input: Array((password + "\n").utf8))
      #expect(run.outputText == hash + "\n", "\(run.errorText)")
      #expect(try PasswordHash(file: Array((password + "\r\n").utf8), guest: "kata-a").text == hash)
      #expect(try PasswordHash(file: Array(password.utf8), guest: "kata-b").text != hash)
      #expect(try PasswordHash(file: Array(hash.utf8), guest: "kata-b").text == hash)
    }
  }

  @Test("What is not one password is refused, and never shown")
  func notPassword() throws {
    let hash = try PasswordHash(file: Array("geheim".utf8), guest: "a").text
    for text in [
      "", "\n", "geheim\n\n", "geheim\nzwei", "\u{FEFF}geheim", "geheim\0", "$geheim",
      "$1$geheim$xx", "$y$j9T$geheim$xx", String(hash.dropLast()), hash + "x",
      hash.replacing("$6$", with: "$6$rounds=9$"), String(repeating: "geheim", count: 100),
    ] {
      let error = try #require(throws: InvalidValue.self, "\(text)") {
        try PasswordHash(file: Array(text.utf8), guest: "a")
      }
      #expect(!error.description.contains("geheim"), "\(error)")
    }
    let slow = hash.replacing("$6$", with: "$6$rounds=100000$")
    #expect(try PasswordHash(file: Array(slow.utf8), guest: "a").text == slow)
  }

  @Test("Base64 is what it was made of, and cut off it is nothing")
  func base64() {
    for count in 0..<200 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
      let lines = Base64.lines(bytes)
      #expect(lines.allSatisfy { (1...76).contains($0.utf8.count) })
      let text = lines.joined()
      #expect(Base64.decoded(text) == bytes)
      if count > 0 { #expect(Base64.decoded(text.dropLast()) == nil) }
    }
  }
}
