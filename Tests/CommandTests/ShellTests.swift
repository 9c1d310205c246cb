import Foundation
import TestSupport
import Testing

@Suite("In the shell: what is near, manual pages, completion, colours")
struct ShellTests {
  @Test(
    "A mistyped command or option is answered with what is near, and no other",
    arguments: [
      (["chekc", "a.xml"], "Error: there is no command 'virt-nest chekc'. Did you mean 'check'?"),
      (["template", "lst"], "Did you mean 'list'"),
      (["xyzzy"], "Error: there is no command 'virt-nest xyzzy'\n"),
      (["patch", "a.xml", "--mem", "4G"], "Unknown option '--mem'. Did you mean '--memory'?"),
      (["patch", "a.xml", "--nseted"], "Unknown option '--nseted'. Did you mean '--nested'?"),
      (["patch", "a.xml", "--zzz"], "Unknown option '--zzz'\n"),
      (["create", "fedora", "--import"], "every guest boots from its disk. Leave it out"),
      (["create", "fedora", "--osinfo", "x"], "the template says the system"),
      (["create", "fedora", "--print-xml"], "create and patch print the definition"),
      (["create", "fedora", "--cloud-init", "x"], "virt-nest first-boot makes the seed image"),
      (["create", "fedora", "--location", "x"], "virt-nest installs no system"),
      (["patch", "a.xml"], "Error: nothing to change is given\nUsage: virt-nest patch "),
    ])
  func near(_ arguments: [String], _ message: String) async throws {
    let run = try await VirtNestBinary.run(arguments)
    #expect(run.status == .exited(64))
    #expect(run.errorText.contains(message), "\(run.errorText)")
  }

  private static let commands = [
    [], ["create"], ["patch"], ["inspect"], ["check"], ["explain"], ["template"],
    ["template", "list"], ["template", "new"], ["template", "lint"], ["wrapper"], ["doctor"],
    ["first-boot"], ["verify"], ["define"], ["qemu-command"], ["up"], ["down"],
  ]

  @Test("No line of help is wider than 80 columns", arguments: commands)
  func help(_ command: [String]) async throws {
    let run = try await VirtNestBinary.run(command + ["--help"])
    #expect(run.succeeded)
    for line in run.outputText.components(separatedBy: "\n") {
      #expect(line.count <= 80, "\(command) \(line)")
    }
  }

  @Test("Colours are shown on demand, and not in a file")
  func colours() async throws {
    let folder = try TemporaryFolder()
    try writeFile(folder.file("a.xml"), "<domain>".utf8)
    for (options, isColoured) in [([], false), (["--color", "always"], true)] {
      let run = try await VirtNestBinary.run(
        ["check", "a.xml", "none.xml", "--no-schema"] + options, in: folder.path)
      #expect(run.outputText.contains("\u{1B}[1;31merror:\u{1B}[0m not well-formed") == isColoured)
      #expect(run.errorText.contains("\u{1B}[") == isColoured)
    }
  }

  @Test("The version names the libxml2 in use, and the changes begin with it")
  func version() async throws {
    let text = try await VirtNestBinary.run(["--version"]).outputText
    let match = try #require(text.wholeMatch(of: #/(\d+\.\d+\.\d+) \(libxml2 2\.\d+\.\d+\)\n/#))
    let changes = try String(
      contentsOf: Corpus.checkout.appending(path: "CHANGELOG.md"), encoding: .utf8)
    #expect(changes.hasPrefix("# Changes\n\n## \(match.1) ("))
  }

  @Test("There is a manual page for each command, without a finding of mandoc", .needs("mandoc"))
  func manual() async throws {
    let folder = try TemporaryFolder()
    let made = try await TestSupport.run(
      Corpus.checkout.appending(path: "Documentation/make-manual").path,
      [VirtNestBinary.path, Corpus.checkout.appending(path: "CHANGELOG.md").path, folder.path])
    #expect(made.succeeded, "\(made.errorText)")
    let pages = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    for command in Self.commands {
      #expect(pages.contains((["virt-nest"] + command).joined(separator: "-") + ".1"))
    }
    let lint = try await TestSupport.run("mandoc", ["-Tlint"] + pages, in: folder.path)
    // Pages that are not installed yet are not found.
    let findings = (lint.outputText + lint.errorText).split(separator: "\n").filter {
      !$0.contains("referenced manual not found") && !$0.contains("makewhatis")
    }
    #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
  }

  /// A folder with the script of a shell, and files to complete.
  private func completing(_ shell: String) async throws -> (TemporaryFolder, [String: String?]) {
    let folder = try TemporaryFolder()
    let script = try await VirtNestBinary.run(["--generate-completion-script", shell])
    try writeFile(folder.file(shell == "zsh" ? "_virt-nest" : "script"), script.output)
    try writeFile(folder.file("guest.xml"), [])
    try writeFile(folder.file("other.txt"), [])
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return (
      folder,
      [
        "PATH": VirtNestBinary.folder.path + ":" + path, "HOME": folder.path,
        "XDG_CONFIG_HOME": folder.path, "XDG_DATA_HOME": folder.path,
      ]
    )
  }

  private static let completions: [(String, String)] = [
    ("virt-nest pat", "patch"), ("virt-nest check gue", "guest.xml"),
    ("virt-nest create fed", "fedora"), ("virt-nest create ubuntu --release 24", "24.04"),
    ("virt-nest patch --mechanism wr", "wrapper"), ("virt-nest explain VN00", "VN003"),
  ]

  @Test("bash completes", arguments: completions)
  func bash(_ line: String, _ expected: String) async throws {
    let (folder, environment) = try await completing("bash")
    let words = line.split(separator: " ").map(String.init)
    // What bash itself does for a completion function.
    let script = """
      shopt -s extglob progcomp; source ./script
      COMP_WORDS=(\(words.joined(separator: " "))); COMP_CWORD=\(words.count - 1)
      COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}
      function=$(complete -p virt-nest | sed 's/.*-F \\([^ ]*\\).*/\\1/')
      "$function" virt-nest '\(words[words.count - 1])' '\(words[words.count - 2])' 2>/dev/null
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let run = try await TestSupport.run(
      "bash", ["--norc", "-c", script], environment: environment, in: folder.path)
    let found = run.outputText.split(separator: "\n").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    #expect(found.contains(expected), "\(run.outputText) \(run.errorText)")
  }

  @Test("fish completes", .needs("fish"), .needs("tmux"), arguments: completions)
  func fish(_ line: String, _ expected: String) async throws {
    let (folder, environment) = try await completing("fish")
    // fish knows where its cursor is only on a terminal.
    let script = """
      trap 'tmux -S socket kill-server' EXIT
      tmux -f /dev/null -S socket new-session -d -x 100 -y 40 'fish --no-config --init-command "source ./script"'
      tmux -S socket send-keys -l '\(line)'
      for round in $(seq 1 600); do
        # The key that completes is pressed once the line is there.
        [ $((round % 20)) = 5 ] && tmux -S socket send-keys Tab
        tmux -S socket capture-pane -p | grep -qwF -e '\(expected)' && exit 0
        sleep 0.1
      done
      tmux -S socket capture-pane -p
      exit 1
      """
    let run = try await TestSupport.run(
      "bash", ["--norc", "-c", script], environment: environment, in: folder.path)
    #expect(run.succeeded, "\(run.outputText) \(run.errorText)")
  }
}
