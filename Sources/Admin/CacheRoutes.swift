import GatewayEngine
import GatewayKit
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Dropping what is kept of answers, and telling what is.
struct CacheRoutes: Sendable {
  /// The longest texts that are taken, with every character escaped.
  private static let longestBody = 64 << 10

  let gateway: Gateway
  let gate: AdminGuard
  let clock: any GatewayClock
  let logger: Logger
  private let line = ReportLine()

  init(gateway: Gateway, gate: AdminGuard, clock: any GatewayClock, logger: Logger) {
    self.gateway = gateway
    self.gate = gate
    self.clock = clock
    self.logger = logger
  }

  func add(to router: Router<BasicRequestContext>) {
    router.get("cache") { request, _ in
      if let refusal = gate.refusal(ofInspecting: request) { return refusal.response }
      let domain = request.uri.queryParameters["domain"].map(String.init)
      return await line.run { report(of: domain) }.response
    }
    router.post("cache/purges") { request, _ in
      await gate.change(request, longest: Self.longestBody, purge, answer: answer).response
    }
  }

  private enum Purged: Sendable {
    case refused(AdminAnswer)
    /// What is gone here, and the number of the change for other gateways; nil when they are told nothing.
    case done(CachePurged, UInt64?)
  }

  @Sendable private func purge(_ body: ByteBuffer) -> Purged {
    let wanted: CachePurge
    do {
      wanted = try CachePurge(body.readableBytesView, mergesSlashes: gateway.mergesSlashes)
    } catch {
      return .refused(AdminAnswer(refusing: .badRequest, "purge_invalid", error.message))
    }
    var purge = wanted
    if let name = wanted.domain {
      guard let known = gateway.domainName(for: name) else { return .refused(unknown(name)) }
      purge = CachePurge(wanted.target, domain: known)
    }
    let number = gateway.caches.tell(.purge(purge))
    let gone = gateway.caches.purge(purge)
    note(purge, gone)
    return .done(gone, number)
  }

  /// Says that others are told only when they are: what is on its way may be refused.
  private func answer(_ purged: Purged) async -> AdminAnswer {
    switch purged {
    case .refused(let refusal): return refusal
    case .done(let gone, let number):
      var spread = "off"
      if let number { spread = await gateway.caches.learns(of: number) ? "told" : "waiting" }
      return AdminAnswer(
        .ok, body: "{\"entries\":\(gone.entries),\"bytes\":\(gone.bytes),\"spread\":\"\(spread)\"}\n")
    }
  }

  private func unknown(_ name: String) -> AdminAnswer {
    AdminAnswer(refusing: .notFound, "purge_domain_unknown", "nothing was dropped: \(noDomain(name))")
  }

  private func noDomain(_ name: String) -> String {
    let nearest = gateway.domainName(near: name).map { "; did you mean \($0)?" } ?? ""
    return "no domain has the name or host \(Display.text(name, limit: 100))\(nearest)"
  }

  private func note(_ purge: CachePurge, _ gone: CachePurged) {
    var facts: Logger.Metadata = ["entries": "\(gone.entries)", "bytes": "\(gone.bytes)"]
    for (name, text) in purge.members { facts[name] = "\(Display.text(text, limit: 256))" }
    logger.notice("cache purged", metadata: facts)
  }
}

// MARK: - What is kept

extension CacheRoutes {
  /// - Parameter wanted: a domain's name or host; nil for all domains.
  private func report(of wanted: String?) -> AdminAnswer {
    let known = wanted.map { gateway.domainName(for: $0) }
    // What another configuration has named may still be there.
    let name = wanted.map { (known ?? nil) ?? $0.lowercased() }
    let report = gateway.cacheReport(domain: name, now: clock.monotonic())
    if let wanted, known == .some(.none), report.domains.isEmpty {
      return AdminAnswer(refusing: .notFound, "cache_domain_unknown", noDomain(wanted))
    }
    var domains = report.domains.sorted { ($1.value.bytes, $0.key) < ($0.value.bytes, $1.key) }.map {
      Self.render($0.key, $0.value)
    }
    if report.otherDomains > 0 { domains.append(Self.render("\(report.otherDomains) others", report.others)) }
    let head = "\"budget\":\(report.budget),\"used\":\(report.used),\"entries\":\(report.entries)"
    let ages = report.ages.map(String.init).joined(separator: ",")
    return AdminAnswer(
      .ok, body: "{\(head),\"ages\":[\(ages)],\"domains\":[\(domains.joined(separator: ",\n"))]}\n")
  }

  private static func render(_ name: String, _ domain: CacheReport.Domain) -> String {
    let ages = domain.ages.map(String.init).joined(separator: ",")
    return "{\"domain\":\(TextObject.text(name)),\"entries\":\(domain.entries),\"bytes\":\(domain.bytes),"
      + "\"ages\":[\(ages)],\"hits\":\(domain.uses.hits),\"stale\":\(domain.uses.stale),"
      + "\"validations\":\(domain.uses.validations),\"misses\":\(domain.uses.misses)}"
  }
}
