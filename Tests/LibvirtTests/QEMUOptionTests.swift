import TestSupport
import Testing

@testable import VirtNest

@Suite("QEMU's options", .needs("qemu-system-ppc64"))
struct QEMUOptionTests {
  @Test("QEMU wants a value for those that are said to take one, and for no other")
  func values() async throws {
    // `-version` ends QEMU before anything is done, but behind the look at every argument.
    let script = """
      qemu-system-ppc64 -help | grep -oE '^-[a-zA-Z0-9][a-zA-Z0-9_-]*' | sort -u |
        while read -r option; do
          case $(qemu-system-ppc64 -version "$option" 2>&1 </dev/null) in
          *'requires an argument'*) echo "$option value" ;;
          *'invalid option'*) ;;
          *) echo "$option" ;;
          esac
        done
      """
    let answer = try await run("sh", ["-c", script])
    let lines = answer.outputText.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(lines.count > 80, "\(answer.errorText)")
    for line in lines {
      let option = String(line[0])
      #expect(QEMUOption.takesValue(option) == (line.count == 2), "\(option)")
      #expect(QEMUOption.takesValue("-" + option) == (line.count == 2), "-\(option)")
    }
  }
}
