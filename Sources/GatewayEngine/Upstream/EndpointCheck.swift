import GatewayKit
import HTTPWire
import Logging
import NIOCore

/// The active checks of one endpoint, one after the other: its timer stands for the end of the pause or of the check's
/// time, so that two can never overlap.
final class EndpointCheck {
  private enum Stage {
    case resting
    case connecting(UpstreamWish)
    case asking(UpstreamConnection)
  }

  private let pool: UpstreamPool
  private let endpoint: Int
  private let configuration: HealthCheckConfiguration
  private let statuses: StatusSet
  private let interval: Int64
  private let timeout: Int64
  private let tell: (Bool) -> Void

  private var health: ActiveHealth
  private var stage = Stage.resting
  private let timer = Timer()
  /// When the next check is due, monotonic nanoseconds.
  private var next: Int64 = 0

  init(
    _ endpoint: Int, of pool: UpstreamPool, _ configuration: HealthCheckConfiguration, tell: @escaping (Bool) -> Void
  ) {
    self.pool = pool
    self.endpoint = endpoint
    self.configuration = configuration
    self.tell = tell
    statuses = StatusSet(configuration.statuses)
    interval = configuration.interval.nanoseconds
    timeout = configuration.timeout.nanoseconds
    health = ActiveHealth(configuration)
  }

  private var worker: LoopWorker { pool.worker }

  func start() {
    timer.target = self
    check()
  }

  func stop() {
    timer.target = nil
    worker.wheel.cancel(timer)
    cut()
  }

  private func check() {
    next = worker.context.now &+ pause()
    guard pool.states[endpoint].isResolved else { return end(.failed(.unresolved)) }
    stage = .connecting(pool.connectToCheck(endpoint, self))
    worker.wheel.arm(timer, deadline: worker.context.now &+ timeout)
  }

  /// The interval, a tenth more or less, so that gateways and endpoints do not keep step.
  private func pause() -> Int64 {
    let tenth = interval / 10
    guard tenth > 0 else { return interval }
    return interval - tenth + Int64(worker.context.random() % UInt64(2 * tenth + 1))
  }

  /// Leaves the check that is under way.
  private func cut() {
    switch stage {
    case .resting: break
    case .connecting(let wish): pool.cancel(wish)
    case .asking(let connection): connection.abandon()
    }
    stage = .resting
  }
}

// MARK: - Steps

extension EndpointCheck: TimerTarget, UpstreamWaiter, UpstreamExchange {
  func timerFired() {
    if case .resting = stage { return check() }
    cut()
    end(.timeout)
  }

  func upstreamReady(_ connection: UpstreamConnection) {
    stage = .asking(connection)
    connection.begin(self)
    worker.upstreamOutput.clear()
    writeRequest(to: connection)
    connection.write(&worker.upstreamOutput)
  }

  private func writeRequest(to connection: UpstreamConnection) {
    worker.upstreamOutput.writeStaticString("GET ")
    worker.upstreamOutput.writeImmutableBuffer(connection.basePath)
    worker.upstreamOutput.writeString(configuration.path)
    worker.upstreamOutput.writeStaticString(" HTTP/1.1\r\n")
    let host = configuration.host.map { ByteBuffer(string: $0) } ?? connection.hostField
    HeadWriting.writeField(.host, host, into: &worker.upstreamOutput)
    HeadWriting.writeField(.userAgent, "gatehouse-health-check", into: &worker.upstreamOutput)
    HeadWriting.writeField(.connection, "close", into: &worker.upstreamOutput)
    HeadWriting.writeLineEnd(into: &worker.upstreamOutput)
  }

  func upstreamUnavailable(_ failure: UpstreamFailure) { end(.failed(failure)) }

  var requestMethod: Method { .get }

  func upstreamInterim(_ head: inout ResponseHead) {}

  /// The head is all that counts.
  func upstreamHead(_ head: inout ResponseHead) {
    let status = Int(head.status)
    cut()
    end(statuses.contains(status) ? .good : .status(status))
  }

  func upstreamBody(_ bytes: ByteBuffer) {}
  func upstreamEnd(trailers: FieldBlock?) {}
  func upstreamReleased() {}
  func upstreamFailed(_ failure: UpstreamFailure) { end(.failed(failure)) }
  func upstreamReadComplete() {}
  func upstreamDrained() {}
}

// MARK: - Results

extension EndpointCheck {
  private enum Result {
    case good
    case status(Int)
    case timeout
    case failed(UpstreamFailure)

    /// For the log.
    var reason: String {
      switch self {
      case .good: "good"
      case .status(let status): "status \(status)"
      case .timeout: "timeout"
      case .failed(let failure): failure.reply.reason?.text ?? "failed"
      }
    }
  }

  private func end(_ result: Result) {
    stage = .resting
    worker.counters.healthChecks &+= 1
    worker.wheel.arm(timer, deadline: next)
    if case .good = result {
      if health.good() { report(.notice, "an endpoint passes its health checks again", result) }
    } else {
      worker.counters.healthCheckFailures &+= 1
      if health.bad() { report(.warning, "an endpoint fails its health checks", result) }
    }
  }

  private func report(_ level: Logger.Level, _ message: Logger.Message, _ result: Result) {
    worker.log(
      level, message,
      [
        "upstream": pool.configuration.name, "endpoint": pool.configuration.endpoints[endpoint].description,
        "reason": result.reason,
      ])
    tell(health.isHealthy)
  }
}
