internal import LosslessXML

extension Rule {
  static let noBoolean = Rule(
    20, .error, "A nested capability that is neither on nor off",
    reason: """
      QEMU takes on, off, yes, no, true, false, y and n, in small letters, and says at the start \
      "Parameter 'cap-nested-hv' expects 'on' or 'off'" for others.
      """,
    source: "QEMU, qapi/qapi-util.c, qapi_bool_parse; \(measured)", versions: "all"
  ) { subject in
    subject.nesting.contributions.compactMap { contribution in
      guard contribution.mechanism != .feature, case .invalid(let text) = contribution.value
      else { return nil }
      let attribute = contribution.mechanism == .machine ? "machine" : "value"
      return Hit(
        contribution.element, attribute: attribute,
        "QEMU takes no '\(text)' for \(contribution.api.machineProperty)",
        do: "Write \(contribution.api.machineProperty)=true, or take it out.")
    }
  }
}
