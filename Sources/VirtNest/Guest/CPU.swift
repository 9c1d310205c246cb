internal import LosslessXML

/// The CPU of a guest.
public struct CPU: Hashable, Sendable, CustomStringConvertible {
  /// libvirt's `mode`; `nil` where it is not said, which is `custom` with a model.
  public var mode: String?
  /// The model: QEMU's name under TCG (`POWER9`), libvirt's under KVM (`power9`).
  public var model: String?

  /// A CPU.
  public init(mode: String?, model: String? = nil) {
    self.mode = mode
    self.model = model
  }

  /// Reads `host-model`, `host-passthrough`, `host`, `host-model,model=power9` or a model's name.
  ///
  /// `host` is host-passthrough, as in virt-install.
  ///
  /// - Throws: ``InvalidValue`` for an empty value, an unknown key, or a compatibility mode (`power9`)
  ///   as a model.
  public init(_ text: String) throws(InvalidValue) {
    let values = try OptionList(text).values(
      for: "cpu", positional: "cpu", keys: ["cpu", "mode", "model"])
    let first = values["cpu"] ?? values["mode"] ?? (values["model"] == nil ? "" : "custom")
    guard !first.isEmpty, values["cpu"] == nil || values["mode"] == nil else {
      throw InvalidValue(
        "cpu", text, "give host-model, host-passthrough, or a model such as POWER9")
    }
    switch first {
    case "host-model", "host-passthrough", "custom", "maximum":
      self.init(mode: first, model: values["model"])
      if first == "custom", values["model"] == nil {
        throw InvalidValue("cpu", text, "custom needs a model, as in model=POWER9")
      }
    default:
      guard values["model"] == nil, values["mode"] == nil else {
        throw InvalidValue("cpu", text, "it names two models")
      }
      if first == "host" {
        self.init(mode: "host-passthrough")
        return
      }
      // libvirt cannot translate these into a model of QEMU's.
      if first.hasPrefix("power"),
        first.utf8.dropFirst(5).allSatisfy({ (0x30...0x39).contains($0) })
      {
        throw InvalidValue(
          "cpu", text,
          "small letters name what the host's CPU is to be compatible with: host-model,model=\(first);"
            + " QEMU's model is \(first.uppercased())")
      }
      self.init(mode: "custom", model: first)
    }
  }

  /// The mode or the model, as `--cpu` takes it.
  public var description: String {
    switch (mode, model) {
    case (let mode?, let model?) where mode != "custom": "\(mode),model=\(model)"
    case (_, let model?): model
    case (let mode?, nil): mode
    case (nil, nil): "not given"
    }
  }

  /// The generation of POWER that the model names; `nil` where it names none.
  package var powerGeneration: Int? {
    guard let model = model?.lowercased(), model.hasPrefix("power") else { return nil }
    return Int(model.dropFirst(5).prefix { $0.isNumber })
  }
}
