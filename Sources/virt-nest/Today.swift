import Glibc
import LosslessXML
import VirtNest

/// Today's date: it may change messages, never what is written.
enum Today {
  /// The day in UTC; that of `SOURCE_DATE_EPOCH` where it is set, as for every reproducible build.
  static var date: CalendarDate {
    let fixed = getenv("SOURCE_DATE_EPOCH").flatMap { Int(String(cString: $0)) }
    var seconds = time_t(fixed ?? Int(time(nil)))
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let date = CalendarDate(
      year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday))
    return date ?? ReleaseTable.lastReview
  }
}
