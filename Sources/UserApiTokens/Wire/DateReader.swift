/// Reads RFC 3339 (section 5.6) from ASCII digits, strictly enough that no other text passes for a date.
struct DateReader {
  private var bytes: ArraySlice<UInt8>

  static func milliseconds(_ text: String) -> Int64? {
    guard text.utf8.count <= 64 else { return nil }
    var reader = DateReader(bytes: Array(text.utf8)[...])
    return reader.read()
  }

  private mutating func read() -> Int64? {
    guard let year = digits(4), take("-"), let month = digits(2), take("-"), let day = digits(2),
      take("T") || take("t") || take(" "),
      let hour = digits(2), take(":"), let minute = digits(2), take(":"), let second = digits(2),
      (1...12).contains(month), day >= 1, day <= CivilDate.length(ofMonth: month, year: year),
      hour <= 23, minute <= 59, second <= 60,
      let fraction = fraction(), let offset = offset(), bytes.isEmpty
    else { return nil }
    let days = CivilDate.days(year: year, month: month, day: day)
    let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second) - Int64(offset * 60)
    return seconds * 1000 + Int64(fraction)
  }

  /// Milliseconds of the fraction; digits after the third are dropped.
  private mutating func fraction() -> Int? {
    guard take(".") else { return 0 }
    var value = 0
    var count = 0
    while let digit = digits(1) {
      if count < 3 { value = value * 10 + digit }
      count += 1
    }
    guard (1...9).contains(count) else { return nil }
    for _ in count..<max(count, 3) { value *= 10 }
    return value
  }

  /// Minutes east of UTC.
  private mutating func offset() -> Int? {
    if take("Z") || take("z") { return 0 }
    let east = take("+")
    guard east || take("-"), let hours = digits(2), take(":"), let minutes = digits(2), hours <= 23, minutes <= 59
    else { return nil }
    return (east ? 1 : -1) * (hours * 60 + minutes)
  }

  private mutating func digits(_ count: Int) -> Int? {
    guard bytes.count >= count else { return nil }
    var value = 0
    for byte in bytes.prefix(count) {
      guard (0x30...0x39).contains(byte) else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    bytes = bytes.dropFirst(count)
    return value
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard let first = bytes.first, UInt32(first) == character.value else { return false }
    bytes = bytes.dropFirst()
    return true
  }
}
