package import VirtNest

extension HostFacts {
  /// How guests of a host should be given nesting, and why.
  package struct Recommendation: Equatable, Sendable {
    /// The mechanism; `nil` where definitions of the host's guests should say nothing of nesting.
    package var mechanism: NestingMechanism?
    /// The API between host and guests.
    package var api: NestedAPI
    /// Why, in a sentence.
    package var reason: String

    /// The recommendation as an object of JSON.
    package var json: JSONWriter.Value {
      [
        "mechanism": .optional(mechanism?.rawValue), "api": .string(api.rawValue),
        "reason": .string(reason),
      ]
    }
  }

  /// The mechanism that `auto` chooses for guests of this host.
  ///
  /// Never `machine`, which today's libvirt refuses, nor `wrapper`, which no definition shows.
  package var recommendedMechanism: Recommendation {
    if platform == .lpar {
      return Recommendation(
        mechanism: nil, api: .papr,
        reason: "guests of a PowerVM partition are L2 already and need nothing")
    }
    guard let libvirt else {
      return Recommendation(
        mechanism: .feature, api: .hv,
        reason: "libvirt's version is not known; every libvirt since 4.10.0 takes <nested-hv>")
    }
    if libvirt < Version(4, 10) {
      return Recommendation(
        mechanism: .commandline, api: .hv,
        reason: "libvirt \(libvirt) is older than <nested-hv>, which came with 4.10.0")
    }
    return Recommendation(
      mechanism: .feature, api: .hv, reason: "libvirt \(libvirt) takes <nested-hv>")
  }
}
