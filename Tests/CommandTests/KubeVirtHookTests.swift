import Foundation
import TestSupport
import Testing

/// Speaks the protocol of KubeVirt's sidecar-shim (cmd/sidecars/sidecar_shim.go): it runs `onDefineDomain --vmi JSON
/// --domain XML` from PATH, takes standard output as the definition, and fails on any status but 0.
@Suite("The hook of Examples/kubevirt, as KubeVirt's sidecar-shim runs it")
struct KubeVirtHookTests {
  private static let folder = Corpus.checkout.appending(path: "Examples/kubevirt")

  private func runHook(_ arguments: [String]) async throws -> Run {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return try await TestSupport.run(
      Self.folder.appending(path: "onDefineDomain").path, arguments,
      environment: ["PATH": VirtNestBinary.folder.path + ":" + path])
  }

  /// What the hook prints for a definition.
  private func defined(_ domain: [UInt8], vmi: String = "{}") async throws -> [UInt8] {
    let run = try await runHook(["--vmi", vmi, "--domain", String(decoding: domain, as: UTF8.self)])
    #expect(run.succeeded && run.errorText.isEmpty, "\(run.errorText)")
    return run.output
  }

  @Test("It prints the definition with nesting on and no other byte changed")
  func nesting() async throws {
    let domain = try readFile(Self.folder.appending(path: "domain.xml").path)
    let expected = String(decoding: domain, as: UTF8.self).replacing(
      "<features></features>",
      with: "<features><nested-hv state=\"on\"></nested-hv></features>")
    let once = try await defined(domain)
    #expect(once == Array(expected.utf8))
    // virt-launcher calls the hooks again whenever it defines the guest.
    #expect(try await defined(once) == once)
  }

  @Test(
    "No byte of an argument means anything to the shell",
    arguments: [
      #"{"metadata": {"annotations": {"x": "--domain"}}}"#, "--domain", "$(false) `false`", "",
    ])
  func words(_ vmi: String) async throws {
    let domain = """
      <domain type="kvm">
      \t<name>default_%s</name>
      \t<description>\\n %d "$HOME" `false` é &lt;</description>
      \t<memory unit="b">8589934592</memory>
      \t<os>
      \t\t<type arch="ppc64le" machine="pseries">hvm</type>
      \t</os>
      \t<features><nested-hv state="on"></nested-hv></features>
      </domain>


      """
    #expect(try await defined(Array(domain.utf8), vmi: vmi) == Array(domain.utf8))
  }

  @Test(
    "What cannot nest, or is no definition, fails and prints nothing",
    arguments: [
      [
        "--vmi", "{}", "--domain",
        "<domain type='kvm'><os><type arch='x86_64'>hvm</type></os></domain>",
      ],
      ["--vmi", "{}", "--domain", "no XML"], ["--vmi", "{}", "--domain", ""], ["--vmi", "{}"], [],
    ])
  func failure(_ arguments: [String]) async throws {
    let run = try await runHook(arguments)
    #expect(!run.succeeded)
    #expect(run.output.isEmpty)
    #expect(!run.errorText.isEmpty)
  }
}
