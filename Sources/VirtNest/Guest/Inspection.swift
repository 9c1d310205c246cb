internal import LosslessXML

/// What guest a definition describes, and whether nesting is really on.
public struct Inspection: Sendable {
  /// The guest.
  public let guest: Guest
  /// Every section and device, in the words that would change it, in the order of the definition.
  package let words: [GuestWords]
  /// What is said about nesting.
  public let nesting: NestingFacts
  /// What nesting comes to, also where something else keeps the guest from starting.
  public let state: NestingFacts.Effective
  /// What is wrong about nesting: each conflict, each trap, each reason why it cannot work.
  public let problems: [Diagnostic]
  /// A mechanism that would serve better, and the command that moves to it; `nil` where none would.
  public let advice: Advice?

  /// Looks at a definition; `file` is its name in problems.
  public init(of definition: DomainDefinition, file: String = "") {
    // The day decides on the ends of releases only, which are not about nesting.
    let checked = CheckedGuest(
      file: file, definition: definition, today: ReleaseTable.lastReview)
    var guest = checked.guest
    // libvirt takes the sum of the NUMA cells (`src/conf/domain_postparse.c`,
    // `virDomainDefPostParseMemory`).
    guest.memory = definition.domain.memoryOfCells ?? guest.memory
    self.guest = guest
    words = GuestWords.all(of: definition)
    nesting = checked.nesting
    let obstacle = Rule.aboutStarting.lazy.flatMap { $0.diagnostics(checked) }.first
    state =
      if case .on = checked.nesting.effective, let obstacle {
        .refused(reason: obstacle.message)
      } else {
        checked.nesting.effective
      }
    problems = Rule.aboutNesting.flatMap { $0.diagnostics(checked) }.map { $0.about(file) }
    advice = Self.advice(nesting)
  }

  private static func advice(_ nesting: NestingFacts) -> Advice? {
    let on = nesting.contributions.filter { $0.value == .on }
    if case .dependsOnWrapper = nesting.effective {
      return "libvirt has its own <nested-hv> since 4.10: \(.mechanism(.feature))"
    }
    if on.contains(where: { $0.api == .papr }) { return nil }
    if on.contains(where: { $0.mechanism == .machine }) {
      return "today's libvirt refuses a property in the machine type: \(.mechanism(.feature))"
    }
    if on.contains(where: { $0.mechanism == .commandline }) {
      return """
        passthrough taints the domain, and libvirt has its own <nested-hv> since 4.10: \
        \(.mechanism(.feature))
        """
    }
    return nil
  }

  // MARK: Text

  /// The report as a few lines, with what is not visible in a value escaped.
  ///
  /// - Parameter wording: the words for changes in its advice.
  public func text(_ wording: (Suggestion) -> String = \.description) -> String {
    lines(wording).map { $0.visible + "\n" }.joined()
  }

  /// The lines of the report, with values as they are.
  package func lines(_ wording: (Suggestion) -> String) -> [String] {
    var rows: [(String, String)] = []
    rows.append(("guest", guest.name ?? "(no name)"))
    if let system { rows.append(("system", system)) }
    rows.append(("machine", machine))
    rows.append(("size", size))
    rows.append(("nesting", effective))
    for contribution in nesting.contributions {
      let overruled = nesting.isOverruled(contribution) ? ", overruled" : ""
      rows.append(
        (
          "",
          "line \(contribution.place.start.line): \(contribution.text) "
            + "(\(contribution.mechanism.rawValue)\(overruled))"
        ))
    }
    for problem in problems {
      let place = problem.place.map { "line \($0.start.line): " } ?? ""
      rows.append(("problem", "\(place)\(problem.message) [\(problem.code)]"))
    }
    if let advice { rows.append(("better", advice.text(wording))) }
    for (index, line) in words.enumerated() {
      rows.append((index == 0 ? "has" : "", line.text + (line.isComplete ? "" : " (and more)")))
    }
    return rows.map { name, value in
      name + String(repeating: " ", count: 9 - name.count) + value
    }
  }

  private var system: String? {
    guard let id = guest.osinfoID else { return nil }
    guard let release = ReleaseTable.release(osinfoID: id) else { return id }
    let family = ReleaseTable.distribution(release.distribution)?.displayName
    return "\(family ?? release.distribution) \(release.id)"
  }

  private var machine: String {
    var words = [guest.domainType ?? "no domain type", guest.architecture ?? "no arch"]
    words.append(guest.machine?.text ?? "default machine")
    words.append("cpu \(guest.cpu?.description ?? "not given")")
    if let emulator = guest.emulator { words.append("emulator \(emulator)") }
    return words.joined(separator: ", ")
  }

  private var size: String {
    let memory = guest.memory?.description ?? "memory not given"
    let vcpus = guest.vcpus.map { vcpus in
      "\(vcpus.count) vcpus" + (vcpus.topology.map { " (\($0))" } ?? "")
    }
    return memory + ", " + (vcpus ?? "vcpus not given")
      + (guest.usesHugePages == true ? ", huge pages" : "")
  }

  /// The effective state in words.
  public var effective: String {
    switch state {
    case .on(let api): "on: QEMU runs with \(api.machineProperty)"
    case .off:
      nesting.contributions.isEmpty ? "off: nothing asks for it" : "off, although it is mentioned"
    case .dependsOnWrapper(let emulator): "depends on the wrapper \(emulator)"
    case .dependsOnFile(let path): "depends on the file \(path), which -readconfig names"
    case .refused(let reason): "the guest does not start: \(reason)"
    }
  }
}

extension Inspection {
  /// The report for other programs.
  ///
  /// Sizes are in bytes; `effective` is `on`, `off`, `wrapper` or `refused`.
  package func json(
    file: String, _ wording: (Suggestion) -> String = \.description
  ) -> JSONWriter.Value {
    .object([
      .init("file", .string(file)),
      .init("guest", guestValue),
      .init("words", .array(words.map(\.json))),
      .init("nesting", nestingValue),
      .init("problems", .array(problems.map { $0.json(wording) })),
      .init("better", .optional(advice?.text(wording))),
    ])
  }

  private var guestValue: JSONWriter.Value {
    let bytes = { (size: MemorySize?) in
      size.map { JSONWriter.Value.integer(Int($0.bytes)) } ?? .null
    }
    return .object([
      .init("name", .optional(guest.name)),
      .init("uuid", .optional(guest.uuid?.description)),
      .init("osinfo", .optional(guest.osinfoID)),
      .init("virt-type", .optional(guest.domainType)),
      .init("arch", .optional(guest.architecture)),
      .init("machine", .optional(guest.machine?.text)),
      .init("cpu", .optional(guest.cpu?.description)),
      .init("emulator", .optional(guest.emulator)),
      .init("memory", bytes(guest.memory)),
      .init("currentMemory", bytes(guest.currentMemory)),
      .init("vcpus", guest.vcpus.map { .integer($0.count) } ?? .null),
      .init("topology", .optional(guest.vcpus?.topology?.description)),
      .init("hugepages", .bool(guest.usesHugePages == true)),
      .init("disks", .array(guest.disks.map(\.json))),
      .init("networks", .array(guest.interfaces.map(\.json))),
      .init(
        "features",
        .object(
          PSeriesFeature.allCases.compactMap { feature in
            guest.features[feature].map { .init(feature.rawValue, .string($0)) }
          })),
    ])
  }

  private var nestingValue: JSONWriter.Value {
    let state: (name: String, api: String?, detail: String?) =
      switch self.state {
      case .on(let api): ("on", api.rawValue, nil)
      case .off: ("off", nil, nil)
      case .dependsOnWrapper(let emulator): ("wrapper", nil, emulator)
      case .dependsOnFile(let path): ("file", nil, path)
      case .refused(let reason): ("refused", nil, reason)
      }
    return .object([
      .init("effective", .string(state.name)),
      .init("api", .optional(state.api)),
      .init("detail", .optional(state.detail)),
      .init("contributions", .array(nesting.contributions.map { json(of: $0) })),
    ])
  }

  private func json(of contribution: NestingContribution) -> JSONWriter.Value {
    let value =
      switch contribution.value {
      case .on: "on"
      case .off: "off"
      case .invalid(let text): "invalid: \(text)"
      }
    return .object([
      .init("mechanism", .string(contribution.mechanism.rawValue)),
      .init("api", .string(contribution.api.rawValue)),
      .init("value", .string(value)),
      .init("overruled", .bool(nesting.isOverruled(contribution))),
      .init("text", .string(contribution.text)),
      .init("line", .integer(contribution.place.start.line)),
      .init("column", .integer(contribution.place.start.column)),
    ])
  }
}

extension GuestWords {
  fileprivate var json: JSONWriter.Value {
    .object([
      .init("kind", .string(kind)), .init("selector", .optional(selector)),
      .init(
        "values",
        .object(values.map { .init($0.key.isEmpty ? "text" : $0.key, .string($0.value)) })),
      .init("text", .string(text)), .init("complete", .bool(isComplete)),
    ])
  }
}

extension Disk {
  fileprivate var json: JSONWriter.Value {
    .object([
      .init("target", .optional(target)), .init("device", .optional(device)),
      .init("bus", .optional(bus)), .init("format", .optional(format)),
      .init("source", .optional(source?.description)),
    ])
  }
}

extension NetworkInterface {
  fileprivate var json: JSONWriter.Value {
    let (type, name): (String?, String?) =
      switch source {
      case .network(let name): ("network", name)
      case .bridge(let name): ("bridge", name)
      case .direct(let device, _): ("direct", device)
      case .user: ("user", nil)
      case .other(let type, let name): (type, name)
      case nil: (nil, nil)
      }
    return .object([
      .init("type", .optional(type)), .init("source", .optional(name)),
      .init("model", .optional(model)), .init("mac", .optional(mac?.description)),
    ])
  }
}
