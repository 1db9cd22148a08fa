import GatewayKit
import HTTPWire
import NIOCore

/// Which tags an answer has, by what the configuration, the catalogue and the origin say, and which ones a write makes
/// worthless.
struct TagRules {
  private let declared: [[UInt8]]
  private let purged: [[UInt8]]
  private let keys: FieldSelection
  private let lists: FieldSelection
  private let keepsFields: Bool
  private let most: Int
  /// Whether the origin is listened to.
  private let readsFields: Bool

  init(_ settings: CacheSettings) {
    declared = settings.tags.map { Array($0.utf8) }
    purged = settings.purges.map { Array($0.utf8) }
    keys = FieldSelection(settings.tagFields.filter { $0 == .surrogateKey }.map(\.rawValue))
    lists = FieldSelection(settings.tagFields.filter { $0 == .cacheTag }.map(\.rawValue))
    readsFields = !settings.tagFields.isEmpty
    keepsFields = settings.keepsTagFields
    most = settings.mostTags
  }

  /// Adds the answer's tags; false when there are too many, or one is too long: a purge would not reach the answer.
  func add(to mark: inout AnswerVersions.Mark, _ exchange: Exchange, _ versions: AnswerVersions) -> Bool {
    add(to: &mark, exchange, versions) { add in
      addKnown(exchange, add)
      if readsFields { readFields(of: exchange.response.block, add) }
    }
  }

  /// Adds those that are known before there is an answer; false as above.
  func addKnown(to mark: inout AnswerVersions.Mark, _ exchange: Exchange, _ versions: AnswerVersions) -> Bool {
    add(to: &mark, exchange, versions) { addKnown(exchange, $0) }
  }

  private func addKnown(_ exchange: Exchange, _ add: (UnsafeRawBufferPointer) -> Void) {
    for tag in declared { tag.withUnsafeBytes(add) }
    for tag in exchange.operation?.tags ?? [] { tag.withUnsafeBytes(add) }
  }

  private func add(
    to mark: inout AnswerVersions.Mark, _ exchange: Exchange, _ versions: AnswerVersions,
    _ tags: ((UnsafeRawBufferPointer) -> Void) -> Void
  ) -> Bool {
    guard let domain = exchange.domain else { return false }
    var isWhole = true
    domain.key.withUnsafeReadableBytes { domain in
      tags { tag in
        guard tag.count <= CacheTagName.longest, mark.tags.count < most else { return isWhole = false }
        mark.add(tag: versions.hash(domain: domain, tag: tag))
      }
    }
    return isWhole
  }

  /// Whether there are no more of them than an answer may have.
  func areBounded(_ mark: AnswerVersions.Mark) -> Bool { mark.tags.count <= most }

  private func readFields(of block: FieldBlock, _ add: (UnsafeRawBufferPointer) -> Void) {
    for index in block.fields.indices where !block.fields[index].isRemoved {
      let separator: UInt8
      if keys.selects(index, of: block) {
        separator = UInt8(ascii: " ")
      } else if lists.selects(index, of: block) {
        separator = UInt8(ascii: ",")
      } else {
        continue
      }
      block.withValue(index) { value in
        for part in value.split(separator: separator) {
          let tag = ListScanner.trim(part)
          if !tag.isEmpty { add(UnsafeRawBufferPointer(rebasing: tag)) }
        }
      }
    }
  }

  /// Keeps the fields with tags from the client: they are between the origin and its caches.
  func removeFields(of exchange: Exchange) {
    guard readsFields, !keepsFields, exchange.replyInProgress == nil else { return }
    for index in exchange.response.block.fields.indices {
      let block = exchange.response.block
      if keys.selects(index, of: block) || lists.selects(index, of: block) { exchange.removeResponseField(at: index) }
    }
  }

  /// What a write has changed.
  func purge(by exchange: Exchange, _ domain: DomainFacts, _ caches: AnswerCaches) {
    for tag in purged { tag.withUnsafeBytes { caches.changed(domain, tag: $0) } }
    for tag in exchange.operation?.purges ?? [] { tag.withUnsafeBytes { caches.changed(domain, tag: $0) } }
  }
}
