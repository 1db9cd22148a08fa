import Crypto
import GatewayKit

extension CacheSettings {
  /// What of the settings decides which answers are kept, for whom and for how long, in a form that two settings share
  /// only when they mean the same. It is part of every key: what was kept by one rule is never given by another.
  var meaning: Fingerprint {
    var bytes = KeyBytes()
    writeMeaning(into: &bytes)
    return bytes.withBytes { Fingerprint(digest: SHA256.hash(data: $0)) }
  }

  private func writeMeaning(into out: inout KeyBytes) {
    out.append(UInt64(bitPattern: ttl))
    write(share.rawValue, &out)
    out.append((isShareDeclared ? 1 : 0) as UInt8)
    write(override.map(\.rawValue).sorted(), &out)
    write(headers, &out)
    out.append((query == nil ? 0 : 1) as UInt8)
    write(query ?? [], &out)
    out.append(UInt64(bitPattern: grace.onError))
    out.append(UInt64(bitPattern: grace.whileAsking))
    out.append((revalidates ? 1 : 0) as UInt8)
    write(tags.sorted(), &out)
    write(tagFields.map(\.rawValue).sorted(), &out)
    out.append((keepsTagFields ? 1 : 0) as UInt8)
    out.append(UInt64(mostTags))
    out.append((origin == nil ? 0 : 1) as UInt8)
    guard let origin else { return }
    out.append(UInt64(bitPattern: origin.heuristic))
    out.append(UInt64(bitPattern: origin.longest))
    write(origin.targeted, &out)
    write(origin.drop, &out)
  }

  private func write(_ texts: [String], _ out: inout KeyBytes) {
    out.append(UInt64(texts.count))
    for text in texts { write(text, &out) }
  }

  private func write(_ text: String, _ out: inout KeyBytes) {
    Array(text.utf8).withUnsafeBytes { out.append(part: $0) }
  }
}
