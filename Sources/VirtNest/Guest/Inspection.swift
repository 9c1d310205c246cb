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
