import ArgumentParser
import VirtNest

/// The options that add, change and remove single devices of a definition that exists.
struct DeviceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Add a disk; values as for --disk; repeatable.", valueName: "disk"))
  var addDisk: [String] = []

  @Option(
    help: ArgumentHelp(
      "Change the disk of this target, as in vda,path=/new.qcow2,cache=none; repeatable.",
      valueName: "target,…"))
  var editDisk: [String] = []

  @Option(help: ArgumentHelp("Remove the disk of this target; repeatable.", valueName: "target"))
  var removeDisk: [String] = []

  @Option(
    help: ArgumentHelp(
      "Add a network interface; values as for --network; repeatable.", valueName: "network"))
  var addNetwork: [String] = []

  @Option(
    help: ArgumentHelp(
      "Change the interface of this address, host device or number, as in 1,bridge=br0; repeatable.",
      valueName: "interface,…"))
  var editNetwork: [String] = []

  @Option(
    help: ArgumentHelp(
      "Remove the interface of this address, host device or number; repeatable.",
      valueName: "interface"))
  var removeNetwork: [String] = []

  /// Puts the options into the changes.
  func apply(to changes: inout GuestChanges) throws {
    changes.addedDisks = try addDisk.map { text in
      try usage { () throws(InvalidValue) in try Disk(text) }
    }
    changes.editedDisks = try editDisk.map { text in
      try usage { () throws(InvalidValue) in try GuestChanges.Edited(disk: text) }
    }
    changes.removedDisks = removeDisk
    changes.addedInterfaces = try addNetwork.map { text in
      try usage { () throws(InvalidValue) in try NetworkInterface(text) }
    }
    changes.editedInterfaces = try editNetwork.map { text in
      try usage { () throws(InvalidValue) in try GuestChanges.Edited(network: text) }
    }
    changes.removedInterfaces = removeNetwork
    if changes.guest.disks != nil, !(addDisk + editDisk + removeDisk).isEmpty {
      throw ValidationError("--disk gives all disks, and goes with no --add-disk and the like")
    }
    if changes.guest.interfaces != nil, !(addNetwork + editNetwork + removeNetwork).isEmpty {
      throw ValidationError(
        "--network gives all interfaces, and goes with no --add-network and the like")
    }
  }
}
