internal import LosslessXML

/// Something that a pseries guest cannot have: a row of `pseries.txt`.
///
/// The table is what libvirt and QEMU said when they were asked (`make-pseries`), so that it speaks of
/// what they refuse, and of nothing else.
struct PSeriesLimit: Sendable {
  /// Who refuses it, and when.
  enum Stage: String, Sendable {
    /// libvirt, when the guest is defined.
    case define
    /// libvirt or QEMU, when it starts.
    case start
  }

  /// What to do instead.
  enum Mend: Hashable, Sendable {
    /// Remove the element, or what stands at a place in it.
    case remove(String?)
    /// Remove an attribute.
    case unset(String)
    /// Give an attribute, or the text (`#`), a value.
    case set(String, String)
    /// Put the disk on the SCSI bus.
    case scsi
    /// Remove the element that says that there is no USB.
    case usb
    /// Remove the addresses on PCI buses that are no longer there.
    case buses
  }

  /// The path of the element, from below `<domain>`.
  let path: [Step]
  /// The values that it must have, by place: `@bus`, `target/@bus`, or `#` for its text.
  ///
  /// With `!=` it must have none of them.
  let conditions: [(place: String, values: Set<String>, isWanted: Bool)]
  /// When it is refused.
  let stage: Stage
  /// What to do instead; none where that is another matter in each case.
  let mends: [Mend]
  /// The words of libvirt or QEMU; `…` stands for what differs.
  let words: String

  /// Features that libvirt 9 ignores and later ones refuse, so that the table lacks them.
  static let ignoredFeatures: Set<String> = ["acpi", "apic", "pae"]

  /// The rows of the table.
  static let all = String(decoding: PackageResources.pseries_txt, as: UTF8.self)
    .split(separator: "\n").filter { !$0.hasPrefix("#") }.map(PSeriesLimit.init)

  private init(_ line: Substring) {
    let columns = line.split(separator: "\t")
    precondition(columns.count == 4, "pseries.txt has four columns")
    let words = columns[0].split(separator: " ")
    path = words[0].split(separator: "/").map { Step(String($0)) }
    conditions = words.dropFirst().map { word in
      let parts = word.split(separator: "=", maxSplits: 1)
      let isWanted = !parts[0].hasSuffix("!")
      return (
        String(isWanted ? parts[0] : parts[0].dropLast()),
        Set(parts[1].split(separator: "|").map(String.init)), isWanted
      )
    }
    guard let stage = Stage(rawValue: String(columns[1])) else {
      preconditionFailure("pseries.txt says define or start")
    }
    self.stage = stage
    mends = columns[2].split(separator: ";").compactMap(Self.mend)
    self.words = String(columns[3])
  }

  private static func mend(_ text: Substring) -> Mend? {
    let words = text.split(separator: " ").map(String.init)
    switch (words.first, words.count) {
    case ("remove", 1): return .remove(nil)
    case ("remove", 2): return .remove(words[1])
    case ("unset", 2): return .unset(words[1])
    case ("set", 3): return .set(words[1], words[2])
    case ("scsi", 1): return .scsi
    case ("usb", 1): return .usb
    case ("buses", 1): return .buses
    case ("-", 1): return nil
    default: preconditionFailure("pseries.txt has no mend '\(text)'")
    }
  }

  /// Whether a CPU model is one of another architecture, or of a PowerPC that pseries cannot run.
  static func isForeignCPU(_ model: String) -> Bool {
    all.contains { limit in
      limit.path == ["cpu", "model"] && limit.conditions.contains { $0.values.contains(model) }
    }
  }

  // MARK: Looking

  /// What a definition has of the table, in the order of the table.
  ///
  /// - Parameters:
  ///   - isWanted: whether a section (`devices`, `cpu`) is looked at.
  ///   - changed: values that elements will have, by place; empty for those that go.
  static func found(
    in domain: Element, where isWanted: (String) -> Bool = { _ in true },
    changed: [Element: [String: String]] = [:]
  ) -> [(limit: PSeriesLimit, element: Element)] {
    let withoutUSB = domain.withoutUSB
    var known: [[Step]: [Place]] = [:]
    return all.filter { isWanted($0.path[0].name) }.flatMap { limit in
      // Many rows ask for the same values.
      let places = known[limit.path] ?? domain.all(limit.path).map { Place($0, changed[$0] ?? [:]) }
      known[limit.path] = places
      return places.filter { limit.isAbout($0, withoutUSB) }.map { (limit, $0.element) }
    }
  }

  /// An element, and what is known of the values in it.
  private final class Place {
    let element: Element
    private var values: [String: String?]

    init(_ element: Element, _ changed: [String: String]) {
      self.element = element
      values = changed.mapValues { $0 }
    }

    func value(at place: String) -> String? {
      if let known = values[place] { return known }
      let value = element.value(at: place)
      values[place] = .some(value)
      return value
    }
  }

  private func isAbout(_ place: Place, _ withoutUSB: Element?) -> Bool {
    conditions.allSatisfy { condition in
      if condition.place == "usb" { return withoutUSB != nil && place.element != withoutUSB }
      let value = place.value(at: condition.place)
      return value.map(condition.values.contains) == true ? condition.isWanted : !condition.isWanted
    } && (path.first != "cpu" || path.last != "model" || place.element.isCustomModel)
  }

  /// Where the finding stands: the attribute of the last value, where the element itself has it.
  var attribute: String? {
    conditions.last { $0.place.hasPrefix("@") && $0.isWanted }.map { String($0.place.dropFirst()) }
  }

  // MARK: Saying

  /// What was found, with the words of libvirt or QEMU.
  func message(_ element: Element) -> String {
    let values = conditions.filter(\.isWanted).compactMap { condition -> String? in
      let value = element.value(at: condition.place)
      return switch condition.place {
      case "usb": "beside <controller type='usb' model='none'/>"
      case "#": value.map { "'\($0)'" }
      default: value.map { "\(condition.place.replacing("@", with: ""))='\($0)'" }
      }
    }
    let what = (["<\(element.localName)>"] + values).joined(separator: " ")
    let who = stage == .define ? "libvirt refuses" : "a pseries guest does not start with"
    return "\(who) \(what): \"\(saidWords)\""
  }

  private var saidWords: String {
    for prefix in ["unsupported configuration: ", "internal error: ", "XML error: "]
    where words.hasPrefix(prefix) {
      return String(words.dropFirst(prefix.count))
    }
    return words
  }

  /// What to do instead.
  var advice: Advice {
    if mends.isEmpty { return "Remove it, or choose what a pseries guest has." }
    let text = mendText(past: false)
    return "\(text.prefix(1).uppercased() + text.dropFirst()): \(.mendForPSeries)."
  }

  /// What is to be done instead, or what was.
  func mendText(past isPast: Bool) -> String {
    let remove = { (what: String) in isPast ? "\(what) is removed" : "remove \(what)" }
    let write = { (what: String) in isPast ? "\(what) is written" : "write \(what)" }
    let texts = mends.map { mend in
      switch mend {
      case .remove(nil): remove("it")
      case .remove(let place?): remove("<\(place.split(separator: "/").last ?? "")>")
      case .unset(let place): remove(place.replacing("@", with: ""))
      case .set("#", let value): write(value)
      case .set(let place, let value): write("\(place.replacing("@", with: ""))='\(value)'")
      case .scsi: write("<target dev='sda' bus='scsi'/> without an <address>")
      case .usb: remove("<controller type='usb' model='none'/>")
      case .buses: remove("the <address> of each device behind it")
      }
    }
    return texts.joined(separator: ", ")
  }
}

extension Element {
  /// Every element at the end of steps.
  fileprivate func all(_ path: [Step]) -> [Element] {
    path.reduce([self]) { elements, step in elements.flatMap { $0.children(step.name) } }
  }

  /// The value at a place in the element; libvirt's own choice where the definition leaves it open.
  fileprivate func value(at place: String) -> String? {
    let (steps, name) = Self.split(place)
    let element = first(steps)
    if name == "#" { return element?.text.trimmingSpaces }
    return element?[String(name.dropFirst())] ?? libvirtsChoice(place)
  }

  /// A place's steps, and the attribute (`@bus`) or `#` at their end.
  static func split(_ place: String) -> (steps: [Step], name: String) {
    var steps = place.split(separator: "/").map(String.init)
    let name = steps.removeLast()
    return (steps.map { Step($0) }, name)
  }

  /// The elements at a place in the element, or, where it begins with a slash, in the definition.
  func elements(at place: String) -> [Element] {
    let steps = place.split(separator: "/").map { Step(String($0)) }
    return (place.hasPrefix("/") ? document.root : self).all(steps)
  }

  private func libvirtsChoice(_ place: String) -> String? {
    switch (localName, place) {
    case ("cpu", "@mode"): "custom"
    case ("disk", "@device"): "disk"
    case ("disk", "target/@bus"): Self.bus(ofDisk: child("target")?["dev"] ?? "")
    case ("feature", "@policy"): "require"
    case ("input", "@bus"): "usb"
    default: nil
    }
  }

  /// The bus that libvirt takes for a target's name (src/conf/domain_conf.c, virDiskNameToBusDeviceIndex).
  private static func bus(ofDisk target: String) -> String? {
    let buses = [("xvd", "xen"), ("hd", "ide"), ("sd", "scsi"), ("vd", "virtio"), ("fd", "fdc")]
    return buses.first { target.hasPrefix($0.0) }?.1
  }

  /// The controller that says that the guest has no USB.
  var withoutUSB: Element? {
    document.root.child("devices")?.children("controller").first {
      $0["type"] == "usb" && $0["model"] == "none"
    }
  }

  /// Whether it is the model of a CPU that is not the host's: libvirt drops it beside the others.
  fileprivate var isCustomModel: Bool {
    ["custom", nil].contains(parent?["mode"])
  }
}
