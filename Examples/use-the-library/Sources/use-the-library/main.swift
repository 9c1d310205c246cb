// Switches nesting on in a definition, and says what that takes.
import VirtNest

let bytes = Array(
  """
  <domain type='kvm'>
    <name>kata-example</name>
    <memory unit='GiB'>8</memory>
    <vcpu>4</vcpu>
    <os>
      <type arch='ppc64le' machine='pseries'>hvm</type>
    </os>
  </domain>

  """.utf8)

do {
  let definition = try DomainDefinition(bytes)
  var changes = GuestChanges()
  changes.nesting = NestingChange(.on)
  changes.guest.memory = .gibibytes(16)
  changes.words = [try WordChange(.edit, "clock,offset=utc")]
  let patch = try definition.patch(changes)
  print("\(patch.edits.count) edits")
  print(String(decoding: patch.bytes, as: UTF8.self), terminator: "")
  print("nesting: \(Inspection(of: patch.result).effective)")

  if let fedora = Template.builtIn("fedora") {
    let request = GuestRequest(release: "44", index: 3, parameters: ["memory": "4GiB"])
    let guest = try Template(DomainDefinition(fedora)).create(request)
    print("created: \(guest.name), \(guest.bytes.count) bytes")
  }

  changes.guest.cpu = CPU(mode: "custom", model: "POWER8")
  _ = try definition.patch(changes)
} catch {
  print(error)
}
