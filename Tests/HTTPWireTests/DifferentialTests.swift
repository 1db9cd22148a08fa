import HTTPWire
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

/// NIOHTTP1 reads the same bytes. Whatever we accept, it must accept with the same meaning.
///
/// We are stricter and may stop earlier. What is left out of the comparison, as it changes no meaning:
///
/// - NIOHTTP1 keeps blanks at the end of a value, repairs what is no UTF-8, and puts its own reason phrase in place of
///   the server's.
/// - It knows a closed list of methods.
/// - It takes framing and connection fields of a trailer section for fields of the head; we drop trailers.
/// - It does not know a connection option with a tab behind it.
/// - It reads nothing after a message that closes the connection, where our caller stops.
@Suite("Against NIOHTTP1")
struct DifferentialTests {
  @Test("Requests", arguments: 0..<8)
  func requests(seed: UInt64) throws {
    var generator = MessageGenerator(seed: seed)
    var tally = Tally()
    for _ in 0..<1500 {
      let bytes = generator.requests()
      let pieces = generator.cuts(bytes.count)
      let ours = RequestStream.read(bytes, pieces: pieces)
      #expect(ours == RequestStream.read(bytes), "depends on the cut: \(latin1Text(bytes))")
      let theirs = NIOReading.requests(bytes, pieces: pieces)
      tally.note(ours)
      guard let difference = difference(ours, theirs), !isReadOtherwise(bytes) else { continue }
      Issue.record("\(difference)\n\(latin1Text(bytes).debugDescription)\nours: \(ours)\ntheirs: \(theirs)")
      return
    }
    #expect(tally.accepted > 500 && tally.refused > 300, "the generator lost its balance: \(tally)")
  }

  @Test("Responses", arguments: 100..<104)
  func responses(seed: UInt64) throws {
    var generator = MessageGenerator(seed: seed)
    var tally = Tally()
    for _ in 0..<1500 {
      let bytes = generator.responses()
      let pieces = generator.cuts(bytes.count)
      let ours = ResponseStream.read(bytes, pieces: pieces)
      #expect(ours == ResponseStream.read(bytes), "depends on the cut: \(latin1Text(bytes))")
      let theirs = NIOReading.responses(bytes, pieces: pieces)
      tally.note(ours)
      guard let difference = difference(ours, theirs), !isReadOtherwise(bytes) else { continue }
      Issue.record("\(difference)\n\(latin1Text(bytes).debugDescription)\nours: \(ours)\ntheirs: \(theirs)")
      return
    }
    #expect(tally.accepted > 500 && tally.refused > 200, "the generator lost its balance: \(tally)")
  }

  @Test("Requests cut at every byte", arguments: 20..<22)
  func requestsCutEverywhere(seed: UInt64) {
    var generator = MessageGenerator(seed: seed)
    for _ in 0..<12 {
      let bytes = generator.requests()
      guard !isReadOtherwise(bytes) else { continue }
      let whole = RequestStream.read(bytes)
      for pieces in everyCut(bytes.count) {
        let ours = RequestStream.read(bytes, pieces: pieces)
        let theirs = NIOReading.requests(bytes, pieces: pieces)
        guard ours != whole || difference(ours, theirs) != nil else { continue }
        Issue.record("cut at \(pieces.first ?? 0) of \(pieces.count)\n\(latin1Text(bytes).debugDescription)\n\(theirs)")
        return
      }
    }
  }

  @Test("Responses cut at every byte", arguments: 120..<122)
  func responsesCutEverywhere(seed: UInt64) {
    var generator = MessageGenerator(seed: seed)
    for _ in 0..<20 {
      let bytes = generator.responses()
      guard !isReadOtherwise(bytes) else { continue }
      let whole = ResponseStream.read(bytes)
      for pieces in everyCut(bytes.count) {
        let ours = ResponseStream.read(bytes, pieces: pieces)
        let theirs = NIOReading.responses(bytes, pieces: pieces)
        guard ours != whole || difference(ours, theirs) != nil else { continue }
        Issue.record("cut at \(pieces.first ?? 0) of \(pieces.count)\n\(latin1Text(bytes).debugDescription)\n\(theirs)")
        return
      }
    }
  }

  struct Tally {
    var accepted = 0
    var refused = 0

    mutating func note(_ reading: Reading) {
      accepted += reading.messages.filter(\.isComplete).count
      if reading.error != nil { refused += 1 }
    }
  }

  /// What differs in the messages that we took as complete; nil when nothing does.
  private func difference(_ ours: Reading, _ theirs: NIOReading) -> String? {
    for (index, message) in ours.messages.enumerated() where message.isComplete {
      guard index < theirs.messages.count else {
        return theirs.error == "invalid HTTP method" && message.hasRareMethod ? nil : "message \(index) was refused"
      }
      let other = theirs.messages[index]
      if !other.isComplete { return "message \(index) is not complete" }
      if !message.hasStart(other.start) { return "start of \(index)" }
      if other.fields != message.fields.map(repaired) { return "fields of \(index)" }
      if other.body != message.body { return "content of \(index)" }
      if !message.keepAlive { return nil }
    }
    return nil
  }

  /// Whether a field that NIOHTTP1 takes for one of the head stands behind a last chunk, or a tab behind a connection
  /// option.
  private func isReadOtherwise(_ bytes: [UInt8]) -> Bool {
    let trailer =
      #/\r\n0+(;[^\r\n]*)?\r\n([^\r\n]+\r\n)*(connection|transfer-encoding|content-length|upgrade)[^\r\n]*:/#
    let option = #/\nconnection:[^\r\n]*\t/#
    let text = latin1Text(bytes)
    return text.firstMatch(of: trailer.ignoresCase().matchingSemantics(.unicodeScalar)) != nil
      || text.firstMatch(of: option.ignoresCase().matchingSemantics(.unicodeScalar)) != nil
  }

  private func latin1Text(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { latin1($0) } }

  private func repaired(_ text: String) -> String { String(decoding: octets(text), as: UTF8.self) }
}

extension Reading.Message {
  /// Whether the method is none of those that everybody knows.
  var hasRareMethod: Bool {
    let method = start.prefix { $0 != " " }
    return !["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(method)
  }

  /// Whether the other's start line, which is method, target and version, says the same as ours. Of an absolute target
  /// we keep the authority and what follows.
  func hasStart(_ other: String) -> Bool {
    let ours = start.split(separator: " ", omittingEmptySubsequences: false)
    let theirs = other.split(separator: " ", omittingEmptySubsequences: false)
    // A response: minor version and status.
    if path.isEmpty { return ours.prefix(2) == theirs.prefix(2) }
    guard ours.count == 4, theirs.count == 3, ours[0] == theirs[0], ours[2] == theirs[2] else { return false }
    guard theirs[1].first != "/", theirs[1] != "*" else { return theirs[1] == target }
    return theirs[1].lowercased().hasPrefix("http") && theirs[1].hasSuffix("://\(ours[3])\(target)")
  }
}
