import GatewayEngine
import GatewayKit

/// What was counted, and how the upstreams do, in Prometheus' text format, version 0.0.4.
enum MetricsPage {
  static func render(
    _ counters: LoopCounters, loops: Int, upstreams: [UpstreamStatus],
    plugins: CounterRegistry
  ) -> String {
    var page = Page()
    page.gauge("gatehouse_loops", "Event loops.", loops)
    render(counters, into: &page)
    render(upstreams, into: &page)
    render(plugins.snapshot(), "counter", into: &page)
    render(plugins.gaugeSnapshot(), "gauge", into: &page)
    return page.text
  }

  private static func render(_ counters: LoopCounters, into page: inout Page) {
    page.gauge("gatehouse_connections_open", "Client connections open now.", counters.connectionsOpen)
    page.counter("gatehouse_connections_total", "Client connections accepted.", counters.connectionsAccepted)
    page.counter(
      "gatehouse_connections_refused_total", "Client connections that were not taken, most for a bound.",
      counters.connectionsRefused)
    page.gauge("gatehouse_tunnels_open", "Exchanges that became WebSocket tunnels and go on.", counters.tunnelsOpen)
    page.counter("gatehouse_requests_total", "Requests whose head was read or refused.", counters.requests)
    page.family("gatehouse_responses_total", "Responses by class of status; none when the client left.", "counter")
    for index in counters.answers.indices {
      let labels = MetricLabels.render([("class", index == 0 ? "none" : "\(index)xx")])
      page.sample("gatehouse_responses_total", labels, counters.answers[index])
    }
    page.family("gatehouse_refusals_total", "Answers and cuts of the gateway's own, by reason.", "counter")
    for (reason, count) in counters.reasons.sorted(by: { $0.key < $1.key }) {
      page.sample("gatehouse_refusals_total", MetricLabels.render([("reason", reason)]), count)
    }
    page.counter("gatehouse_request_body_bytes_total", "Content received from clients.", counters.requestBytes)
    page.counter("gatehouse_response_body_bytes_total", "Content sent to clients.", counters.responseBytes)
    page.gauge("gatehouse_upstream_connections_open", "Connections to origins open now.", counters.upstreamOpen)
    page.counter("gatehouse_upstream_connects_total", "Connections to origins begun.", counters.upstreamConnects)
    page.counter(
      "gatehouse_upstream_connect_failures_total", "Those that failed.", counters.upstreamConnectFailures)
    page.counter("gatehouse_upstream_retries_total", "Requests sent once more.", counters.upstreamRetries)
    page.counter(
      "gatehouse_upstream_failures_total", "Requests and connections that endpoints failed.", counters.upstreamFailures)
    page.counter("gatehouse_upstream_ejections_total", "Endpoints left out for failing.", counters.ejections)
    page.counter("gatehouse_health_checks_total", "Checks of endpoints' health that are done.", counters.healthChecks)
    page.counter("gatehouse_health_check_failures_total", "Those that failed.", counters.healthCheckFailures)
  }

  private static func render(
    _ metrics: [(key: CounterRegistry.Key, help: String, value: some BinaryInteger)], _ type: String,
    into page: inout Page
  ) {
    var last: String?
    for metric in metrics {
      if metric.key.name != last { page.family(metric.key.name, metric.help, type) }
      last = metric.key.name
      page.sample(metric.key.name, metric.key.labels, metric.value)
    }
  }
}
