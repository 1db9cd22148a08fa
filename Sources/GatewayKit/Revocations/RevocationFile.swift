import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file of revocations: a line for each change, on the disk before the change is confirmed. One gateway has it at a
/// time, held by a lock that ends with the process.
final class RevocationFile: Sendable {
  let path: String
  private let state: Mutex<State>

  private struct State {
    var descriptor: CInt
    var lines: Int
    var length: Int
    /// The list has what the file lacks, or the file's end is not sound: it has to be written anew.
    var isBehind = false
  }

  /// So many lines beyond twice the list's length make the file be written anew.
  private static let slack = 1000

  /// - Parameter descriptor: the file, opened for appending and locked; its end is this object's.
  init(path: String, descriptor: CInt, lines: Int, length: Int, isBehind: Bool) {
    self.path = path
    state = Mutex(State(descriptor: descriptor, lines: lines, length: length, isBehind: isBehind))
  }

  deinit { state.withLock { _ = close($0.descriptor) } }

  /// Puts a change on the disk.
  ///
  /// - Parameters:
  ///   - count: about how long the list is.
  ///   - all: the list with the change, for when the file is written anew.
  func keep(_ change: RevocationChange, count: Int, all: () -> [TokenRevocation]) throws(RevocationFailure) {
    let problem: String? = state.withLock { state in
      if state.isBehind { return Self.rewrite(path, &state, all()) }
      if let problem = Self.append(change.line, &state) {
        state.isBehind = true
        return problem
      }
      // The change is kept already, so a failure to shorten the file is none of it.
      if state.lines > 2 * count + Self.slack { _ = Self.rewrite(path, &state, all()) }
      return nil
    }
    if let problem { throw .notKept(path: path, reason: problem) }
  }

  /// nil, or why it failed.
  private static func append(_ line: String, _ state: inout State) -> String? {
    guard POSIXFile.writeAll(state.descriptor, line), fsync(state.descriptor) == 0 else {
      let reason = POSIXFile.lastError
      // Half a line must not stand before the next one.
      _ = ftruncate(state.descriptor, off_t(state.length))
      return reason
    }
    state.lines += 1
    state.length += line.utf8.count
    return nil
  }

  /// Writes the whole list into a new file and puts it in the place of the old one. nil, or why it failed.
  private static func rewrite(_ path: String, _ state: inout State, _ all: [TokenRevocation]) -> String? {
    let new = path + ".new"
    unlink(new)
    let descriptor = POSIXFile.open(new, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC)
    guard descriptor >= 0 else { return "\(new): \(POSIXFile.lastError)" }
    var length = 0
    var isWritten = flock(descriptor, LOCK_EX | LOCK_NB) == 0
    for revocation in all.sorted() where isWritten {
      let line = RevocationChange.revoke(revocation).line
      length += line.utf8.count
      isWritten = POSIXFile.writeAll(descriptor, line)
    }
    guard isWritten, fsync(descriptor) == 0, rename(new, path) == 0 else {
      let reason = "\(new): \(POSIXFile.lastError)"
      close(descriptor)
      unlink(new)
      return reason
    }
    close(state.descriptor)
    state = State(descriptor: descriptor, lines: all.count, length: length)
    guard POSIXFile.syncFolder(of: path) else {
      state.isBehind = true
      return "its folder: \(POSIXFile.lastError)"
    }
    return nil
  }
}
