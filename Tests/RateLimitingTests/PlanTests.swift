import GatewayKit
import GatewayTesting
import Testing

@testable import RateLimiting

/// Amounts by plan, and exceptions.
@Suite struct PlanTests {
  private let settings = """
    plans:
      free: { rate: 1/h }
      gold: { rate: 3/h }
      staff: unlimited
    plan:
      claim: plan
      tokens: { vip: gold }
      domains: { Big.Example: gold }
      default: free
    overrides:
      tokens: { special: { rate: 5/h } }
      domains: { slow.example: { rate: 2/h } }
    """

  private func count(_ domain: String, _ identity: Identity?) throws -> Int {
    try Rig(settings).passing(10, domain: domain, identity: identity)
  }

  @Test func whoHasWhichPlan() throws {
    #expect(try count("example.com", .sample(1)) == 1)
    #expect(try count("example.com", nil) == 1)
    #expect(try count("example.com", .sample(1, claims: [("plan", "gold")])) == 3)
    #expect(try count("example.com", .sample(1, claims: [("plan", "staff")])) == 10)
    // A claim that names no plan is worth the default.
    #expect(try count("example.com", .sample(1, claims: [("plan", "platinum")])) == 1)
    #expect(try count("example.com", .sample(1, claims: [("tier", "gold")])) == 1)
    #expect(try count("example.com", .sample(1, tokenID: "vip")) == 3)
    #expect(try count("big.example", .sample(1)) == 3)
    // The token's plan comes before its domain's.
    #expect(try count("big.example", .sample(1, claims: [("plan", "free")])) == 1)
  }

  @Test func exceptionsComeBeforePlans() throws {
    #expect(try count("example.com", .sample(1, tokenID: "special", claims: [("plan", "free")])) == 5)
    #expect(try count("slow.example", .sample(1, claims: [("plan", "gold")])) == 2)
  }

  @Test func theClientIsToldOfItsOwnPlan() throws {
    let exchange = try Rig(settings).exchange(identity: .sample(1, claims: [("plan", "gold")]))
    let rig = try Rig(settings)
    #expect(rig.ask(exchange) == nil)
    #expect(exchange.addedFields.hasPrefix("RateLimit-Policy: \"default\";q=3;w=3600\r\n"))
  }

  @Test(arguments: [
    "{ plans: { a: { rate: 1/s } } }", "{ plans: { a: { rate: 1/s } }, plan: { default: b } }",
    "{ plans: { a: {} }, plan: { default: a } }", "{ plans: { a: 5 }, plan: { default: a } }",
    "{ plans: { a: { rate: 1/s } }, plan: { domains: { x: a } } }", "{ rate: 1/s, overrides: { tokens: { t: { } } } }",
    "{ rate: 1/s, plan: { tokens: { t: gold } } }",
    "{ plans: { a: { rate: 1/s, colour: red } }, plan: { default: a } }",
  ])
  func mistakes(settings: String) {
    #expect(throws: ConfigurationError.self) { try Rig(settings) }
  }
}
