import ArgumentParser

@main
struct VirtNestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "virt-nest")
}
