internal import LosslessXML

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
