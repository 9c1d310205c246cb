import LosslessXML
import Testing

@testable import VirtNest

extension ParameterTests {
  /// A definition with a block of these parameters, and with places of every kind.
  static func document(_ content: String, declarations: String = "") -> String {
    """
    <domain type='kvm'>
      <name>kata-x</name>
      <title>old</title>
      <description><![CDATA[old]]></description>
      <metadata>
        <n:template xmlns:n='urn:virt-nest:template:1' \(declarations) name='t' version='1'>
          \(content)
        </n:template>
        <l:libosinfo xmlns:l='http://libosinfo.org/xmlns/libvirt/domain/1.0'><l:os id='old'/></l:libosinfo>
        <x:thing xmlns:x='urn:other'>old</x:thing>
      </metadata>
      <memory unit='GiB'> 4 </memory>
      <vcpu>4</vcpu>
      <os><type arch='ppc64le' machine='pseries'>hvm</type></os>
      <devices>
        <disk type='file' device='disk'><source file='/a'/><target dev='vda' bus='virtio'/></disk>
        <disk type='file' device='disk'><source file="/b"/><target dev='vdb' bus='virtio'/></disk>
      </devices>
      <qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:arg value='old'/></qemu:commandline>
    </domain>

    """
  }

  static func parameter(
    _ attributes: String, name: String = "p", select: String? = "/domain/title",
    value: String? = nil
  ) -> String {
    let sets = select.map { set($0, value ?? "{\(name)}") } ?? ""
    return parameter(attributes, name: name, sets: sets)
  }

  static func parameter(_ attributes: String, name: String = "p", sets: String) -> String {
    let values =
      attributes.contains("'enum'") ? "<n:value>x</n:value><n:value>y z</n:value>" : ""
    return
      "<n:parameter name='\(name)' \(attributes)><n:help>h</n:help>\(values)\(sets)</n:parameter>"
  }

  static func set(_ select: String, _ value: String, _ attributes: String = "") -> String {
    "<n:set select='\(select)' value='\(value)' \(attributes)/>"
  }

  static func template(_ content: String, declarations: String = "") throws -> Template {
    let text = document(content, declarations: declarations)
    return try Template(DomainDefinition(Array(text.utf8)))
  }

  static func create(
    _ content: String, _ values: [String: String], release: String? = nil, index: Int = 0,
    declarations: String = ""
  ) throws -> String {
    let template = try template(content, declarations: declarations)
    let request = GuestRequest(release: release, index: index, parameters: values)
    return String(decoding: try template.create(request).bytes, as: UTF8.self)
  }

  static func title(of created: String) throws -> String? {
    try DomainDefinition(Array(created.utf8)).domain.child("title")?.text
  }

  /// What is said against it; fails where nothing is.
  static func problems(_ body: () throws -> Any) throws -> String {
    do {
      _ = try body()
    } catch let error as VirtNestError {
      return error.diagnostics.map(\.message).joined(separator: "\n")
    }
    Issue.record("nothing was refused")
    return ""
  }
}

extension String {
  /// How often a text occurs in this one.
  func components(_ part: String) -> Int {
    var count = 0
    var rest = self[...]
    while let range = rest.firstRange(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
