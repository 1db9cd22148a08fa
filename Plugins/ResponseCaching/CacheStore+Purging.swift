import GatewayKit

extension CacheStore: AnswerCache {
  func remove(_ purge: CachePurge) -> CachePurged {
    let versions = caches.versions
    let gone = removeAll { response in response.withKept { purge.reaches($0, versions) } }
    return CachePurged(entries: gone.entries, bytes: gone.bytes)
  }

  func inspect(into report: inout CacheReport, domain: String?, now: Int64) {
    report.budget += budget
    report.used += usage.bytes
    report.ages = CacheInspection.ages
    let found = inspect(domain: domain, now: now, most: CacheReport.mostDomains)
    for (name, part) in found.domains { report.domains[name, default: .init()].add(part) }
    report.others.add(found.others)
    report.otherDomains += found.otherDomains
  }
}

extension CacheReport.Domain {
  fileprivate mutating func add(_ part: CacheInspection.Part) {
    entries += part.entries
    bytes += part.bytes
    uses += part.uses
    if ages.isEmpty { ages = part.ages.map { _ in 0 } }
    for index in ages.indices where index < part.ages.count { ages[index] += part.ages[index] }
  }
}
