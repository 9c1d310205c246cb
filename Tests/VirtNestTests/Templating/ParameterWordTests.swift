import LosslessXML
import Testing

@testable import VirtNest

@Suite("A parameter that sets a place by its word")
struct ParameterWordTests {
  private static let disk = ParameterTests.parameter(
    "type='path'", sets: "<n:set word='disk:vda,path' value='{p}'/>")
  private static let mac = ParameterTests.parameter(
    "type='string'", name: "m", sets: "<n:set word='interface:1,mac' value='{m}'/>")

  private func create(
    _ content: String, _ values: [String: String], changes: GuestChanges = GuestChanges()
  ) throws -> DomainDefinition {
    let text = ParameterTests.document(content).replacing(
      "</devices>", with: "<interface type='user'/></devices>")
    var request = GuestRequest(parameters: values)
    request.changes = changes
    return try DomainDefinition(
      Template(DomainDefinition(Array(text.utf8))).create(request).bytes)
  }

  private func firstDisk(_ path: String) throws -> String {
    let disk = try #require(
      create(Self.disk, ["p": path]).domain.first(["devices"])?.child("disk"))
    let source = try #require(disk.child("source"))
    return [
      disk["type"] ?? "", disk.child("driver")?["type"] ?? "-", source["file"] ?? "-",
      source["dev"] ?? "-",
    ].joined(separator: " ")
  }

  @Test("What hangs together with a disk's path changes with it")
  func disks() throws {
    #expect(try firstDisk("/dev/vg0/a") == "block raw - /dev/vg0/a")
    #expect(try firstDisk("/srv/a.qcow2") == "file qcow2 /srv/a.qcow2 -")
    #expect(try firstDisk("/srv/a,b.raw") == "file raw /srv/a,b.raw -")
    // The name does not say the format: the template's own stays.
    #expect(try firstDisk("/srv/a") == "file - /srv/a -")
  }

  @Test("Without a value the definition's own stays, and a MAC is derived from the name")
  func defaults() throws {
    let made = try create(Self.disk + Self.mac, [:])
    let devices = try #require(made.domain.child("devices"))
    #expect(devices.child("disk")?.child("source")?["file"] == "/a")
    #expect(devices.child("interface")?.child("mac")?["address"] != nil)
  }

  @Test("A MAC address of the user's goes before the derived one")
  func addresses() throws {
    let made = try create(Self.mac, ["m": "52:54:00:00:00:07"])
    let interface = try #require(made.domain.child("devices")?.child("interface"))
    #expect(interface.children("mac").map { $0["address"] } == ["52:54:00:00:00:07"])
    #expect(throws: VirtNestError.self) { try create(Self.mac, ["m": "here"]) }
  }

  @Test("A parameter and a change of the same place: one of them is too many")
  func conflicts() throws {
    var changes = GuestChanges()
    changes.words = [try WordChange(.edit, "disk:vda,path=/srv/b.qcow2")]
    #expect(throws: VirtNestError.self) {
      try create(Self.disk, ["p": "/srv/a.qcow2"], changes: changes)
    }
  }

  @Test(
    "A word that leads nowhere is refused when the template is read",
    arguments: ["disk:vdz,path", "nonsense,path", "disk:vda,path,format"])
  func unknown(word: String) {
    let content = ParameterTests.parameter(
      "type='path'", sets: "<n:set word='\(word)' value='{p}'/>")
    #expect(throws: VirtNestError.self) { try ParameterTests.template(content) }
  }
}

@Suite("The number in the name of a guest becomes the index of its template")
struct TemplateIndexTests {
  @Test(
    "wherever it stands, from the number that is there",
    arguments: [
      ("web07", "web07", "web12"), ("web07-prod", "web07-prod", "web12-prod"),
      ("kata-x-00", "kata-x-00", "kata-x-12"), ("kata-9", "kata-9", "kata-12"),
      ("kata-fedora-44", "kata-fedora-44", nil),
      ("kata-fedora-44-vm-03", "kata-fedora-44-vm-03", "kata-fedora-44-vm-12"),
      ("plain", "plain", nil),
    ] as [(String, String, String?)])
  func counted(name: String, first: String, twelfth: String?) throws {
    let bytes = try #require(Template.builtIn("fedora"))
    var request = GuestRequest()
    request.changes.guest.name = name
    request.changes.force = true
    let guest = try Template(DomainDefinition(bytes)).create(request)
    let made = try Template(
      DomainDefinition(TemplateAuthor(name: "mine", from: DomainDefinition(guest.bytes)).template())
    )
    func create(_ index: Int?) throws -> String {
      var request = GuestRequest(index: index)
      // A name that counts nothing is given with each guest.
      if twelfth == nil { request.changes.guest.name = first }
      return try made.create(request).name
    }
    #expect(try create(nil) == first)
    #expect(try create(12) == twelfth ?? first)
  }
}
