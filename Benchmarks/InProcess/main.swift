// Work in one process and in memory, timed; Benchmarks/bench runs it:
//
//   virt-nest-benchmark patch TIMES DEFINITION…    switches nesting on, with the proof of the result
//   virt-nest-benchmark create COUNT TEMPLATE      makes guests from a template
//
// It prints how many definitions it made, their bytes, so that no result goes unused, and how many
// definitions it made per second of processor time.
import Glibc
import VirtNest

func processorSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

/// The bytes of a file; `nil` if it cannot be read.
func contents(_ path: String) -> [UInt8]? {
  guard let file = fopen(path, "rb") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
    bytes += buffer[..<count]
  }
  return ferror(file) == 0 ? bytes : nil
}

let arguments = CommandLine.arguments
guard arguments.count >= 4, let count = Int(arguments[2]) else {
  print("usage: virt-nest-benchmark patch|create COUNT FILE…")
  exit(64)
}
let files = arguments[3...].compactMap(contents)
guard files.count == arguments.count - 3 else {
  print("virt-nest-benchmark: a file cannot be read")
  exit(2)
}

var changes = GuestChanges()
changes.nesting = NestingChange(.on)
var size = 0
do {
  let start = processorSeconds()
  for file in files {
    switch arguments[1] {
    case "patch":
      for _ in 0..<count { size += try DomainDefinition(file).patch(changes).bytes.count }
    default:
      let template = try Template(DomainDefinition(file))
      for index in 0..<count { size += try template.create(GuestRequest(index: index)).bytes.count }
    }
  }
  let seconds = processorSeconds() - start
  let made = count * files.count
  print("\(made) documents, \(size) bytes, \(Int(Double(made) / seconds)) documents/s")
} catch {
  print("virt-nest-benchmark: \(error)")
  exit(2)
}
