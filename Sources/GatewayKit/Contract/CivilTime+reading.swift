import NIOCore

// Times as text, in whole seconds.
extension CivilTime {
  /// `2026-11-23T16:01:58Z`.
  package static func text(of seconds: Int64) -> String {
    var out = ByteBuffer()
    CivilTime(seconds: seconds).writeTimestamp(into: &out)
    return String(buffer: out) + "Z"
  }

  /// The seconds since 1970 of such a text; nil when it is none or there is no such day.
  package static func seconds(of text: String) -> Int64? {
    let parts = text.utf8.split(whereSeparator: { "-T:Z".utf8.contains($0) }).compactMap { Int(Substring($0)) }
    guard text.utf8.count == 20, parts.count == 6, (1970...9999).contains(parts[0]), (1...12).contains(parts[1]) else {
      return nil
    }
    let days = days(year: parts[0], month: parts[1], day: parts[2])
    let seconds = Int64(days * 86_400 + parts[3] * 3600 + parts[4] * 60 + parts[5])
    // What is no time reads as another one, or has another form.
    return Self.text(of: seconds) == text ? seconds : nil
  }

  /// Days since 1970 of a day that exists; years begin in March in here.
  package static func days(year: Int, month: Int, day: Int) -> Int {
    let shifted = month > 2 ? year : year - 1
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let era = shifted / 400
    let yearOfEra = shifted % 400
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
