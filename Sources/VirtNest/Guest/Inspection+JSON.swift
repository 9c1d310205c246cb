internal import LosslessXML

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
