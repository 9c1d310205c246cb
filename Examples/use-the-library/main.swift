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

var changes = GuestChanges()
changes.nesting = NestingChange(.on)
changes.guest.memory = .gibibytes(16)

do {
  let definition = try DomainDefinition(bytes)
  let patch = try definition.patch(changes)
  print("\(patch.edits.count) edits")
  print(String(decoding: patch.bytes, as: UTF8.self), terminator: "")
  let result = try DomainDefinition(patch.bytes)
  print("nesting: \(Inspection(of: result).effective)")

  var template = GuestRequest(release: "44", index: 3)
  template.parameters["memory"] = "4GiB"
  if let fedora = Template.builtIn("fedora") {
    let guest = try Template(DomainDefinition(fedora)).create(template)
    print("created: \(guest.name), \(guest.bytes.count) bytes")
  }
} catch {
  print("error: \(error)")
}
