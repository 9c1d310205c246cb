import ArgumentParser
import LosslessXML
import VirtNest
import VirtNestHost

/// The options that are about nesting.
struct NestingOptions: ParsableArguments {
  @Flag(
    inversion: .prefixedNo, exclusivity: .exclusive,
    help: "Switch nesting on, or off. A guest in which it is on already is left alone.")
  var nested: Bool?

  @Option(
    help: ArgumentHelp(
      "Switch nesting on by this mechanism, and remove the others: feature (libvirt's <nested-hv>), "
        + "commandline (qemu:commandline), machine (a property of the machine type; refused by "
        + "today's libvirt), wrapper (an <emulator> that adds it), auto.",
      valueName: "mechanism"),
    completion: .list(NestingMechanism.allCases.map(\.rawValue) + ["auto"]))
  var mechanism: String?

  @Option(
    help: ArgumentHelp(
      "Move guests that nest to this mechanism, and leave the others as they are.",
      valueName: "mechanism"),
    completion: .list(NestingMechanism.allCases.map(\.rawValue)))
  var convert: String?

  @Option(
    name: .customLong("nested-api"),
    help: ArgumentHelp(
      "Interface between L1 and L0: hv (KVM on PowerNV) or papr (PowerVM; commandline only).",
      valueName: "api"), completion: .list(["hv", "papr"]))
  var nestedAPI: String?

  @Flag(help: "With --no-nested: write state='off' instead of nothing.")
  var explicit = false

  @Option(
    help: ArgumentHelp(
      "The wrapper: what --mechanism wrapper writes, and what --no-nested and other mechanisms take "
        + "out; \(Emulator.defaultWrapper) by default.", valueName: "path"),
    completion: .file())
  var wrapper: String?

  @Option(
    help: ArgumentHelp(
      "Choose the mechanism for this version of libvirt.", valueName: "version"))
  var forLibvirt: String?

  @Option(
    name: .customLong("for-qemu"),
    help: ArgumentHelp("Choose the mechanism for this version of QEMU.", valueName: "version"))
  var forQEMU: String?

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "Switch nesting on, or off, as doctor recommends for the host of these facts "
        + "(virt-nest doctor --print-facts, or --json).", valueName: "file"), completion: .file())
  var host: String?

  @Flag(
    help: "Make changes that are refused: nesting where the guest cannot nest, errors of the rules."
  )
  var force = false

  func change() throws -> NestingChange? {
    let chosen =
      try convert.map { try Self.mechanism($0) } ?? Self.mechanism(mechanism, orElse: "auto")
    if convert != nil, nested != nil || mechanism != nil {
      throw ValidationError("--convert goes with neither --nested, --no-nested nor --mechanism")
    }
    let api = try chosenAPI()
    if let host { return try change(forHostOf: host) }
    let libvirt = try version(forLibvirt, "--for-libvirt")
    let qemu = try version(forQEMU, "--for-qemu")
    let isForVersions = libvirt != nil || qemu != nil
    let asksForOn =
      nested == true || chosen != nil || mechanism != nil || api != nil || isForVersions
    if nested == false {
      guard mechanism == nil, api == nil else {
        throw ValidationError("--no-nested goes with neither --mechanism nor --nested-api")
      }
      if isForVersions {
        throw ValidationError("--no-nested goes with neither --for-libvirt nor --for-qemu")
      }
      return NestingChange(
        .off(explicit: explicit), wrapper: wrapper ?? Emulator.defaultWrapper)
    }
    if explicit { throw ValidationError("--explicit goes with --no-nested") }
    if wrapper != nil, chosen == nil {
      throw ValidationError("--wrapper goes with --mechanism, --convert or --no-nested")
    }
    guard asksForOn else { return nil }
    var change = NestingChange(
      .on, mechanism: chosen, api: api, wrapper: wrapper ?? Emulator.defaultWrapper,
      libvirt: libvirt, qemu: qemu)
    change.onlyWhereNesting = convert != nil
    // What is on already may be on by a mechanism that this version does not have.
    if isForVersions, chosen == nil {
      change.mechanism = try usage { try change.choice().mechanism }
    }
    return change
  }

  /// What to say of the host of `--for`; `nil` where its guests can nest.
  func hostWarning() -> String? {
    guard let host, let facts = try? Input(host).hostFacts(),
      HostReport(facts, as: .l0).level == .error
    else { return nil }
    return "\(host): warning: this host cannot run L1 guests that nest; what is missing: "
      + "virt-nest doctor --facts \(host)"
  }

  /// What doctor recommends: a mechanism, or nothing where the host's guests nest without.
  private func change(forHostOf path: String) throws -> NestingChange {
    guard nested == nil, mechanism == nil, convert == nil, nestedAPI == nil, forLibvirt == nil,
      forQEMU == nil,
      wrapper == nil, !explicit
    else {
      throw ValidationError("--for chooses the mechanism; it goes with no other option of nesting")
    }
    if path == "-" { throw ValidationError("--for takes a file, not standard input") }
    // Of validate(), whose errors ArgumentParser prints: it is said here.
    guard let facts = Input.readFacts(path) else { throw ExitCode.trouble }
    let advice = facts.recommendedMechanism
    guard let mechanism = advice.mechanism else { return NestingChange(.off(explicit: false)) }
    return NestingChange(.on, mechanism: mechanism, api: advice.api)
  }

  /// The mechanism of a name; `nil` for none, and for another word that is taken.
  private static func mechanism(
    _ name: String?, orElse other: String? = nil
  ) throws -> NestingMechanism? {
    guard let mechanism = name, mechanism != other else { return nil }
    guard let chosen = NestingMechanism(rawValue: mechanism) else {
      let known = (NestingMechanism.allCases.map(\.rawValue) + [other].compactMap(\.self))
        .joined(separator: ", ")
      throw ValidationError("there is no mechanism '\(mechanism)'; there are \(known)")
    }
    return chosen
  }

  private func chosenAPI() throws -> NestedAPI? {
    guard let nestedAPI else { return nil }
    guard let api = NestedAPI(rawValue: nestedAPI) else {
      throw ValidationError("there is no interface '\(nestedAPI)'; there are hv and papr")
    }
    return api
  }

  private func version(_ text: String?, _ option: String) throws -> Version? {
    guard let text else { return nil }
    guard let version = Version(text) else {
      throw ValidationError("\(option): '\(text)' is not a version such as 9.0.0")
    }
    return version
  }
}
