internal import VirtNest

/// The agent in a guest, as far as it may be asked: what is answered changes nothing in the guest.
struct GuestAgent {
  var libvirt: Virsh
  var guest: String

  /// What an L1 says of itself.
  struct Answer: Hashable, Sendable {
    /// Whether kvm_hv is loaded; `nil` where the agent may not say.
    var hasModule: Bool?
    /// Whether a KVM-HV machine can be made.
    var machine: Machine
    /// How many guests run in it; `nil` where that is not known.
    var guests: Int?
  }

  enum Machine: Hashable, Sendable {
    case made
    case refused(String)
    case unknown(String)
  }

  /// Why there is no answer.
  enum Outcome: Hashable, Sendable {
    case answered(Answer)
    case silent(String)
  }

  /// Looks, and makes a machine that is gone at once: `/dev/kvm` alone proves nothing.
  ///
  /// `KVM_CREATE_VM` with the type `KVM_VM_PPC_HV` (Linux, `include/uapi/linux/kvm.h`).
  private static let script = #"""
    if [ -e /sys/module/kvm_hv ]; then echo module=yes; else echo module=no; fi
    make='import fcntl,os
    try: fcntl.ioctl(os.open("/dev/kvm",os.O_RDWR),0x2000AE01,1); print("machine=yes")
    except OSError as e: print("machine=no "+e.strerror)'
    python=$(command -v python3 || ls /usr/libexec/platform-python 2>/dev/null)
    if [ -n "$python" ]; then "$python" -c "$make"
    elif command -v perl >/dev/null; then perl -e 'if (open(K,"+<","/dev/kvm") && ioctl(K,0x2000AE01,1))
    { print "machine=yes\n" } else { print "machine=no $!\n" }'
    else echo machine=unknown; fi
    [ ! -d /sys/kernel/debug/kvm ] || echo "guests=$(ls -d /sys/kernel/debug/kvm/*-* 2>/dev/null | wc -l)"
    """#

  /// Asks the agent.
  ///
  /// - Throws: ``ToolFailure``; `CancellationError`.
  func ask() async throws -> Outcome {
    do {
      _ = try await command(#"{"execute":"guest-ping"}"#)
    } catch let error as VirshError {
      return .silent(error.description)
    }
    do {
      return .answered(Self.read(try await run(Self.script)))
    } catch is VirshError {
      // guest-exec is forbidden by the defaults of some distributions, RHEL's for one.
      return .answered(
        Answer(
          hasModule: try await fileIsThere("/sys/module/kvm_hv/parameters/nested"),
          machine: .unknown("the agent runs no commands (guest-exec)"), guests: nil))
    }
  }

  private func command(_ json: String) async throws -> String {
    try await libvirt.run(["qemu-agent-command", guest, json, "--timeout", "10"])
  }

  /// What a script prints in the guest.
  private func run(_ script: String) async throws -> String {
    let argument = JSONWriter.text(of: .string(script)).dropLast()
    let started = try await command(
      #"{"execute":"guest-exec","arguments":{"path":"/bin/sh","arg":["-c",\#(argument)],"capture-output":true}}"#
    )
    guard let pid = Self.member("pid", of: started) else { throw VirshError(started) }
    let start = ContinuousClock.now
    while start.duration(to: .now) < .seconds(180) {
      let status = try await command(
        #"{"execute":"guest-exec-status","arguments":{"pid":\#(pid)}}"#)
      if Self.member("exited", of: status) == "true" {
        return Self.decodedBase64(Self.member("out-data", of: status) ?? "")
      }
      try await Task.sleep(for: .milliseconds(300))
    }
    throw VirshError("waited 180 s for a command in the guest to end")
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
    } catch let error as VirshError {
      return error.description.contains("No such file") ? false : nil
    }
  }

  /// Reads the lines of the script.
  static func read(_ output: String) -> Answer {
    var answer = Answer(hasModule: nil, machine: .unknown("there is no python3 or perl in it"))
    for line in output.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { continue }
      switch (parts[0], parts[1]) {
      case ("module", let value): answer.hasModule = value == "yes"
      case ("machine", "yes"): answer.machine = .made
      case ("machine", let value) where value.hasPrefix("no "):
        answer.machine = .refused(String(value.dropFirst(3)))
      case ("guests", let value): answer.guests = Int(value)
      default: break
      }
    }
    return answer
  }

  /// The value of a member that is a number, a flag or text without escapes, wherever it is.
  static func member(_ name: String, of json: String) -> String? {
    guard let key = json.firstRange(of: "\"\(name)\":") else { return nil }
    let rest = json[key.upperBound...].drop { $0 == " " }
    if rest.first == "\"" { return String(rest.dropFirst().prefix { $0 != "\"" }) }
    let value = rest.prefix { !",}] \n".contains($0) }
    return value.isEmpty || value.first == "{" ? nil : String(value)
  }

  static func decodedBase64(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var (bytes, bits, count): ([UInt8], UInt32, Int) = ([], 0, 0)
    for character in text.utf8 {
      guard let value = alphabet.firstIndex(of: character) else { continue }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
