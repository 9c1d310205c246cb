extension PropertyOptions: QuickArguments {
  mutating func setDefaults() {
    (name, uuid, memory, vcpus, cpu, machine) = (nil, nil, nil, nil, nil, nil)
    (virtType, emulator, boot, console, hugepages, hugepageSize) = (nil, nil, nil, nil, nil, nil)
    (disk, network, feature, emulated) = ([], [], [], false)
  }

  mutating func take(_ line: inout QuickLine) -> Bool {
    switch line.option {
    case "--name": line.set(&name)
    case "--uuid": line.set(&uuid)
    case "--memory": line.set(&memory)
    case "--vcpus": line.set(&vcpus)
    case "--cpu": line.set(&cpu)
    case "--machine": line.set(&machine)
    case "--virt-type": line.set(&virtType)
    case "--emulator": line.set(&emulator)
    case "--boot": line.set(&boot)
    case "--console": line.set(&console)
    case "--hugepages": line.set(&hugepages, to: true)
    case "--no-hugepages": line.set(&hugepages, to: false)
    case "--hugepage-size": line.set(&hugepageSize)
    case "--disk": line.append(to: &disk)
    case "--network": line.append(to: &network)
    case "--feature": line.append(to: &feature)
    case "--emulated": line.raise(&emulated)
    default: return false
    }
    return true
  }
}

extension NestingOptions: QuickArguments {
  mutating func setDefaults() {
    (nested, mechanism, nestedAPI, explicit, wrapper) = (nil, nil, nil, false, nil)
    (forLibvirt, forQEMU, host, force) = (nil, nil, nil, false)
  }

  /// All but `--for`, whose file is read, and complained about, when the options are looked at.
  mutating func take(_ line: inout QuickLine) -> Bool {
    switch line.option {
    case "--nested": line.set(&nested, to: true)
    case "--no-nested": line.set(&nested, to: false)
    case "--mechanism": line.set(&mechanism)
    case "--nested-api": line.set(&nestedAPI)
    case "--explicit": line.raise(&explicit)
    case "--wrapper": line.set(&wrapper)
    case "--for-libvirt": line.set(&forLibvirt)
    case "--for-qemu": line.set(&forQEMU)
    case "--force": line.raise(&force)
    default: return false
    }
    return true
  }
}

extension DeviceOptions: QuickArguments {
  mutating func setDefaults() {
    (addDisk, editDisk, removeDisk) = ([], [], [])
    (addNetwork, editNetwork, removeNetwork) = ([], [], [])
  }

  mutating func take(_ line: inout QuickLine) -> Bool {
    switch line.option {
    case "--add-disk": line.append(to: &addDisk)
    case "--edit-disk": line.append(to: &editDisk)
    case "--remove-disk": line.append(to: &removeDisk)
    case "--add-network": line.append(to: &addNetwork)
    case "--edit-network": line.append(to: &editNetwork)
    case "--remove-network": line.append(to: &removeNetwork)
    default: return false
    }
    return true
  }
}

extension XPathOptions: QuickArguments {
  mutating func setDefaults() {
    (set, delete, insert, namespace, ifPresent) = ([], [], [], [], false)
  }

  mutating func take(_ line: inout QuickLine) -> Bool {
    switch line.option {
    case "--set-xpath": line.append(to: &set)
    case "--delete-xpath": line.append(to: &delete)
    case "--insert-xpath": line.append(to: &insert)
    case "--namespace": line.append(to: &namespace)
    case "--if-present": line.raise(&ifPresent)
    default: return false
    }
    return true
  }
}

extension DefineOptions: QuickArguments {
  mutating func setDefaults() { (connect, yes, dryRun, dropSecrets) = (nil, false, false, false) }

  /// What talks to a libvirt waits for it anyway.
  mutating func take(_ line: inout QuickLine) -> Bool { false }
}

extension ChangeOptions {
  init(_ nesting: NestingOptions, _ properties: PropertyOptions) {
    self.init()
    self.nesting = nesting
    self.properties = properties
  }
}
