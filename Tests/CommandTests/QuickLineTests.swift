import ArgumentParser
import Foundation
import Testing

@testable import virt_nest

@Suite("Command lines that are read without ArgumentParser")
struct QuickLineTests {
  static let lines = [
    "patch a.xml --nested", "patch - --no-nested --explicit", "patch -i a.xml b.xml --nested -q",
    "patch a.xml --memory=8G --vcpus 4,sockets=1,cores=4 --diff",
    "patch --in-place --backup .orig --force --mechanism commandline a.xml --overwrite",
    "patch a.xml --set-xpath /domain/title=x=y --delete-xpath /domain/uuid --if-present --check",
    "patch a.xml --nested --name=kata-x --new-identity --identity site --hugepages",
    "create fedora", "create fedora --release 44 --index 7 --emulated -o /tmp/guests",
    "create ./mine.xml --set disk=/a --set cpus=3 --memory 4096 --count 9 --output out --quiet",
    "create ubuntu --no-hugepages --no-nested --network none --disk none --seed /s.iso",
    "inspect a.xml", "inspect --json a.xml -", "check a.xml b.xml", "check - --json --no-schema",
    "check --ignore VN001 --ignore=VN002 --fail-on note --schema s.rng a.xml",
  ]

  @Test("mean what ArgumentParser takes them for", arguments: lines)
  func agrees(_ line: String) throws {
    let words = line.split(separator: " ").map(String.init)
    let quick = try #require(QuickLine.command(words))
    #expect("\(quick)" == "\(try VirtNestCommand.parseAsRoot(words))")
  }

  @Test(
    "are left to ArgumentParser where they are unusual or wrong",
    arguments: [
      "", "patch", "--help", "patch --help", "patch a.xml --nested --nested",
      "patch a.xml --nested --no-nested", "patch a.xml --mem 4096", "patch a.xml --memory",
      "patch a.xml --memory --nested", "patch a.xml --memory=", "patch -iq a.xml --nested",
      "patch a.xml --nested=yes", "patch a.xml --name -x", "patch a.xml -- --nested",
      "patch a.xml --memory 4096 --memory 8192", "patch a.xml --memory lots", "inspect",
      "patch --domain G --nested", "patch a.xml --for facts",
      "create", "create a b", "create fedora --count x", "create fedora --count 0",
      "create fedora --ask", "create fedora --define", "create fedora --help-parameters",
      "create fedora --nested-api x", "check --ignore VN999 a.xml", "check --fail-on x a.xml",
      "check --schema s --no-schema a.xml", "doctor", "template list", "PATCH a.xml --nested",
    ])
  func givesUp(_ line: String) {
    #expect(QuickLine.command(line.split(separator: " ").map(String.init)) == nil)
  }

  /// Whoever adds an option need not think of this way of reading; whoever changes one need not
  /// either, since then this fails.
  @Test("mean the same with any one option", arguments: ["patch", "create", "inspect", "check"])
  func eachOption(_ name: String) throws {
    let command = try #require(Help.commands.first { $0.commandName == name })
    let operand = name == "create" ? "fedora" : "a.xml"
    var read = 0
    for argument in command.arguments ?? [] where argument.kind != "positional" {
      for option in argument.names ?? [] {
        let dashes = option.kind == "short" ? "-" : "--"
        for value in argument.kind == "flag" ? [nil] : Self.samples {
          var words = [name, operand, dashes + option.name] + [value].compactMap(\.self)
          if name == "patch", option.name != "nested" { words.append("--nested") }
          guard let quick = QuickLine.command(words) else { continue }
          read += 1
          #expect("\(quick)" == "\(try VirtNestCommand.parseAsRoot(words))")
        }
      }
    }
    #expect(read > (name == "inspect" ? 0 : 10))
  }

  /// Values, of which each option takes at least one.
  private static let samples: [String?] = [
    "4", "4096", "/a", "a", "vda", "1,bridge=br0", "vda,path=/b", "feature", "hv", "9.0.0",
    "cfpc=fixed", "cdrom,hd", "log.file=/l", "network=default", "kvm", "/domain/title=x",
    "/domain/devices=<rng/>", "p=urn:x", "VN001", "note", "5a5b0b8c-3e0d-4d6b-9d6f-0d8c2c1b0a99",
  ]
}

/// What the command says of its options, for documentation.
private struct Help: Decodable {
  struct Command: Decodable {
    var commandName: String
    var arguments: [Argument]?
    var subcommands: [Command]?
  }
  struct Argument: Decodable {
    var kind: String
    var names: [Name]?
  }
  struct Name: Decodable {
    var kind: String
    var name: String
  }
  var command: Command

  static let commands: [Command] = {
    let json = Data(VirtNestCommand._dumpHelp().utf8)
    let help = try? JSONDecoder().decode(Help.self, from: json)
    return help?.command.subcommands ?? []
  }()
}
