internal import LosslessXML

/// Something that a pseries guest cannot have: a row of `pseries.txt`, or of `pairs.txt` where it could
/// have it beside something else.
///
/// The tables are what libvirt and QEMU said when they were asked, so that they speak of what those
/// refuse, and of nothing else.
struct PSeriesLimit: Sendable {
  /// Who refuses it, and when.
  enum Stage: String, Sendable {
    /// libvirt, when the guest is defined.
    case define
    /// libvirt or QEMU, when it starts.
    case start
    /// Nobody: libvirt drops it, and its schema has no place for it.
    case ignored
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
  /// The values that it must have, by place: `@bus`, `target/@bus`, `#` for its text, or `/cpu/@mode`
  /// from the root, where one of several elements is enough.
  ///
  /// With `!=` it must have none of them. `*` is any value, `1..9` a number from 1 to 9, `!1..9` another
  /// one, and `!pow2` one that is no power of two.
  let conditions: [(place: String, values: Set<String>, isWanted: Bool)]
  /// When it is refused.
  let stage: Stage
  /// What to do instead; none where that is another matter in each case.
  let mends: [Mend]
  /// The words of libvirt or QEMU; `…` stands for what differs.
  let words: String
  /// Where it is refused beside something else only: an example, what stands in `<devices>`, and behind
  /// `|` what stands in `<domain>`.
  let example: String?

  /// Features that libvirt 9 ignores and later ones refuse, so that the table lacks them.
  static let ignoredFeatures: Set<String> = ["acpi", "apic", "pae"]

  /// The rows of the table.
  static let all = rows(PackageResources.pseries_txt)

  /// What could stand beside something else.
  static let pairs = rows(PackageResources.pairs_txt)

  private static func rows(_ table: [UInt8]) -> [PSeriesLimit] {
    String(decoding: table, as: UTF8.self)
      .split(separator: "\n").filter { !$0.hasPrefix("#") }.map(PSeriesLimit.init)
  }

  private init(_ line: Substring) {
    let columns = line.split(separator: "\t")
    precondition((4...5).contains(columns.count), "a row has four columns or five")
    example = columns.count > 4 ? String(columns[4]) : nil
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
      preconditionFailure("a row says define, start or ignored")
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
  ///   - table: the rows that are looked for.
  ///   - isWanted: whether a section (`devices`, `cpu`) is looked at.
  ///   - changed: values that elements will have, by place; empty for those that go.
  static func found(
    in domain: Element, _ table: [PSeriesLimit] = all,
    where isWanted: (String) -> Bool = { _ in true },
    changed: [Element: [String: String]] = [:]
  ) -> [(limit: PSeriesLimit, element: Element)] {
    let withoutUSB = domain.withoutUSB
    var known: [[Step]: [Place]] = [:]
    return table.filter { isWanted($0.path[0].name) }.flatMap { limit in
      // Many rows ask for the same values.
      let places = known[limit.path] ?? domain.all(limit.path).map { Place($0, changed[$0] ?? [:]) }
      known[limit.path] = places
      return places.filter { limit.isAbout($0, withoutUSB) }.map { (limit, $0.element) }
    }
  }

  /// An element, and what is known of the values in it.
  private final class Place {
    let element: Element
    private var values: [String: [String]]

    init(_ element: Element, _ changed: [String: String]) {
      self.element = element
      values = changed.mapValues { $0.isEmpty ? [] : [$0] }
    }

    func values(at place: String) -> [String] {
      if let known = values[place] { return known }
      let found = element.values(at: place)
      values[place] = found
      return found
    }
  }

  private func isAbout(_ place: Place, _ withoutUSB: Element?) -> Bool {
    if conditions.contains(where: { $0.place == "usb" }),
      withoutUSB == nil || place.element == withoutUSB
    {
      return false
    }
    return holds(place.values)
      && (path.first != "cpu" || path.last != "model" || place.element.isCustomModel)
  }

  /// Whether an element with these values has it.
  func holds(_ values: (String) -> [String]) -> Bool {
    conditions.allSatisfy { condition in
      condition.place == "usb"
        || values(condition.place).contains { value in
          condition.values.contains(value) || condition.values.contains { Self.fits($0, value) }
        } == condition.isWanted
    }
  }

  private static func fits(_ pattern: String, _ value: String) -> Bool {
    if pattern == "*" { return true }
    guard let number = Int(libvirt: value) else { return false }
    if pattern == "!pow2" { return number < 1 || number & (number - 1) != 0 }
    let ends = pattern.drop { $0 == "!" }.split(separator: ".").compactMap { Int($0) }
    guard ends.count == 2 else { return false }
    return (ends[0]...ends[1]).contains(number) != pattern.hasPrefix("!")
  }

  /// Where the finding stands: the element, or for a pair the one with the last value.
  func holder(_ element: Element) -> Element {
    guard example != nil, let place = conditions.last(where: { Self.isInside($0) })?.place
    else { return element }
    return element.first(Element.split(place).steps) ?? element
  }

  private static func isInside(
    _ condition: (place: String, values: Set<String>, isWanted: Bool)
  ) -> Bool {
    condition.isWanted && !condition.place.hasPrefix("/") && condition.place != "usb"
  }

  /// The attribute of the last value, where the element itself has it.
  var attribute: String? {
    let isInside = { (place: String) in place.hasPrefix("@") || example != nil }
    let last = conditions.last { isInside($0.place) && Self.isInside($0) }
    return last.flatMap { last in
      let name = Element.split(last.place).name
      return name == "#" ? nil : String(name.dropFirst())
    }
  }

  // MARK: Saying

  /// What was found, with the words of libvirt or QEMU.
  func message(_ element: Element) -> String {
    let values = conditions.filter(\.isWanted).compactMap { condition -> String? in
      let value = element.values(at: condition.place).first
      let isFromRoot = condition.place.hasPrefix("/")
      let place = condition.place.dropFirst(isFromRoot ? 1 : 0).replacing("@", with: "")
      return switch condition.place {
      case "usb": "beside <controller type='usb' model='none'/>"
      case "#": value.map { "'\($0)'" }
      case let text where text.hasSuffix("/#"): "<\(place.dropLast(2))>"
      default: value.map { "\(isFromRoot ? "beside " : "")\(place)='\($0)'" }
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
    if mends.isEmpty {
      return example == nil
        ? "Remove it, or choose what a pseries guest has."
        : "Remove it, or give the guest what it needs beside it."
    }
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
      case .set(let place, let value) where place.hasSuffix("/#"):
        write("<\(place.dropLast(2))>\(value)</\(place.dropLast(2))>")
      case .set(let place, let value): write("\(place.replacing("@", with: ""))='\(value)'")
      case .scsi: write("<target dev='sda' bus='scsi'/> without an <address>")
      case .usb: remove("<controller type='usb' model='none'/>")
      case .buses: remove("the <address> of each device behind it")
      }
    }
    return texts.joined(separator: ", ")
  }
}
