import Dispatch
import Synchronization

/// Does the same with many values on all cores; what is said meanwhile is said in their order.
func concurrently<Value: Sendable, Result: Sendable>(
  _ values: [Value], _ body: @Sendable (Value) -> Result
) -> [Result] {
  // One value needs no queue, whose start costs as much as a small definition.
  if values.count == 1 { return [body(values[0])] }
  let results = Mutex<[(Result, [String])?]>(Array(repeating: nil, count: values.count))
  DispatchQueue.concurrentPerform(iterations: values.count) { index in
    let collector = Terminal.Collector()
    let result = Terminal.$collector.withValue(collector) { body(values[index]) }
    results.withLock { $0[index] = (result, collector.lines) }
  }
  return results.withLock { $0 }.compactMap(\.self).map { result, lines in
    for line in lines { Terminal.say(line) }
    return result
  }
}
