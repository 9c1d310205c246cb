import Dispatch
import Synchronization

/// Does the same with many values on all cores; what is said meanwhile is said in their order.
///
/// - Parameter progress: shows how many are done, where that is wanted.
func concurrently<Value: Sendable, Result: Sendable>(
  _ values: [Value], showing progress: ProgressLine? = nil,
  _ body: @Sendable (Value) -> Result
) -> [Result] {
  // One value needs no queue, whose start costs as much as a small definition.
  if values.count == 1 { return [body(values[0])] }
  let results = Mutex<[(Result, [String])?]>(Array(repeating: nil, count: values.count))
  let shown = Mutex((progress: progress, done: 0))
  DispatchQueue.concurrentPerform(iterations: values.count) { index in
    let collector = Terminal.Collector()
    let result = Terminal.$collector.withValue(collector) { body(values[index]) }
    results.withLock { $0[index] = (result, collector.lines) }
    shown.withLock {
      $0.done += 1
      $0.progress?.show($0.done)
    }
  }
  if progress != nil { ProgressLine.clear() }
  return results.withLock { $0 }.compactMap(\.self).map { result, lines in
    for line in lines { Terminal.say(line) }
    return result
  }
}
