import Glibc
import NIOCore
import Synchronization
import Testing

@testable import GatewayEngine

@Suite struct PollLoopTests {
  private final class Turns: TurnObserver, Sendable {
    let count = Atomic<Int>(0)

    func turnBegan() { count.wrappingAdd(1, ordering: .relaxed) }
  }

  /// A wake-up that comes when the loop has taken the task already must not keep it awake.
  @Test func restsAfterTasksFromOtherThreads() async throws {
    let loop = try PollLoop.start(name: "test")
    let turns = Turns()
    try await loop.submit { loop.observer = turns }.get()
    for _ in 0..<300 {
      // The loop turns without a rest while the task is given to it.
      let isBusy = Flag()
      loop.execute { Self.keepBusy(loop, isBusy) }
      for _ in 0..<100 { loop.execute {} }
      isBusy.value.store(false, ordering: .relaxed)
      try await Task.sleep(for: .milliseconds(1))
      let before = turns.count.load(ordering: .relaxed)
      try await Task.sleep(for: .milliseconds(2))
      #expect(turns.count.load(ordering: .relaxed) - before < 50)
    }
    await loop.stop()
  }

  private final class Flag: Sendable {
    let value = Atomic<Bool>(true)
  }

  private static func keepBusy(_ loop: PollLoop, _ flag: Flag) {
    if flag.value.load(ordering: .relaxed) { loop.enqueue { keepBusy(loop, flag) } }
  }

  @Test func runsTasksThatComeAfterTheEnd() async throws {
    let loop = try PollLoop.start(name: "test")
    await loop.stop()
    #expect(!loop.inEventLoop)
    let answer = try await loop.submit {
      loop.execute {}
      return loop.inEventLoop
    }.get()
    #expect(answer)
    #expect(!loop.inEventLoop)
    await loop.stop()
  }

  /// Its descriptors may be somebody else's after the end.
  @Test func writesToNobodyAfterTheEnd() async throws {
    let loop = try PollLoop.start(name: "test")
    await loop.stop()
    var pairs: [[CInt]] = []
    for _ in 0..<8 {
      var pair: [CInt] = [0, 0]
      #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0, &pair) == 0)
      pairs.append(pair)
    }
    loop.execute {}
    for descriptor in pairs.joined() {
      var byte: UInt8 = 0
      #expect(recv(descriptor, &byte, 1, 0) == -1)
    }
    for descriptor in pairs.joined() { Descriptor.close(descriptor) }
  }
}

@Suite struct OutputQueueTests {
  @Test func holdsLittleMoreThanItsBytes() {
    var queue = OutputQueue()
    for _ in 0..<1000 {
      var piece = ByteBufferAllocator().buffer(capacity: 64 << 10)
      piece.writeString("data: 1\n\n")
      queue.append(piece)
    }
    #expect(queue.bytes == 9000)
    #expect(queue.capacity < 64 << 10)
  }

  @Test func keepsTheOrder() throws {
    var pair: [CInt] = [0, 0]
    #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0, &pair) == 0)
    defer { for descriptor in pair { Descriptor.close(descriptor) } }
    var queue = OutputQueue()
    var (sent, received): ([UInt8], [UInt8]) = ([], [])
    for round in 0..<400 {
      // Small ones, large ones, and some of both in a row.
      let length = round % 7 == 0 ? 9000 : 1 + round * 31 % 4500
      let piece = ByteBuffer(repeating: UInt8(truncatingIfNeeded: round), count: length)
      sent += Array(piece.readableBytesView)
      queue.append(piece)
      guard round % 3 == 0 else { continue }
      _ = queue.send(to: pair[0])
      received += Self.read(pair[1], atMost: 4000)
    }
    while queue.bytes > 0 {
      guard case .blocked = queue.send(to: pair[0]) else { break }
      received += Self.read(pair[1], atMost: 64 << 10)
    }
    received += Self.read(pair[1], atMost: 8 << 20)
    #expect(queue.bytes == 0)
    #expect(received == sent)
  }

  private static func read(_ descriptor: CInt, atMost most: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: most)
    let count = recv(descriptor, &bytes, most, 0)
    return Array(bytes.prefix(max(count, 0)))
  }
}
