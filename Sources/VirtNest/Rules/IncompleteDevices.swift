internal import LosslessXML

extension CheckedGuest {
  /// Disks without an image, and those that pass through a device of the host that cannot be.
  var disksWithoutSource: [Fault] {
    devices("disk").compactMap { disk in
      let device = disk["device"] ?? "disk"
      guard ["disk", "lun"].contains(device), let type = disk["type"] else { return nil }
      let source = disk.child("source")
      guard let source, source.attributes.contains(where: { _ in true }),
        source[type == "block" ? "dev" : type] != ""
      else {
        return Fault(
          element: source ?? disk, text: "the disk has no image: it has no <source>",
          advice: "Write its <source>, or remove the disk.")
      }
      guard device == "lun" else { return nil }
      let isRight =
        type == "block" || type == "volume" || type == "network" && source["protocol"] == "iscsi"
      if isRight, disk.child("driver")?["type"] ?? "raw" == "raw" { return nil }
      return Fault(
        element: disk, attribute: "device",
        text: "device='lun' passes through a block device or an iSCSI unit, in raw format",
        advice: "Write device='disk'.")
    }
  }

  /// Network interfaces that are connected to nothing.
  var interfacesWithoutSource: [Fault] {
    let needed = [
      "bridge": "bridge", "network": "network", "direct": "dev", "internal": "name", "vdpa": "dev",
      "server": "port", "client": "port", "mcast": "port", "udp": "port", "vhostuser": "type",
    ]
    return devices("interface").compactMap { interface in
      guard let type = interface["type"], let name = needed[type],
        interface.child("source")?[name] == nil
      else { return nil }
      return Fault(
        element: interface.child("source") ?? interface,
        text: "the interface is connected to nothing: its <source> lacks \(name)",
        advice: "Write <source \(name)='…'/>.")
    }
  }

  /// What has to do with SPICE, in a guest without its graphics.
  var spiceWithoutGraphics: [Fault] {
    if devices("graphics").contains(where: { $0["type"] == "spice" }) { return [] }
    return ["channel", "redirdev", "smartcard", "serial", "console", "audio"].flatMap(devices)
      .filter { ["spicevmc", "spiceport", "spice"].contains($0["type"] ?? "") }
      .map { device in
        Fault(
          element: device, attribute: "type",
          text: "\(device["type"] ?? "") needs graphics of type 'spice'",
          advice: "Remove the device.")
      } + hostGraphics + secondaryVideo
  }

  /// Host devices whose picture is to be seen, in a guest without graphics.
  private var hostGraphics: [Fault] {
    if !devices("graphics").isEmpty { return [] }
    return devices("hostdev").filter { $0["display"] == "on" }.map { device in
      Fault(
        element: device, attribute: "display", text: "a picture needs graphics",
        advice: "Remove display, or add graphics.")
    }
  }

  /// Video devices beside the first one that can be the first one alone.
  private var secondaryVideo: [Fault] {
    let all = devices("video")
    let primary = all.firstIndex { $0.child("model")?["primary"] == "yes" } ?? 0
    return all.enumerated().filter { index, video in
      index != primary
        && !["qxl", "virtio", "ramfb"].contains(video.child("model")?["type"] ?? "vga")
    }.map { _, video in
      Fault(
        element: video, text: "only the first video device can be of this model",
        advice: "Write <model type='virtio'/>, or remove it.")
    }
  }

  /// What needs memory of a kind that the guest does not have.
  var memoryInWantOf: [Fault] {
    var faults: [Fault] = []
    let cells = domain.children("cpu").flatMap { $0.children("numa") }
      .flatMap { $0.children("cell") }
    if cells.isEmpty, domain.child("memory").map({ $0.text.trimmingSpaces == "0" }) ?? true {
      faults.append(
        Fault(
          element: domain.child("memory") ?? domain, text: "the guest has no memory",
          advice: "Write <memory unit='GiB'>…</memory>."))
    }
    if domain.child("maxMemory") == nil {
      for device in devices("memory") where ["dimm", "nvdimm"].contains(device["model"] ?? "") {
        faults.append(
          Fault(
            element: device, text: "a memory device needs <maxMemory>",
            advice: "Write <maxMemory slots='…' unit='GiB'>…</maxMemory>, or remove the device."))
      }
    }
    let isShared =
      domain.first(["memoryBacking", "access"])?["mode"] == "shared"
      || !cells.isEmpty && cells.allSatisfy { $0["memAccess"] == "shared" }
    if isShared { return faults }
    let disks = devices("disk").filter { $0["type"] == "vhostuser" }
    let folders = devices("filesystem").filter { $0.child("driver")?["type"] == "virtiofs" }
    return faults
      + (disks + folders).map { device in
        Fault(
          element: device,
          text: "the device shares the guest's memory, which nothing else may do now",
          advice: "Write <memoryBacking><access mode='shared'/></memoryBacking>.")
      }
  }

  /// What the sources of character devices lack, or have too often.
  var characterSources: [Fault] {
    let kinds = ["serial", "parallel", "channel", "redirdev", "smartcard"]
    let consoles = devices("console")
    let isSerial = { (console: Element) in console.child("target")?["type"] ?? "serial" == "serial"
    }
    // The first console is the first serial device once more.
    let own = consoles.enumerated().filter { index, console in
      index > 0 || devices("serial").isEmpty || !isSerial(console)
    }.map(\.element)
    return (kinds.flatMap(devices) + own).flatMap { device in
      // libvirt chooses the path of a channel's socket.
      device.sourceFaults(hasPath: device.localName == "channel")
    } + devices("rng").flatMap { $0.children("backend") }.flatMap { $0.sourceFaults() }
      + consoles.dropFirst().filter(isSerial).map { console in
        Fault(
          element: console, text: "only the first console can be a serial port",
          advice: "Write <target type='virtio'/>, or remove it.")
      }
      + (devices("serial") + devices("parallel") + consoles).compactMap { device in
        guard let target = device.child("target"), let port = target["port"], Int(port) == nil
        else {
          return nil
        }
        return Fault(
          element: target, attribute: "port", text: "'\(port)' is not the number of a port",
          advice: "Write a decimal number, or remove it.")
      }
  }
}

extension Element {
  /// What the source of a character device lacks, or has too often.
  ///
  /// - Parameter hasPath: whether a socket has a path without one that is given.
  fileprivate func sourceFaults(hasPath: Bool = false) -> [Fault] {
    guard let type = self["type"] else { return [] }
    let sources = Array(children("source"))
    let most = type == "udp" ? 2 : 1
    if sources.count > most {
      return [
        Fault(
          element: sources[most],
          text:
            "a character device of type '\(type)' has \(most == 1 ? "one source" : "two sources")",
          advice: "Remove this one.")
      ]
    }
    // Of udp, the source that connects.
    let source = type == "udp" ? sources.first { $0["mode"] != "bind" } : sources.first
    let needed: [String]
    switch type {
    case "file", "pipe", "dev": needed = ["path"]
    case "unix": needed = hasPath ? [] : ["path"]
    case "tcp": needed = ["host", "service"]
    case "udp": needed = ["service"]
    default: needed = []
    }
    var faults = needed.filter { (source?[$0] ?? "").isEmpty }.map { name in
      Fault(
        element: source ?? self,
        text: "a character device of type '\(type)' has a \(name) in its <source>",
        advice: "Write <source \(name)='…'/>.")
    }
    guard ["tcp", "unix"].contains(type), let reconnect = source?.child("reconnect"),
      reconnect["enabled"] == "yes"
    else { return faults }
    if source?["mode"] == "bind" {
      faults.append(
        Fault(
          element: reconnect, text: "only what connects can connect again, and this one listens",
          advice: "Write mode='connect', or remove <reconnect>."))
    } else if reconnect["timeout"] == nil {
      faults.append(
        Fault(
          element: reconnect, text: "<reconnect> lacks the seconds between two attempts",
          advice: "Write timeout='10'."))
    }
    return faults
  }
}
