// Work in one process, for timing and for counting instructions:
//
//   virt-nest-benchmark parse|splice|patch TIMES DEFINITION…
//   virt-nest-benchmark create|series COUNT TEMPLATE
//
// splice is parse, and the edits applied once; patch is that, and the parse that proves the result;
// create goes the whole way for each guest; series is what create --count does.
import Glibc

let arguments = CommandLine.arguments
guard arguments.count >= 4, let work = Work(rawValue: arguments[1]), let count = Int(arguments[2])
else {
  print("usage: virt-nest-benchmark parse|splice|patch|create|series COUNT FILE…")
  exit(64)
}
do {
  let files = try arguments[3...].map(contents)
  let start = ContinuousClock.now
  let result = try work.done(count, on: files)
  let seconds = (ContinuousClock.now - start) / .seconds(1)
  let rate = Int(Double(result.documents) / seconds)
  print("\(result.documents) documents, \(result.bytes) bytes, \(rate) documents/s")
} catch {
  print("virt-nest-benchmark: \(error)")
  exit(2)
}
