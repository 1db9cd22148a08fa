/// The configuration that the demo runs with. It is written to a file, so that it can be read, changed and run by hand.
enum DemoConfiguration {
  static func yaml(port: Int, adminPort: Int, origin: Int) -> String {
    """
    # The configuration of `gatehouse demo`. config/gatehouse.yaml in the sources explains every setting.
    version: 1

    listeners:
      - bind: 127.0.0.1:\(port)
    admin: { bind: "127.0.0.1:\(adminPort)" }

    # What names the tenant of a request: the field losantdomain, or the Host field.
    domain_from: [losantdomain, host]

    upstreams:
      tokens: { endpoints: ["http://127.0.0.1:\(origin)"] }

    defaults:
      use:
        - request-id
        - authentication:
            keys: { jwks: "http://127.0.0.1:\(origin)/.well-known/jwks.json" }
            # A token carries the domain that it was made for; it is worth nothing in another.
            domain_claim: iss
        - scopes: { operations: losant }
        - rate-limit: { key: [domain, token], rate: 600/m, burst: 100 }

    domains:
      - name: example.com
        upstream: tokens
        # On the domain, so that a write makes the kept lists worthless. The API forbids every cache to keep its
        # answers; whoever runs the gateway overrules that here, by name, for each token apart.
        use:
          - cache: { ttl: 10s, share: token, override: [no-store, no-cache] }
      - name: tenant.example
        upstream: tokens
        use:
          - rate-limit: { key: [domain, token], rate: 3/m, burst: 3 }

    """
  }
}
