import Glibc
import LosslessXML
import Synchronization
import SystemPackage
import VirtNestHost

/// How far long work is, on one line of the terminal that is written over: count, rate, time left.
///
/// Nothing is shown where standard error is no terminal, or one that cannot go back on a line; nor
/// of work that ends within a second.
struct ProgressLine {
  private let total: Int
  /// What is counted, in the plural.
  private let what: String
  private let isWanted: Bool
  private let start = ContinuousClock.now
  private var shown = 0.0

  init(_ what: String, total: Int, isWanted: Bool = true) {
    self.total = total
    self.what = what
    let terminal = environmentVariable("TERM") ?? ""
    self.isWanted = isWanted && isatty(STDERR_FILENO) == 1 && !["", "dumb"].contains(terminal)
  }

  /// Shows how much is done, at most five times a second.
  mutating func show(_ done: Int) {
    guard isWanted else { return }
    let seconds = start.duration(to: .now) / .seconds(1)
    guard seconds >= 1, seconds - shown >= 0.2 else { return }
    shown = seconds
    Self.write(Self.text(what, done: done, total: total, seconds: seconds))
  }

  /// `12,288 of 100,000 guests, 15,212/s, 6 s left`.
  static func text(_ what: String, done: Int, total: Int, seconds: Double) -> String {
    let count = "\(grouped(done)) of \(grouped(total)) \(what)"
    let rate = Double(done) / seconds
    guard done > 0, rate.isFinite else { return count }
    let perSecond = rate < 10 ? "\((rate * 10).rounded() / 10)" : grouped(Int(rate.rounded()))
    let left = Int((Double(total - done) / rate).rounded(.up))
    return "\(count), \(perSecond)/s, \(duration(left)) left"
  }

  private static func duration(_ seconds: Int) -> String {
    if seconds < 100 { return "\(seconds) s" }
    if seconds < 6000 { return "\((seconds + 30) / 60) min" }
    return "\((seconds + 1800) / 3600) h"
  }

  private static func grouped(_ number: Int) -> String {
    var digits = String(number)
    var end = digits.count - 3
    while end > 0 {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: end))
      end -= 3
    }
    return digits
  }

  // MARK: The line

  private static let isOnScreen = Mutex(false)

  private static func write(_ text: String) {
    isOnScreen.withLock { isOnScreen in
      isOnScreen = true
      _ = try? FileDescriptor.standardError.writeAll(Array("\r\(text)\u{1B}[K".utf8))
    }
  }

  /// Takes the line away: there is something else to say, or nothing more.
  static func clear() {
    isOnScreen.withLock { isOnScreen in
      guard isOnScreen else { return }
      isOnScreen = false
      _ = try? FileDescriptor.standardError.writeAll(Array("\r\u{1B}[K".utf8))
    }
  }
}
