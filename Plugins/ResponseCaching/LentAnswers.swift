import NIOCore
import Synchronization

/// Bodies of answers that were dropped while somebody still reads them: a slow client holds what it is sent until it has
/// taken it. They count against the bound of the store until they are gone, or many slow clients could have it hold many
/// times what it may.
///
/// Nothing is noted when an answer is given. When one is dropped it is seen whether its body is gone with it; what is not is
/// looked at again now and then. Small bodies are copied when they are sent, so nobody holds them.
final class LentAnswers: Sendable {
  private struct Loan: @unchecked Sendable {
    /// Only looked at for whether it is there.
    weak var storage: AnyObject?
    let bytes: Int
    let account: DomainAccount
    /// When it was noted.
    var time: UInt64 = 0
  }

  private struct Loans {
    var all: [Loan] = []
    /// The one that is looked at next.
    var next = 0
    /// How many were noted.
    var time: UInt64 = 0
  }

  private let loans = Mutex(Loans())
  private let ledger: CacheLedger
  /// What a note takes itself, with what the system has for a weak reference.
  private static let noteBytes = MemoryLayout<Loan>.stride + HeapBytes.of(32)
  /// How many are looked at for each that is dropped.
  private static let looks = 4

  init(_ ledger: CacheLedger) { self.ledger = ledger }

  /// Lets go of answers that were taken out; to be called with no lock held.
  ///
  /// - Parameters:
  ///   - kept: an answer whose body stays where it is.
  ///   - account: whose an answer is.
  /// - Returns: how many bytes of them are still being read.
  @discardableResult
  func letGo(
    _ removed: inout [CachedResponse], keeping kept: CachedResponse? = nil, _ account: (CachedResponse) -> DomainAccount
  ) -> Int {
    let storage = kept?.ownStorage
    var new = removed.compactMap { response -> Loan? in
      guard let own = response.ownStorage, own !== storage else { return nil }
      return Loan(storage: own, bytes: response.ownBodyBytes + Self.noteBytes, account: account(response))
    }
    removed.removeAll()
    new.removeAll { $0.storage == nil }
    guard !new.isEmpty else { return 0 }
    loans.withLock { loans in
      for var loan in new {
        loans.time += 1
        loan.time = loans.time
        ledger.lend(loan.account, loan.bytes)
        loans.all.append(loan)
      }
      look(at: new.count * Self.looks, &loans)
    }
    return new.reduce(0) { $0 + $1.bytes }
  }

  /// What is noted later has a higher one.
  var time: UInt64 { loans.withLock { $0.time } }

  /// An answer is kept whose body was another one's, which was dropped before unless it is among those that the new one has
  /// taken the place of.
  ///
  /// - Parameter time: before the answer was kept: since then it may have been dropped itself.
  func takeBack(bodyOf response: CachedResponse, from replaced: [CachedResponse], before time: UInt64) {
    guard ledger.lent > 0, let storage = response.ownStorage, !replaced.contains(where: { $0.ownStorage === storage })
    else { return }
    loans.withLock { loans in
      for index in loans.all.indices.reversed()
      where loans.all[index].time <= time && loans.all[index].storage === storage { end(index, &loans) }
    }
  }

  /// Looks which are gone, some of them or all.
  func look(at most: Int = .max) {
    guard ledger.lent > 0 else { return }
    loans.withLock { look(at: most, &$0) }
  }

  private func look(at most: Int, _ loans: inout Loans) {
    for _ in 0..<min(most, loans.all.count) {
      if loans.next >= loans.all.count { loans.next = 0 }
      if loans.all[loans.next].storage == nil { end(loans.next, &loans) } else { loans.next += 1 }
    }
  }

  private func end(_ index: Int, _ loans: inout Loans) {
    ledger.endLoan(loans.all[index].account, loans.all[index].bytes)
    loans.all.swapAt(index, loans.all.endIndex - 1)
    loans.all.removeLast()
  }
}

extension CachedResponse {
  /// The memory of a body that does not stand among the packed bytes.
  fileprivate var ownStorage: AnyObject? { ownBody?.storage }

  fileprivate var ownBodyBytes: Int { ownBody.map(HeapBytes.buffer) ?? 0 }
}
