import Testing
import VirtNest

struct CalendarDateTests {
  @Test(
    "A date is printed as it is read",
    arguments: ["2026-11-24", "0001-01-01", "9999-12-31", "2000-02-29", "2024-02-29"])
  func roundTrip(text: String) throws {
    #expect(try #require(CalendarDate(text)).description == text)
  }

  @Test(
    "What is no day of the calendar is refused",
    arguments: [
      "", "2026", "2026-11", "2026-1-24", "2026-11-24 ", "2026-11-24-01", "20261124",
      "2026-13-01", "2026-00-01", "2026-04-31", "2026-02-29", "1900-02-29", "0000-01-01",
      "-026-01-01", "2026-١١-24",
    ])
  func refused(text: String) {
    #expect(CalendarDate(text) == nil)
  }

  @Test("Dates are ordered by year, then month, then day")
  func ordered() {
    let texts = ["2025-12-31", "2026-01-01", "2026-01-02", "2026-02-01", "2027-01-01"]
    let dates = texts.compactMap { CalendarDate($0) }
    #expect(dates.count == texts.count)
    #expect(dates.reversed().sorted() == dates)
  }
}
