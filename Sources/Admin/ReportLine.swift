import HTTPTypes
import NIOPosix

/// Makes reports one after the other, off the threads that serve others: each looks at all that is kept.
actor ReportLine {
  /// How many may wait.
  private static let most = 16

  private var waiting = 0
  private var last: Task<AdminAnswer, Never>?

  func run(_ report: @Sendable @escaping () -> AdminAnswer) async -> AdminAnswer {
    guard waiting < Self.most else {
      return AdminAnswer(refusing: .serviceUnavailable, "reports_busy", "too many such calls wait; call again later")
    }
    waiting += 1
    defer { waiting -= 1 }
    let before = last
    let task = Task {
      _ = await before?.value
      let answer = try? await NIOThreadPool.singleton.runIfActive(report)
      return answer ?? AdminAnswer(refusing: .serviceUnavailable, "stopping", "the gateway ends")
    }
    last = task
    return await task.value
  }
}
