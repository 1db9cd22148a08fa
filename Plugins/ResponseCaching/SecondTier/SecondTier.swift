import GatewayKit
import HTTPWire
import NIOCore

/// One loop's look-ups and writes of answers that several gateways share, behind the store in memory: what is found is put
/// into memory, and what is put into memory is written there.
final class SecondTier {
  private let access: any SharedAnswersAccess
  private let sealer: AnswerSealer
  private let store: CacheStore
  private let loop: LoopContext
  /// How long a request waits for it, in nanoseconds.
  let patience: Int64
  private let rate: WriteRate

  /// Nil where there is none.
  init?(_ answers: (any SharedAnswers)?, store: CacheStore, on loop: LoopContext) {
    guard let answers, let access = answers.access(on: loop) else { return nil }
    self.access = access
    sealer = AnswerSealer(answers.secret)
    patience = answers.patience
    rate = WriteRate(bytesPerSecond: answers.domainRate)
    self.store = store
    self.loop = loop
  }

  /// Of what time an answer is whose request goes out now.
  var time: SharedAnswerTime? { access.time }

  private var counters: CacheCounters { store.counters }
}

// MARK: - Look-up

extension SecondTier {
  /// Whether the store can be asked now: told before anything is made of a question.
  func isReady() -> Bool {
    let isReady = access.isReady()
    if !isReady { counters.sharedFailed.add() }
    return isReady
  }

  /// Asks; false when that cannot be done now. The exchange is resumed when there is an answer in memory, or none to be had.
  func ask(_ question: TierQuestion) -> Bool { ask(question, name(of: question), isLast: false) }

  private func ask(_ question: TierQuestion, _ name: [UInt8], isLast: Bool) -> Bool {
    let isAsked = access.find(name) { [self] in answered($0, to: question, name, isLast: isLast) }
    if !isAsked { counters.sharedFailed.add() }
    return isAsked
  }

  private func answered(_ found: SharedAnswerFound, to question: TierQuestion, _ name: [UInt8], isLast: Bool) {
    guard !question.isAbandoned else { return }
    question.isAnswered = true
    switch found {
    case .answer(let sealed):
      // It goes on with another question where the answers vary.
      question.isAnswered = !take(sealed, for: question, name, isLast: isLast)
      if !question.isAnswered { return }
    case .nothing: counters.sharedMissed.add()
    case .failed: counters.sharedFailed.add()
    }
    question.resumption.resume(.again)
  }

  /// Puts an answer into memory; true when there is another to be waited for.
  private func take(_ sealed: ByteBuffer, for question: TierQuestion, _ name: [UInt8], isLast: Bool) -> Bool {
    guard let opened = sealer.open(sealed, as: name),
      let answer = SharedAnswer(opened, at: SharedAnswer.Moment(loop)),
      answer.key.readableBytesView.elementsEqual(question.key.bytes)
    else {
      counters.sharedRefused.add()
      return false
    }
    switch answer.content {
    case .varies(let names):
      return !isLast && ask(question, self.name(of: question, names), isLast: true)
    case .answer(let parts) where parts.expires <= loop.now: counters.sharedExpired.add()
    case .answer(let parts):
      // What it lacks a purge would not have reached.
      guard question.mark.tags.allSatisfy(answer.tags.contains) else {
        counters.sharedMissed.add()
        return false
      }
      put(parts, tags: answer.tags, for: question)
    }
    return false
  }

  private func put(_ parts: CachedResponse.Parts, tags: [UInt64], for question: TierQuestion) {
    var mark = question.mark
    for tag in tags { mark.add(tag: tag) }
    let response = CachedResponse(key: question.key.bytes, hash: question.key.value, version: mark, parts)
    question.isFound = !isOutdone(response, question) && store.insert(response, mostVariants: question.mostVariants)
    if question.isFound { counters.sharedFound.add() } else { counters.sharedMissed.add() }
  }

  /// Whether memory has a newer one: what is fresh came meanwhile, and what is stale may have been fetched later (RFC 9111
  /// section 4).
  private func isOutdone(_ response: CachedResponse, _ question: TierQuestion) -> Bool {
    question.key.bytes.withUnsafeBytes { key in
      switch store.find(question.key.value, key, question.block, now: loop.now) {
      case .fresh, .taken: true
      case .stale(let kept?): kept.born > response.born
      case .stale(nil), .otherVariants, .none: false
      }
    }
  }

  /// - Parameter names: what answers vary by.
  private func name(of question: TierQuestion, _ names: FieldSelection = FieldSelection()) -> [UInt8] {
    var values = KeyBytes()
    names.writeValues(of: question.block, into: &values)
    return values.withBytes { name(of: question.key.bytes, question.policy, names, values: $0) }
  }

  private func name(
    of key: some Collection<UInt8>, _ policy: Fingerprint, _ names: FieldSelection, values: UnsafeRawBufferPointer
  ) -> [UInt8] {
    var bytes = KeyBytes()
    bytes.append(policy)
    Array(key).withUnsafeBytes { bytes.append(part: $0) }
    for name in names.texts { Array(name.utf8).withUnsafeBytes { bytes.append(part: $0) } }
    if !names.isEmpty { bytes.append(part: values) }
    return bytes.withBytes { sealer.name(of: $0) }
  }
}

// MARK: - Writing

extension SecondTier {
  /// Writes an answer that was put into memory, some time soon, unless there is no room for it.
  ///
  /// - Parameters:
  ///   - policy: what the request went through.
  ///   - time: the store's when the answer's request went out.
  func keep(_ response: CachedResponse, _ policy: Fingerprint, since time: SharedAnswerTime?) {
    let name = response.varyValues.withUnsafeBytes { self.name(of: response.key, policy, response.vary, values: $0) }
    // An older one does not outlive it there.
    if !write(response, policy, name, since: time) { _ = access.drop(name) }
  }

  /// Has an answer go that the origin has taken back; false when that cannot be told now.
  func drop(_ response: CachedResponse, _ policy: Fingerprint) -> Bool {
    access.drop(
      response.varyValues.withUnsafeBytes { name(of: response.key, policy, response.vary, values: $0) })
  }

  /// Has all go that is kept for a key.
  func drop(key: [UInt8], _ policy: Fingerprint) {
    _ = access.drop(name(of: key, policy, FieldSelection(), values: .init(start: nil, count: 0)))
  }

  private func write(
    _ response: CachedResponse, _ policy: Fingerprint, _ name: [UInt8], since time: SharedAnswerTime?
  ) -> Bool {
    let lifetime = response.expires &- loop.now
    guard lifetime > 0 else { return false }
    guard let time, response.version.tags.count <= SharedAnswer.mostTags, isRoom(for: response) else {
      counters.sharedDropped.add()
      return false
    }
    var head = ByteBuffer()
    response.domain.withUnsafeBytes { domain in
      SharedAnswerHead.write(time, store.caches.versions.places(of: response.version, domain: domain), into: &head)
    }
    let answer = SharedAnswer.bytes(of: response, at: SharedAnswer.Moment(loop))
    guard write(answer, head, name, lifetime) else { return false }
    if response.vary.isEmpty { return true }
    // An answer that varies stands under a name of its own; under that of the key stands by what, for as long as any of
    // them is fresh.
    var names = ByteBuffer()
    SharedAnswer.writeNames(of: response, into: &names)
    let plain = self.name(of: response.key, policy, FieldSelection(), values: .init(start: nil, count: 0))
    return write(names, head, plain, lifetime, orLonger: true)
  }

  /// Whether an answer could be sent now, and its domain may write as much; asked before it is made.
  private func isRoom(for response: CachedResponse) -> Bool {
    let size = SharedAnswer.size(of: response) + AnswerSealer.overhead
    guard access.hasRoom(for: size) else { return false }
    return rate.take(size, of: response.domain.withUnsafeBytes { store.account(of: $0) }, now: loop.now)
  }

  private func write(
    _ bytes: ByteBuffer, _ head: ByteBuffer, _ name: [UInt8], _ lifetime: Int64, orLonger: Bool = false
  ) -> Bool {
    guard let sealed = sealer.seal(bytes, behind: head, as: name),
      access.keep(sealed, as: name, for: lifetime, orLonger: orLonger)
    else {
      counters.sharedDropped.add()
      return false
    }
    counters.sharedWritten.add()
    return true
  }
}
