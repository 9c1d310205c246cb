// Work in one process, for timing and for counting instructions:
//
//   virt-nest-benchmark WHAT TIMES FILE…
//
// WHAT is parse, splice (parse, and the edits applied once), patch (with the parse that proves the
// result), create (FILE is a template; each
// guest the whole way) or series (what create --count does with it).
import Glibc
import LosslessXML
import VirtNest

func contents(_ path: String) -> [UInt8] {
  guard let file = fopen(path, "rb") else { return [] }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
    bytes += buffer[..<count]
  }
  return bytes
}

func monotonicSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

let arguments = CommandLine.arguments
guard arguments.count >= 4, let times = Int(arguments[2]) else {
  print("usage: virt-nest-benchmark parse|splice|patch|create|series TIMES FILE…")
  exit(64)
}
let files = arguments[3...].map(contents)
var changes = GuestChanges()
changes.nesting = NestingChange(.on)

let start = monotonicSeconds()
var documents = 0
var bytes = 0
for _ in 0..<times {
  for file in files {
    switch arguments[1] {
    case "parse":
      guard let document = try? Document(file) else { continue }
      bytes += document.root.range.count
    case "splice":
      guard let definition = try? DomainDefinition(file),
        let edits = try? definition.edits(for: changes)
      else { continue }
      bytes += edits.applied(to: file).count
    case "patch":
      guard let patch = try? DomainDefinition(file).patch(changes) else { continue }
      bytes += patch.bytes.count
    case "series":
      guard let template = try? Template(DomainDefinition(file)),
        var series = try? GuestSeries(template, GuestRequest())
      else { continue }
      var guest: [UInt8] = []
      for index in 0..<100_000 {
        guard (try? series.write(index, into: &guest)) != nil else { continue }
        bytes += guest.count
        documents += 1
      }
      continue
    default:
      guard let template = try? Template(DomainDefinition(file)) else { continue }
      for index in 0..<1000 {
        guard let guest = try? template.create(GuestRequest(index: index)) else { continue }
        bytes += guest.bytes.count
        documents += 1
      }
      continue
    }
    documents += 1
  }
}
let seconds = monotonicSeconds() - start
print("\(documents) documents, \(bytes) bytes, \(Int(Double(documents) / seconds)) documents/s")
