/// What a definition's guest turned out to be: it was defined, started, asked, and ran to its end.
struct L1Run: Sendable, Equatable {
  /// What QEMU's machine says of `cap-nested-hv`.
  var nestedHV: Bool
  /// What QEMU's machine says of `cap-nested-papr`; `nil` where this QEMU does not know it.
  var nestedPAPR: Bool?
  /// What the L1 said of itself, in order: the lines of `guest/init` and `guest/l2.c`.
  var facts: [String]

  /// Whether the L1's kernel took kvm-hv.
  var kvmHVLoaded: Bool { facts.contains("kvm-hv loaded") }

  /// What the L1's kernel had to say of kvm-hv.
  var kernelMessages: [String] { facts(after: "dmesg: ") }

  /// What each L2 of the small program came to: `ran: …`, `refused: …`, `stopped: …`.
  var l2: [String] {
    facts(after: "L2 ").filter { !$0.hasPrefix("boot") }
  }

  /// What a Linux in an L2 said of itself.
  var linuxL2: String? { facts(after: "L2 booted: ").first }

  /// The facts that begin with `start`, without it.
  private func facts(after start: String) -> [String] {
    facts.filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
  }

  /// Defines the guest of a definition, starts it, asks its QEMU and waits for its last word.
  /// - Parameters:
  ///   - definition: A file with the domain definition, validated against libvirt's schema.
  ///   - serialLog: The file to which the definition sends the console.
  /// - Throws: ``VirshFailed``, ``NoLastWord``.
  init(
    definition: String, serialLog: String, on libvirtd: PrivateLibvirtd,
    timeLimit: Duration = .seconds(1800)
  ) async throws {
    try await libvirtd.virsh("define", "--validate", definition)
    let name = try await libvirtd.virsh("list", "--name", "--inactive")
    // Paused while it is asked: it may have come to its end before the second question.
    try await libvirtd.virsh("start", name, "--paused")
    nestedHV = try await libvirtd.machineProperty("cap-nested-hv", of: name) ?? false
    nestedPAPR = try await libvirtd.machineProperty("cap-nested-papr", of: name)
    try await libvirtd.virsh("resume", name)
    facts = try await libvirtd.lastWords(of: name, in: serialLog, timeLimit: timeLimit)
  }
}

/// A guest that did not say its last line.
struct NoLastWord: Error, CustomStringConvertible {
  var reason: String
  var serialLog: String

  var description: String {
    "\(reason) 'virt-nest-proof: end' in \(serialLog), which ends with: "
      + String(((try? text(of: serialLog)) ?? "").suffix(500)).debugDescription
  }
}

extension PrivateLibvirtd {
  /// A yes or no of QEMU's machine; `nil` where this QEMU has no such property.
  fileprivate func machineProperty(_ property: String, of guest: String) async throws -> Bool? {
    let answer = try await virsh(
      "qemu-monitor-command", guest,
      #"{"execute":"qom-get","arguments":{"path":"/machine","property":"\#(property)"}}"#)
    if answer.contains(#""return":true"#) { return true }
    if answer.contains(#""return":false"#) { return false }
    return nil
  }

  /// The facts in the serial log of a guest, once it has said the last of them.
  fileprivate func lastWords(
    of guest: String, in serialLog: String, timeLimit: Duration
  ) async throws -> [String] {
    let start = ContinuousClock.now
    while true {
      // Asked before the log is read: what an ended guest has written is there.
      let state = try await virsh("domstate", guest)
      let facts = facts(in: (try? text(of: serialLog)) ?? "")
      if facts.last == "end" { return facts }
      guard state == "running" else {
        throw NoLastWord(reason: "the guest is \(state) without", serialLog: serialLog)
      }
      guard start.duration(to: .now) < timeLimit else {
        throw NoLastWord(reason: "waited \(timeLimit) for", serialLog: serialLog)
      }
      try await Task.sleep(for: .milliseconds(200))
    }
  }
}

/// What follows `virt-nest-proof: ` in each line, which the kernel may have begun with its own words.
private func facts(in log: String) -> [String] {
  log.split(whereSeparator: \.isNewline).compactMap { line in
    line.firstRange(of: "virt-nest-proof: ").map { String(line[$0.upperBound...]).trimmed }
  }
}
