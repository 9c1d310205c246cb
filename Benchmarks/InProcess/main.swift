// Work in one process, for timing and for counting instructions:
//
//   virt-nest-benchmark parse|splice|patch TIMES DEFINITION…
//   virt-nest-benchmark create|series COUNT TEMPLATE
//
// splice is parse, and the edits applied once; patch is that, and the parse that proves the result;
// create goes the whole way for each guest; series is what create --count does. A second is one of
// the processor's.
import Glibc

func processorSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

let arguments = CommandLine.arguments
guard arguments.count >= 4, let work = Work(rawValue: arguments[1]), let count = Int(arguments[2])
else {
  print("usage: virt-nest-benchmark parse|splice|patch|create|series COUNT FILE…")
  exit(64)
}
do {
  let files = try arguments[3...].map(contents)
  let start = processorSeconds()
  let result = try work.done(count, on: files)
  let seconds = processorSeconds() - start
  let rate = Int(Double(result.documents) / seconds)
  print("\(result.documents) documents, \(result.bytes) bytes, \(rate) documents/s")
} catch {
  print("virt-nest-benchmark: \(error)")
  exit(2)
}
