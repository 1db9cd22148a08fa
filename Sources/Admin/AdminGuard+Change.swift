import Hummingbird
import NIOCore
import NIOPosix

extension AdminGuard {
  /// Has a caller who may do so change something.
  ///
  /// - Parameter longest: the most bytes of a body that are taken.
  func change(
    _ request: Request, longest: Int, _ change: @Sendable @escaping (ByteBuffer) -> AdminAnswer
  ) async -> AdminAnswer {
    if let refusal = refusal(of: request) { return refusal }
    guard let body = try? await request.body.collect(upTo: longest) else {
      return AdminAnswer(
        refusing: .contentTooLarge, "body_too_large", "the body is larger than \(longest) bytes or broken off")
    }
    // Off the threads that serve others: the change waits for the disk, or takes its time.
    let answer = try? await NIOThreadPool.singleton.runIfActive { change(body) }
    return answer ?? AdminAnswer(refusing: .serviceUnavailable, "stopping", "the gateway ends")
  }
}
