/// Whether a gateway has been told every change. A value without connection: what was heard goes in, and whether something
/// was missed comes out.
///
/// Changes are numbered one after the other. A gap is something missed; and whoever connects anew compares the last number
/// it has heard with the server's. Each has a name, too, and names the one before it: a server that has lost some and has
/// counted others in their place is found out.
package struct SpreadSequence {
  package enum Finding: Equatable {
    case nothing
    /// Changes were missed, or may have been.
    case missed
    /// The server has lost its count and goes on behind this number. Others that are cut off may find the number they know
    /// once it is reached again, so it has to begin where nobody has been.
    case wentBack(Int64)
  }

  /// The number of the last change that was heard; nil before anything was.
  package private(set) var last: Int64?
  /// Its name.
  private var name = ""
  /// How many were heard since the server was asked for its number.
  private var heard: Int64 = 0
  /// The server's number, until it is known that everything before it would have come.
  private var claimed: (number: Int64, name: String)?

  package init() {}

  /// A change has come.
  ///
  /// - Parameters:
  ///   - name: its own.
  ///   - previous: that of the change before it.
  /// - Returns: what that says of others before it.
  package mutating func received(_ number: Int64, _ name: String, after previous: String) -> Finding {
    defer { (last, self.name) = (number, name) }
    heard += 1
    guard let last else { return .missed }
    if number <= last { return .wentBack(last) }
    return number == last &+ 1 && previous == self.name ? .nothing : .missed
  }

  /// The server is being asked for its number.
  package mutating func asks() {
    heard = 0
    claimed = nil
  }

  /// It has said it.
  package mutating func told(_ number: Int64, _ name: String) { claimed = (number, name) }

  /// Everything that was published before it said so has come.
  package mutating func settles() -> Finding {
    guard let (number, name) = claimed else { return .nothing }
    claimed = nil
    // Those heard meanwhile may be later than the number; each follows the one before it, down to the last from before.
    if let last, number < last, number >= last &- heard { return .nothing }
    if number == last, name == self.name { return .nothing }
    defer { (last, self.name) = (number, name) }
    if let last, number < last { return .wentBack(last) }
    return .missed
  }
}
