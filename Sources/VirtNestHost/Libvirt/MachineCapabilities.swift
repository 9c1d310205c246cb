package import VirtNest

/// What a running QEMU says of its machine's capabilities for nesting.
package struct MachineCapabilities: Hashable, Sendable {
  /// `cap-nested-hv`; `nil` where this QEMU's machine has no such property.
  package var nestedHV: Bool?
  /// `cap-nested-papr`; `nil` where this QEMU's machine has no such property.
  package var nestedPAPR: Bool?

  /// Commands of virsh that ask for them; they change nothing.
  ///
  /// - Parameter guest: the guest as virsh finds it.
  static func commands(for guest: String) -> [[String]] {
    NestedAPI.allCases.map { api in
      [
        "qemu-monitor-command", guest,
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

  /// Whether the machine has the capability of an interface, switched on.
  package func has(_ api: NestedAPI) -> Bool { (api == .hv ? nestedHV : nestedPAPR) ?? false }

  /// The interface that L2 guests can use; `nil` where there is none.
  package var api: NestedAPI? { NestedAPI.allCases.first { has($0) } }

  /// The capabilities in words.
  package var text: String {
    let words = [(NestedAPI.hv, nestedHV), (.papr, nestedPAPR)].compactMap { api, value in
      value.map { "\(api.machineProperty)=\($0 ? "on" : "off")" }
    }
    return words.isEmpty ? "no capability for nesting" : words.joined(separator: ", ")
  }
}
