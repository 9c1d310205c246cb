import LosslessXML
import Templates
import Testing

@testable import VirtNest

@Suite("A series gives the guests that the whole way gives, one by one")
struct GuestSeriesTests {
  static let indexes = [0, 1, 2, 3, 7, 9, 10, 11, 42, 98, 99, 100, 101, 999, 1000, 123_456]

  @Test("built-in templates, with every kind of change that finds nothing by a value")
  func builtIn() throws {
    for (name, bytes) in BuiltInTemplates.all {
      for request in try Self.requests() {
        let series = try Self.compare(bytes, request, name)
        #expect(series.isPutTogether && series.namesDiffer, "\(name)")
      }
    }
  }

  private static func requests() throws -> [GuestRequest] {
    var requests = [GuestRequest(), GuestRequest(index: 8), GuestRequest(index: 12_345)]
    var request = GuestRequest(parameters: ["network": "lab & more", "vcpus": "2"])
    requests.append(request)
    request.changes.identity = GuestChanges.Identity(text: "site 2")
    request.changes.guest.memory = try MemorySize("16GiB")
    request.changes.addedDisks = [try Disk("path=/srv/data.qcow2,format=qcow2")]
    request.changes.addedInterfaces = [try NetworkInterface("bridge=br0")]
    requests.append(request)
    request = GuestRequest()
    request.changes.nesting = NestingChange(.off(explicit: false))
    request.changes.emulated = true
    requests.append(request)
    return requests
  }

  /// What stands in the block, what stands in the devices, and whether the guests are put together.
  static let templates: [(block: String, devices: String, isPutTogether: Bool)] = [
    // A pattern that takes some numbers only; the whole way says which.
    (
      parameter("name", "string", "kata-{index:03}", "/domain/name", "pattern='kata-[0-4]+'"), "",
      false
    ),
    (
      parameter("name", "string", "kata-{index}", "/domain/name", "pattern='[a-z0-9\\-]*'"), "",
      false
    ),
    (parameter("name", "string", "{index}-{index:04}&amp;", "/domain/name"), "", false),
    (parameter("name", "string", "kata-{index}", "/domain/name", "pattern='.*kata.*'"), "", true),
    // Arithmetic: a size out of the number.
    (
      parameter("name", "string", "k-{index}", "/domain/name")
        + parameter("extra", "size", "{index}GiB", "/domain/memory", value: "{extra:MiB}"), "",
      false
    ),
    (
      parameter("name", "string", "k-{index}", "/domain/name")
        + parameter("mode", "integer", "{index}", "/domain/vcpu", "max='9'"), "", false
    ),
    // A target is what changes look for.
    (
      parameter("name", "string", "k-{index}", "/domain/name")
        + parameter("target", "string", "vd{index}", "//disk/target/@dev"),
      "<disk type='file'><source file='/x'/><target dev='vda'/></disk>", false
    ),
    // A comment would stay where the text is that of the document, and nowhere else.
    (
      parameter("name", "string", "k-{index}", "/domain/name")
        + parameter("title", "string", "guest {index}", "/domain/title"),
      "", true
    ),
    (
      parameter("name", "string", "k-{index}", "/domain/name")
        + parameter("log", "path", "/log/{name}", "//log/@file"),
      "<console type='pty'><log file='/log&#x2F;k-7'/></console>", false
    ),
    (
      parameter("name", "string", "k-{index}", "/domain/name")
        + parameter("log", "path", "/log/{name}-{index:02}", "//log/@file")
        + parameter("disk", "path", "/disk/{log}/{name}", "//source/@file"),
      """
      <interface type='network'><mac address='52:54:00:00:00:01'/></interface>
      <disk type='file'><source file='/x'/><target dev='vda'/></disk>
      <console type='pty'><log file='/log/k-7'/></console>
      <interface type='bridge'><source bridge='br0'/></interface>
      """, true
    ),
  ]

  private static func parameter(
    _ name: String, _ type: String, _ text: String, _ place: String, _ more: String = "",
    value: String? = nil
  ) -> String {
    """
    <n:parameter name='\(name)' type='\(type)' default='\(text)' \(more)>
      <n:set select='\(place)' value='\(value ?? "{\(name)}")'/>
    </n:parameter>
    """
  }

  @Test("templates that put the number into all kinds of places", arguments: templates)
  func handMade(_ template: (block: String, devices: String, isPutTogether: Bool)) throws {
    let bytes = Array(
      """
      <domain type='kvm'>
        <name>kata-07</name>
        <title>guest 7</title>
        <metadata>
          <n:template xmlns:n='urn:virt-nest:template:1' name='t' version='1'>\(template.block)
          </n:template>
        </metadata>
        <memory unit='MiB'>7168</memory>
        <vcpu>7</vcpu>
        <os><type arch='ppc64le' machine='pseries'>hvm</type></os>
        <devices>\(template.devices)</devices>
      </domain>
      """.utf8)
    for index in [0, 3, 6, 95] {
      let request = GuestRequest(index: index)
      guard (try? Template(DomainDefinition(bytes)).create(request)) != nil else { continue }
      let series = try Self.compare(bytes, request, template.block)
      #expect(series.isPutTogether == template.isPutTogether, "\(template.block)")
    }
  }

  @Test("changes that look for something by its value go the whole way")
  func lookingChanges() throws {
    let bytes = try #require(BuiltInTemplates.bytes(of: "fedora"))
    var request = GuestRequest()
    request.changes.xpathEdits.edits = [
      try XPathEdit(set: "//vcpu[contains(/domain/name, '-vm-42')]=9")
    ]
    request.changes.xpathEdits.ifPresent = true
    #expect(try !Self.compare(bytes, request, "XPath").isPutTogether)
    request = GuestRequest()
    request.changes.removedDisks = ["vda"]
    #expect(try !Self.compare(bytes, request, "remove").isPutTogether)
  }

  @discardableResult
  private static func compare(
    _ bytes: [UInt8], _ request: GuestRequest, _ name: String
  ) throws -> GuestSeries {
    let template = try Template(DomainDefinition(bytes))
    let series = try GuestSeries(template, request)
    #expect(series.first.bytes == (try template.create(request).bytes))
    var counting = series
    var made: [UInt8] = []
    for index in indexes {
      var single = request
      single.index = index
      do throws(ChangeError) {
        let whole = try template.create(single)
        #expect(try counting.write(index, into: &made) == whole.name, "\(name) \(index)")
        #expect(made == whole.bytes, "\(name) \(index)")
      } catch {
        let problems = error.problems
        #expect(throws: ChangeError(problems: problems)) {
          try counting.write(index, into: &made)
        }
      }
    }
    return series
  }
}
