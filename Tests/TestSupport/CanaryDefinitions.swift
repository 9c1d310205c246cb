/// Definitions in which every place that takes any text names something of the host.
public enum CanaryDefinitions {
  /// A place of a definition: where it stands, and what it may have.
  public struct Place: Sendable {
    /// The element and those that it stands in, below the root.
    public var path: [String]
    /// The attributes, with the values that each takes; none for any.
    public var attributes: [(name: String, values: [String])]
    /// The values of the text; none for any, `nil` for no text.
    public var text: [String]?

    /// A place.
    public init(path: [String], attributes: [(name: String, values: [String])], text: [String]?) {
      (self.path, self.attributes, self.text) = (path, attributes, text)
    }
  }

  /// One element with everything below it, each free place filled with the next canary.
  public static func element(
    _ path: [String], places: [Place], canaries: [String], seed: Int
  ) -> String {
    var next = seed
    func canary() -> String {
      next += 1
      return canaries[next % canaries.count]
    }
    func write(_ path: [String], depth: Int) -> String {
      guard depth < 8, let place = places.first(where: { $0.path == path }) else { return "" }
      let name = path.last ?? ""
      var text = "<" + name
      for attribute in place.attributes {
        let value =
          attribute.values.isEmpty ? canary() : attribute.values[seed % attribute.values.count]
        text += " \(attribute.name)='\(value)'"
      }
      text += ">"
      if let values = place.text {
        text += values.isEmpty ? canary() : values[seed % values.count]
      }
      for child in places where child.path.dropLast().elementsEqual(path) && child.path != path {
        text += write(child.path, depth: depth + 1)
      }
      return text + "</\(name)>"
    }
    return write(path, depth: 0)
  }

  /// A guest that starts under TCG, with an element more.
  public static func definition(_ path: [String], _ element: String, after: String = "") -> String {
    let isDevice = path.first == "devices"
    return """
      <domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
        \(path == ["name"] ? "" : "<name>kata-canary</name>")
        <memory unit='GiB'>2</memory>
        <vcpu>1</vcpu>
        <os><type arch='ppc64le' machine='pseries'>hvm</type></os>
        <features><nested-hv state='on'/></features>
        <cpu mode='custom'><model>POWER9</model></cpu>
        \(isDevice ? "" : element)
        <devices>\(isDevice ? element : "")</devices>
        \(after)
      </domain>

      """
  }

  /// Arguments for QEMU: each option with each form of value that can name something of the host.
  public static func arguments(_ options: [String], canary: String) -> String {
    let forms = [
      canary, "file=\(canary)", "path=\(canary),id=a", "unix:\(canary),server=on,wait=off",
      "pseries,dumpdtb=\(canary)", "pseries,firmware=\(canary),cap-nested-hv=on",
      "virtio-rng-pci.filename=\(canary)", "driver=virtio-net-pci,property=romfile,value=\(canary)",
      "file,id=a,path=\(canary),logfile=\(canary)", "POWER9,x=\(canary)",
    ]
    let words = options.flatMap { option in forms.flatMap { [option, $0] } }
    return "<qemu:commandline>" + words.map { "<qemu:arg value='\($0)'/>" }.joined()
      + "<qemu:env name='LD_PRELOAD' value='\(canary)'/>"
      + "<qemu:env name='QEMU_AUDIO_DRV' value='\(canary)'/></qemu:commandline>"
  }
}
