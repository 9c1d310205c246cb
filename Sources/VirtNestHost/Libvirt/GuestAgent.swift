internal import LosslessXML
internal import VirtNest

/// The QEMU guest agent, for queries that change nothing in the guest.
struct GuestAgent {
  var libvirt: Virsh
  var guest: String

  /// The state of nesting in an L1.
  struct Answer: Hashable, Sendable {
    /// Whether kvm_hv is loaded; `nil` if the agent does not allow the query.
    var hasModule: Bool?
    /// Whether a KVM-HV virtual machine can be created.
    var machine: Machine
    /// The number of running L2 guests; `nil` if it is not known.
    var guests: Int?
    /// Whether cloud-init is still at work, so that kvm-hv and the packages may yet come.
    var isBeingSetUp = false
    /// What cloud-init could not do, in its own words.
    var setUpErrors: [String] = []
  }

  /// The result of an attempt to create a KVM-HV virtual machine.
  enum Machine: Hashable, Sendable {
    case made
    case refused(String)
    case unknown(String)
  }

  /// The agent's answer, or the reason why there is none.
  enum Outcome: Hashable, Sendable {
    case answered(Answer)
    case silent(VirtNestError)
  }

  /// What cloud-init leaves in a boot for which it is switched on, and at the end of its work
  /// (cloud-init, `tools/cloud-init-generator` and `cloudinit/cmd/main.py`).
  private static let (setUpBegun, setUpEnded) = (
    "/run/cloud-init/enabled", "/run/cloud-init/result.json"
  )

  /// The script that runs in the guest.
  ///
  /// It creates a KVM virtual machine and closes it at once, because `/dev/kvm` alone proves nothing.
  ///
  /// Without the module kvm it does not open the device: that would have the kernel load kvm_hv.
  ///
  /// `KVM_CREATE_VM` with the type `KVM_VM_PPC_HV` (Linux, `include/uapi/linux/kvm.h`).
  private static let script = #"""
    if [ -e \#(setUpBegun) ] && [ ! -e \#(setUpEnded) ]; then echo setup=yes; fi
    [ ! -e \#(setUpEnded) ] || sed -n '/"errors": \[$/,/^ *\]/s/^ *"\(.*\)",\{0,1\}$/setup-error=\1/p' \#(setUpEnded) |
      head -n 5 | cut -c 1-300
    if [ -e /sys/module/kvm_hv ]; then echo module=yes; else echo module=no; fi
    make='import fcntl,os
    try: fcntl.ioctl(os.open("/dev/kvm",os.O_RDWR),0x2000AE01,1); print("machine=yes")
    except OSError as e: print("machine=no "+e.strerror)'
    python=$(command -v python3 || ls /usr/libexec/platform-python 2>/dev/null)
    if [ ! -e /sys/module/kvm ]; then echo "machine=no KVM is not loaded"
    elif [ -n "$python" ]; then "$python" -c "$make"
    elif command -v perl >/dev/null; then perl -e 'if (open(K,"+<","/dev/kvm") && ioctl(K,0x2000AE01,1))
    { print "machine=yes\n" } else { print "machine=no $!\n" }'
    else echo machine=unknown; fi
    [ ! -d /sys/kernel/debug/kvm ] || echo "guests=$(ls -d /sys/kernel/debug/kvm/*-* 2>/dev/null | wc -l)"
    """#

  /// Asks the agent.
  ///
  /// - Throws: ``VirtNestError``; `CancellationError`.
  func ask() async throws -> Outcome {
    do {
      _ = try await command(#"{"execute":"guest-ping"}"#)
    } catch let error as VirtNestError where !error.has(.program) {
      return .silent(error)
    }
    do {
      return .answered(Self.read(try await run(Self.script)))
    } catch let error as VirtNestError where !error.has(.program) {
      // Some distributions, such as RHEL, forbid guest-exec by default. Otherwise the agent has ended
      // meanwhile: it starts anew, or the guest does.
      guard error.has(.agentRefusal) else { return .silent(error) }
      let hasBegun = try await fileIsThere(Self.setUpBegun)
      let hasEnded = try await fileIsThere(Self.setUpEnded)
      return .answered(
        Answer(
          hasModule: try await fileIsThere("/sys/module/kvm_hv/parameters/nested"),
          machine: .unknown("the guest agent does not allow guest-exec"), guests: nil,
          isBeingSetUp: hasBegun == true && hasEnded == false))
    }
  }

  private func command(_ json: String) async throws -> String {
    try await libvirt.run(["qemu-agent-command", Virsh.domain(guest), "--timeout", "10", json])
  }

  /// Runs a script in the guest and returns its output.
  private func run(_ script: String) async throws -> String {
    let argument = JSONWriter.text(of: .string(script)).dropLast()
    let started = try await command(
      #"{"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c",\#(argument)],"capture-output":true}}"#
    )
    guard let pid = Self.member("pid", of: started) else { throw VirtNestError(.libvirt, started) }
    let start = ContinuousClock.now
    while start.duration(to: .now) < .seconds(180) {
      let status = try await command(
        #"{"execute":"guest-exec-status","arguments":{"pid":\#(pid)}}"#)
      if Self.member("exited", of: status) == "true" {
        return String(
          decoding: Base64.decoded(Self.member("out-data", of: status) ?? "") ?? [], as: UTF8.self)
      }
      try await Task.sleep(for: .milliseconds(300))
    }
    throw VirtNestError(.libvirt, "a command in the guest did not end within 180 s")
  }

  private func fileIsThere(_ path: String) async throws -> Bool? {
    do {
      let opened = try await command(
        #"{"execute":"guest-file-open","arguments":{"path":"\#(path)","mode":"r"}}"#)
      if let handle = Self.member("return", of: opened) {
        _ = try await command(
          #"{"execute":"guest-file-close","arguments":{"handle":\#(handle)}}"#)
      }
      return true
    } catch let error as VirtNestError where !error.has(.program) {
      return error.has(.agentMissingFile) ? false : nil
    }
  }

  /// Reads the output of the script.
  static func read(_ output: String) -> Answer {
    var answer = Answer(hasModule: nil, machine: .unknown("the guest has neither python3 nor perl"))
    for line in output.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { continue }
      switch (parts[0], parts[1]) {
      case ("module", let value): answer.hasModule = value == "yes"
      case ("machine", "yes"): answer.machine = .made
      case ("machine", let value) where value.hasPrefix("no "):
        answer.machine = .refused(String(value.dropFirst(3)))
      case ("guests", let value): answer.guests = Int(value)
      case ("setup", "yes"): answer.isBeingSetUp = true
      case ("setup-error", let value): answer.setUpErrors.append(String(value))
      default: break
      }
    }
    return answer
  }

  /// The value of the first member with this name that is a number, a flag or text without escapes.
  static func member(_ name: String, of json: String) -> String? {
    guard let key = json.firstRange(of: "\"\(name)\":") else { return nil }
    let rest = json[key.upperBound...].drop { $0 == " " }
    if rest.first == "\"" { return String(rest.dropFirst().prefix { $0 != "\"" }) }
    let value = rest.prefix { !",}] \n".contains($0) }
    return value.isEmpty || value.first == "{" ? nil : String(value)
  }
}
