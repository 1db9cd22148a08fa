import NIOCore
import Synchronization

/// A store of answers, as operators see it.
package protocol AnswerCache: AnyObject, Sendable {
  /// Drops what a purge is about.
  func remove(_ purge: CachePurge) -> CachePurged
  /// Adds what is kept, by domain.
  ///
  /// - Parameter domain: the one that is wanted; nil for all.
  func inspect(into report: inout CacheReport, domain: String?, now: Int64)
}

/// Tells other gateways.
package protocol CacheSpreading: AnyObject, Sendable {
  /// From any thread; it waits for nobody. When all that gateways share knows the change, ``UntoldChanges`` is told.
  ///
  /// - Parameter number: the number of the change.
  func spread(_ change: CacheChange, number: UInt64)
  /// Whether others hear it now; if not, they will later.
  var isConnected: Bool { get }
  /// How long the word of what all gateways share is waited for.
  var patience: Duration { get }
}

/// All stores of answers of a gateway, and when what they are about was changed.
package final class AnswerCaches: Sendable {
  package let versions: AnswerVersions
  package let purges = PurgeLog()
  /// What others are being told.
  package let untold = UntoldChanges()
  private let stores = Mutex<[any AnswerCache]>([])
  private let peers = Mutex<(any CacheSpreading)?>(nil)
  /// Whether writes are told to others; read at every write.
  private let tellsWrites = Atomic<Bool>(false)

  /// - Parameter seed: of hashes of what a peer chooses.
  package init(seed: UInt64) { versions = AnswerVersions(seed: seed) }

  /// Makes a store known; when a plugin is made, never later.
  package func add(_ store: any AnswerCache) { stores.withLock { $0.append(store) } }

  /// Drops what is kept, and has what is on its way not kept.
  package func purge(_ purge: CachePurge) -> CachePurged {
    purges.append(purge, time: versions.advance())
    var gone = CachePurged()
    for store in stores.withLock({ $0 }) { gone += store.remove(purge) }
    return gone
  }

  /// What is kept.
  ///
  /// - Parameters:
  ///   - domain: the one that is wanted; nil for all.
  ///   - now: monotonic nanoseconds.
  package func inspect(domain: String? = nil, now: Int64) -> CacheReport {
    var report = CacheReport()
    for store in stores.withLock({ $0 }) { store.inspect(into: &report, domain: domain, now: now) }
    return report
  }
}

// MARK: - Writes

extension AnswerCaches {
  /// A write has changed a path.
  package func changed(_ domain: DomainFacts, path: UnsafeRawBufferPointer) {
    if tellsWrites.load(ordering: .relaxed) {
      // What is no text cannot be told, so everything of the domain is.
      let text = String(validating: path, as: UTF8.self)
      tell(text.map { .path($0, domain: domain.name) } ?? .domain(domain.name))
    }
    domain.key.withUnsafeReadableBytes { versions.invalidate(domain: $0, path: path) }
  }

  /// A write has changed what has a tag.
  package func changed(_ domain: DomainFacts, tag: UnsafeRawBufferPointer) {
    if tellsWrites.load(ordering: .relaxed) {
      tell(.tag(String(decoding: tag, as: UTF8.self), domain: domain.name))
    }
    domain.key.withUnsafeReadableBytes { versions.invalidate(domain: $0, tag: tag) }
  }
}

// MARK: - Other gateways

extension AnswerCaches {
  /// Has others told from now on.
  package func spread(through spreading: any CacheSpreading, includingWrites: Bool) {
    peers.withLock { $0 = spreading }
    tellsWrites.store(includingWrites, ordering: .relaxed)
  }

  /// Tells others, if there are any to tell. To be called before the change is made here: from then on nothing is taken
  /// from what all share that it makes worthless, whether or not it is known there.
  ///
  /// - Returns: the number of the change; nil when nobody is told anything.
  @discardableResult
  package func tell(_ change: CacheChange) -> UInt64? {
    guard let peers = peers.withLock({ $0 }) else { return nil }
    return untold.add(now: { versions.now }) { peers.spread(change, number: $0) }
  }

  /// Whether others know a change. Their word on it is waited for as long as it can be expected; false means that they
  /// will know it later.
  package func learns(of number: UInt64) async -> Bool {
    guard let peers = peers.withLock({ $0 }), peers.isConnected else { return false }
    let end = ContinuousClock.now + peers.patience
    var pause = Duration.milliseconds(1)
    while !untold.isTold(number), peers.isConnected, ContinuousClock.now < end {
      guard (try? await Task.sleep(for: pause)) != nil else { break }
      pause = min(pause * 2, .milliseconds(20))
    }
    return untold.isTold(number)
  }

  /// The time of what is shared by all gateways: changes here up to then are known there.
  package var sharedTime: UInt64 {
    let now = versions.now
    return untold.bound(now)
  }

  /// Does what another gateway has told.
  package func obey(_ change: CacheChange) {
    switch change {
    case .purge(let purge): _ = self.purge(purge)
    case .path(var path, var domain):
      domain.withUTF8 { domain in
        path.withUTF8 { versions.invalidate(domain: UnsafeRawBufferPointer(domain), path: UnsafeRawBufferPointer($0)) }
      }
    case .tag(var tag, var domain):
      domain.withUTF8 { domain in
        tag.withUTF8 { versions.invalidate(domain: UnsafeRawBufferPointer(domain), tag: UnsafeRawBufferPointer($0)) }
      }
    case .domain(var domain): domain.withUTF8 { versions.invalidate(domain: UnsafeRawBufferPointer($0)) }
    }
  }
}
