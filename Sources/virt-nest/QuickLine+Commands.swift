import ArgumentParser
import VirtNest

extension PatchCommand: QuickCommand {
  init?(quick words: ArraySlice<String>) {
    self.init()
    (domain, inPlace, diff, check, backup) = ([], false, false, false, nil)
    (overwrite, newIdentity, identity, quiet) = (false, false, nil, false)
    libvirt = .defaults
    var (nesting, properties) = (NestingOptions.defaults, PropertyOptions.defaults)
    var (devices, xpath) = (DeviceOptions.defaults, XPathOptions.defaults)
    var line = QuickLine(words)
    // A property of ArgumentParser's is copied whole at each change.
    var operands: [String] = []
    while line.next() {
      switch line.option {
      case nil: line.take(&operands)
      case "-i", "--in-place": line.raise(&inPlace)
      case "--diff": line.raise(&diff)
      case "--check": line.raise(&check)
      case "--backup": line.set(&backup)
      case "--overwrite": line.raise(&overwrite)
      case "--new-identity": line.raise(&newIdentity)
      case "--identity": line.set(&identity)
      case "-q", "--quiet": line.raise(&quiet)
      default:
        if nesting.take(&line) || properties.take(&line) || devices.take(&line) { continue }
        if !xpath.take(&line) { line.giveUp() }
      }
    }
    guard !line.isGivenUp else { return nil }
    files = operands
    changeOptions = ChangeOptions(nesting, properties)
    (self.devices, self.xpath) = (devices, xpath)
    do {
      try changeOptions.validate()
      try validate()
    } catch { return nil }
  }
}

extension CreateCommand: QuickCommand {
  init?(quick words: ArraySlice<String>) {
    self.init()
    (release, index, count, assignments, parameters) = (nil, 0, 1, [], nil)
    (ask, helpParameters, output, seed, identity) = (false, false, nil, nil, nil)
    (define, quiet) = (false, false)
    libvirt = .defaults
    var (nesting, properties) = (NestingOptions.defaults, PropertyOptions.defaults)
    var line = QuickLine(words)
    var operands: [String] = []
    while line.next() {
      switch line.option {
      case nil: line.take(&operands)
      case "--release": line.set(&release)
      case "--index": line.set(&index)
      case "--count": line.set(&count)
      case "--set": line.append(to: &assignments)
      case "--parameters": line.set(&parameters)
      case "-o", "--output": line.set(&output)
      case "--seed": line.set(&seed)
      case "--identity": line.set(&identity)
      case "-q", "--quiet": line.raise(&quiet)
      default: if !nesting.take(&line), !properties.take(&line) { line.giveUp() }
      }
    }
    guard !line.isGivenUp, operands.count == 1 else { return nil }
    template = operands[0]
    changeOptions = ChangeOptions(nesting, properties)
    do {
      try changeOptions.validate()
      try validate()
    } catch { return nil }
  }
}

extension InspectCommand: QuickCommand {
  func runAtOnce() throws { try run() }

  init?(quick words: ArraySlice<String>) {
    self.init()
    json = false
    var line = QuickLine(words)
    var operands: [String] = []
    while line.next() {
      switch line.option {
      case nil: line.take(&operands)
      case "--json": line.raise(&json)
      default: line.giveUp()
      }
    }
    guard !line.isGivenUp, !operands.isEmpty else { return nil }
    files = operands
  }
}

extension CheckCommand: QuickCommand {
  func runAtOnce() throws { try run() }

  init?(quick words: ArraySlice<String>) {
    self.init()
    (json, ignore, failOn, schema, noSchema) = (false, [], .error, nil, false)
    var line = QuickLine(words)
    var operands: [String] = []
    while line.next() {
      switch line.option {
      case nil: line.take(&operands)
      case "--json": line.raise(&json)
      case "--schema": line.set(&schema)
      case "--no-schema": line.raise(&noSchema)
      case "--ignore":
        guard let text = line.value(), let id = try? RuleID.parsed(text) else { return nil }
        ignore.append(id)
      case "--fail-on":
        guard let text = line.onlyValue(), let level = Severity(rawValue: text) else { return nil }
        failOn = level
      default: line.giveUp()
      }
    }
    guard !line.isGivenUp, !operands.isEmpty else { return nil }
    files = operands
    do { try validate() } catch { return nil }
  }
}
