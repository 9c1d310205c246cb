import Dispatch
import LosslessXML
import Synchronization

/// How many values are worked on at once: more than there are processors, since files wait for the
/// disk.
private let width = 8

/// Does the same with many values, several at a time; what is printed meanwhile is printed in their
/// order.
///
/// - Parameter progress: shows how many are done, where that is wanted.
func concurrently<Value: Sendable, Result: Sendable>(
  _ values: [Value], showing progress: ProgressLine? = nil,
  _ body: @escaping @Sendable (Value) -> Result
) -> [Result] {
  let results = Mutex<[(Result, [String])?]>(Array(repeating: nil, count: values.count))
  let shown = Mutex((progress: progress, done: 0))
  let next = Atomic(0)
  DispatchQueue.concurrentlyPerform(width: min(width, values.count)) {
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < values.count else { return }
      let collector = Terminal.Collector()
      let result = Terminal.$collector.withValue(collector) { body(values[index]) }
      results.withLock { $0[index] = (result, collector.lines) }
      shown.withLock {
        $0.done += 1
        $0.progress?.show($0.done)
      }
    }
  }
  if progress != nil { ProgressLine.clear() }
  return results.withLock { $0 }.compactMap(\.self).map { result, lines in
    for line in lines { Terminal.say(line) }
    return result
  }
}

extension DispatchQueue {
  /// Runs the same work on several threads, and waits for all of them.
  ///
  /// `concurrentPerform` starts no more threads than there are processors.
  fileprivate static func concurrentlyPerform(width: Int, _ work: @escaping @Sendable () -> Void) {
    let queue = DispatchQueue(label: "concurrently", attributes: .concurrent)
    let group = DispatchGroup()
    for _ in 0..<width { queue.async(group: group, execute: work) }
    group.wait()
  }
}
