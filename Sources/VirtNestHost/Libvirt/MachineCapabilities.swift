internal import LosslessXML
package import VirtNest

/// The nesting capabilities of a running guest's machine, as QEMU reports them.
package struct MachineCapabilities: Hashable, Sendable {
  /// `cap-nested-hv`; `nil` if the machine has no such property in this QEMU.
  package var nestedHV: Bool?
  /// `cap-nested-papr`; `nil` if the machine has no such property in this QEMU.
  package var nestedPAPR: Bool?

  /// The virsh commands that query the capabilities; they change nothing.
  ///
  /// - Parameter guest: the guest's name, uuid or id.
  static func commands(for guest: String) -> [[String]] {
    NestedAPI.allCases.map { api in
      [
        "qemu-monitor-command", Virsh.domain(guest),
        #"{"execute":"qom-get","arguments":{"path":"/machine","property":"\#(api.machineProperty)"}}"#,
      ]
    }
  }

  /// Reads the answers, in the order of the commands.
  init(answers: [String]) {
    let values = answers.map { answer -> Bool? in
      if answer.contains(#""return":true"#) { return true }
      return answer.contains(#""return":false"#) ? false : nil
    }
    (nestedHV, nestedPAPR) = (values.first ?? nil, values.dropFirst().first ?? nil)
  }

  /// Whether the capability of an API is switched on.
  package func has(_ api: NestedAPI) -> Bool { (api == .hv ? nestedHV : nestedPAPR) ?? false }

  /// The API that L2 guests can use; `nil` if there is none.
  package var api: NestedAPI? { NestedAPI.allCases.first { has($0) } }

  /// The capabilities as text, such as `cap-nested-hv=on, cap-nested-papr=off`.
  package var text: String {
    let words = [(NestedAPI.hv, nestedHV), (.papr, nestedPAPR)].compactMap { api, value in
      value.map { "\(api.machineProperty)=\($0 ? "on" : "off")" }
    }
    return words.isEmpty ? "no nesting capability" : words.joined(separator: ", ")
  }
}
