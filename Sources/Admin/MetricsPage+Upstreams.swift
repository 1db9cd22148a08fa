import GatewayEngine
import GatewayKit

// How the upstreams and their endpoints do.
extension MetricsPage {
  static func render(_ upstreams: [UpstreamStatus], into page: inout Page) {
    page.family("gatehouse_upstream_waiting", "Requests that wait for a connection.", "gauge")
    for upstream in upstreams {
      page.sample("gatehouse_upstream_waiting", MetricLabels.render([("upstream", upstream.name)]), upstream.waiting)
    }
    let shed = "gatehouse_upstream_shed_total"
    page.family(shed, "Requests that waited and had to go for those of lighter domains.", "counter")
    for upstream in upstreams {
      page.sample(shed, MetricLabels.render([("upstream", upstream.name)]), upstream.shed)
    }
    let endpoints = upstreams.flatMap(\.endpoints).map { endpoint in
      (labels: MetricLabels.render([("upstream", endpoint.upstream), ("endpoint", endpoint.endpoint)]), endpoint)
    }
    for (name, help, value) in gauges {
      page.family(name, help, "gauge")
      for (labels, endpoint) in endpoints { page.sample(name, labels, value(endpoint)) }
    }
  }

  private static var gauges: [(name: String, help: String, value: (EndpointStatus) -> Int)] {
    [
      (
        "gatehouse_upstream_endpoint_healthy", "Whether the active checks find it healthy; 1 without checks.",
        { $0.isHealthy ? 1 : 0 }
      ),
      ("gatehouse_upstream_endpoint_ejected_loops", "Loops that leave it out for failing.", { $0.ejectedLoops }),
      ("gatehouse_upstream_endpoint_addresses", "Addresses of its name.", { $0.addresses }),
      ("gatehouse_upstream_endpoint_weight", "Its share beside the others'.", { $0.weight }),
      ("gatehouse_upstream_endpoint_requests_in_flight", "Requests not answered in full.", { $0.inFlight }),
      ("gatehouse_upstream_endpoint_connections_open", "Connections made or being made.", { $0.open }),
      ("gatehouse_upstream_endpoint_connections_idle", "Connections that rest.", { $0.idle }),
    ]
  }
}
