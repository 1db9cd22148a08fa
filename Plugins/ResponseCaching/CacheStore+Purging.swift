import GatewayKit

extension CacheStore: AnswerCache {
  /// Drops what a purge is about, one stripe after the other.
  func remove(_ purge: CachePurge) -> CachePurged {
    let versions = caches.versions
    return removeAll { response in response.withKept { purge.reaches($0, versions) } }
  }

  func inspect(into report: inout CacheReport, now: Int64) {
    report.budget += budget
    report.used += usage.bytes
    let versions = caches.versions
    forEach { response in
      let name = response.withKept { String(decoding: $0.domain, as: UTF8.self) }
      report.domains[name, default: .init()].add(
        response, isCurrent: response.expires > now && versions.isCurrent(response.version), now: now)
    }
  }
}

extension CacheReport.Domain {
  fileprivate mutating func add(_ response: CachedResponse, isCurrent: Bool, now: Int64) {
    entries += 1
    bytes += response.cost
    largest = max(largest, response.cost)
    if !isCurrent { stale += 1 }
    let age = max(now &- response.born, 0)
    oldest = max(oldest, age)
    ages = ages.addingReportingOverflow(age).partialValue
  }
}
