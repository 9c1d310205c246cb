internal import LosslessXML

/// The CPU of a guest.
public struct CPU: Hashable, Sendable, CustomStringConvertible {
  /// libvirt's `mode`; `nil` where it is not said, which is `custom` with a model.
  public var mode: String?
  /// The model: QEMU's name under TCG (`POWER9`), libvirt's under KVM (`power9`).
  public var model: String?

  /// A CPU.
  public init(mode: String?, model: String? = nil) {
    self.mode = mode
    self.model = model
  }

  /// Modes that say all of a CPU, and virt-install's short word for one.
  private static let modes = [
    "host-model": "host-model", "host-passthrough": "host-passthrough", "maximum": "maximum",
    "host": "host-passthrough",
  ]

  /// The CPU that a change in words asks for: `host-model`, `host-model,model=power9`, or a model's name;
  /// `nil` where it asks for no other mode or model.
  ///
  /// `host` is host-passthrough, as in virt-install.
  /// - Throws: ``InvalidValue`` for two models, and for a compatibility mode (`power9`) without a key.
  init?(askedBy change: WordChange) throws(InvalidValue) {
    let value = { (key: String) in
      change.assignments.last { $0.key == key && !$0.value.isEmpty }?.value
    }
    let (first, model, mode) = (value(""), value("model"), value("mode"))
    let given = change.text.parted(at: ",")?.tail ?? change.text
    if let first, model != nil, Self.modes[first] == nil, first != "custom" {
      throw InvalidValue("cpu", given, "it names two models")
    }
    if let special = (first ?? model).flatMap({ Self.modes[$0] }) {
      self.init(mode: special, model: first == nil ? nil : model)
      return
    }
    guard let model = first == "custom" ? model : first ?? model else {
      if first == "custom" {
        throw InvalidValue("cpu", given, "custom needs a model, as in model=POWER9")
      }
      guard let mode = mode.flatMap({ Self.modes[$0] }) else { return nil }
      self.init(mode: mode)
      return
    }
    // libvirt cannot translate these into a model of QEMU's.
    if first != nil, mode ?? "custom" == "custom", model.hasPrefix("power"),
      model.utf8.dropFirst(5).allSatisfy(\.isDigit)
    {
      throw InvalidValue(
        "cpu", given,
        "small letters name what the host's CPU is to be compatible with: host-model,model=\(model);"
          + " QEMU's model is \(model.uppercased())")
    }
    self.init(mode: mode ?? "custom", model: model)
  }

  /// The mode or the model, as `--cpu` takes it.
  public var description: String {
    switch (mode, model) {
    case (let mode?, let model?) where mode != "custom": "\(mode),model=\(model)"
    case (_, let model?): model
    case (let mode?, nil): mode
    case (nil, nil): "not given"
    }
  }

  /// The generation of POWER that the model names; `nil` where it names none.
  package var powerGeneration: Int? {
    guard let model = model?.lowercased(), model.hasPrefix("power") else { return nil }
    return Int(model.dropFirst(5).prefix { $0.isNumber })
  }
}

/// The virtual CPUs of a guest: their number and how they are grouped.
public struct VirtualCPUs: Hashable, Sendable {
  /// The largest number that libvirt's schema and ours accept.
  static let mostAccepted = 65_535

  /// CPUs at the start.
  public var count: Int
  /// CPUs that the guest can be given while it runs; `nil` for ``count``.
  public var maximum: Int?
  /// How they are grouped; `nil` leaves that alone.
  public var topology: Topology?

  /// A number of virtual CPUs.
  public init(count: Int, maximum: Int? = nil, topology: Topology? = nil) {
    self.count = count
    self.maximum = maximum
    self.topology = topology
  }

  /// Reads virt-install's `--vcpus`: `4`, `4,maxvcpus=8`, `4,sockets=1,cores=4,threads=1`.
  ///
  /// - Throws: ``InvalidValue`` for numbers below 1, and for a topology that does not multiply to
  ///   the number of CPUs, which libvirt refuses.
  public init(_ text: String) throws(InvalidValue) {
    let values = try OptionList(text).values(
      for: "vcpus", positional: "vcpus",
      keys: ["vcpus", "maxvcpus", "sockets", "dies", "cores", "threads"])
    var numbers: [String: Int] = [:]
    for (key, value) in values {
      guard let number = Int(value), (1...Self.mostAccepted).contains(number) else {
        throw InvalidValue(
          "vcpus", text, "'\(value)' must be a number from 1 to \(Self.mostAccepted)")
      }
      numbers[key] = number
    }
    let parts = ["sockets", "dies", "cores", "threads"]
    let hasTopology = parts.contains { numbers[$0] != nil }
    let topology = Topology(
      sockets: numbers["sockets"] ?? 1, dies: numbers["dies"], cores: numbers["cores"] ?? 1,
      threads: numbers["threads"] ?? 1)
    guard let count = numbers["vcpus"] ?? (hasTopology ? topology.cpuCount : nil) else {
      throw InvalidValue("vcpus", text, "give a number, as in 4")
    }
    let maximum = numbers["maxvcpus"]
    if let maximum, maximum < count {
      throw InvalidValue("vcpus", text, "maxvcpus is below the number of vcpus")
    }
    if hasTopology, topology.cpuCount != maximum ?? count {
      throw InvalidValue(
        "vcpus", text,
        "the topology \(topology) multiplies to \(topology.cpuCount) CPUs, not \(maximum ?? count)")
    }
    self.init(count: count, maximum: maximum, topology: hasTopology ? topology : nil)
  }
}

/// How virtual CPUs are grouped.
public struct Topology: Hashable, Sendable, CustomStringConvertible {
  /// CPU sockets.
  public var sockets: Int
  /// Dies a socket; `nil` leaves it unsaid, which is 1.
  public var dies: Int?
  /// Cores a die.
  public var cores: Int
  /// Hardware threads a core; TCG on Power takes 1 only.
  public var threads: Int

  /// A grouping.
  public init(sockets: Int, dies: Int? = nil, cores: Int, threads: Int) {
    self.sockets = sockets
    self.dies = dies
    self.cores = cores
    self.threads = threads
  }

  /// The number of CPUs in it; `Int.max` where that cannot be counted.
  public var cpuCount: Int {
    [dies ?? 1, cores, threads].reduce(sockets) { product, factor in
      let (result, overflow) = product.multipliedReportingOverflow(by: factor)
      return overflow ? Int.max : result
    }
  }

  /// As in `sockets=1,cores=4,threads=1`.
  public var description: String {
    "sockets=\(sockets)" + (dies.map { ",dies=\($0)" } ?? "") + ",cores=\(cores),threads=\(threads)"
  }
}
