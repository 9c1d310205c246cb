import TestSupport
import Testing

@testable import VirtNest

@Suite("Identity of a guest")
struct GuestIdentityTests {
  @Test(
    "uuidgen gives the same uuid", arguments: ["kata-fedora-31-vm-00", "bionic-kata-00", "ä b&<"],
    [nil, "site one"])
  func agreesWithUuidgen(name: String, identity: String?) async throws {
    var namespace = try await uuidgen("urn:virt-nest:guest:1", namespace: "@url")
    if let identity { namespace = try await uuidgen(identity, namespace: namespace) }
    let expected = try await uuidgen(name, namespace: namespace)
    #expect(GuestIdentity(name: name, identity: identity).uuid.description == expected)
  }

  @Test("A MAC address is 52 and 40 bits of SHA-1 as sha1sum computes it")
  func macAddress() async throws {
    let identity = GuestIdentity(name: "kata-fedora-31-vm-00")
    let namespace = try #require(
      DomainUUID(try await uuidgen("urn:virt-nest:guest:1", namespace: "@url")))
    let sum = try await run(
      "sha1sum", input: namespace.bytes + Array("kata-fedora-31-vm-00/mac/1".utf8))
    let address = identity.macAddress(ofInterface: 1)
    let expected = "52" + sum.outputText.prefix(10)
    #expect(address.bytes.map(\.hexadecimalDigits).joined() == expected)
    #expect(!address.isMulticast)
  }

  @Test("Names, interfaces and identity texts all tell guests apart, and nothing else does")
  func distinct() {
    let base = GuestIdentity(name: "a")
    #expect(base.uuid == GuestIdentity(name: "a").uuid)
    #expect(base.uuid != GuestIdentity(name: "b").uuid)
    #expect(base.uuid != GuestIdentity(name: "a", identity: "").uuid)
    #expect(base.macAddress(ofInterface: 0) != base.macAddress(ofInterface: 1))
    let site = GuestIdentity(name: "a", identity: "site")
    #expect(base.macAddress(ofInterface: 0) != site.macAddress(ofInterface: 0))
  }

  @Test("The identity of a released name never changes")
  func pinned() {
    let identity = GuestIdentity(name: "kata-fedora-31-vm-00")
    #expect(identity.uuid.description == "8bcf0313-0085-5018-89e2-5263f80aec76")
    #expect(identity.macAddress(ofInterface: 0).description == "52:61:ac:bf:04:93")
  }

  private func uuidgen(_ name: String, namespace: String) async throws -> String {
    let result = try await run("uuidgen", ["--sha1", "--namespace", namespace, "--name", name])
    return String(result.outputText.dropLast())
  }
}
