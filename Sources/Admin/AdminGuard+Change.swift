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
    await self.change(request, longest: longest, change) { $0 }
  }

  /// The same where what is answered is not known when the change is made.
  ///
  /// - Parameter answer: what came of the change, in words.
  func change<Made: Sendable>(
    _ request: Request, longest: Int, _ change: @Sendable @escaping (ByteBuffer) -> Made,
    answer: (Made) async -> AdminAnswer
  ) async -> AdminAnswer {
    if let refusal = refusal(of: request) { return refusal }
    guard let body = try? await request.body.collect(upTo: longest) else {
      return AdminAnswer(
        refusing: .contentTooLarge, "body_too_large", "the body is larger than \(longest) bytes or broken off")
    }
    // Off the threads that serve others: the change waits for the disk, or takes its time.
    guard let made = try? await NIOThreadPool.singleton.runIfActive({ change(body) }) else {
      return AdminAnswer(refusing: .serviceUnavailable, "stopping", "the gateway ends")
    }
    return await answer(made)
  }
}
