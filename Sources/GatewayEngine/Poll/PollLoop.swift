import CEpoll
import Glibc
import NIOCore
import Synchronization

/// Whoever wants to know that a loop begins to work on what a wait brought.
protocol TurnObserver: AnyObject {
  func turnBegan()
}

/// An event loop of the gateway's own: a thread that waits for descriptors and runs what becomes ready.
///
/// It is a NIO event loop too, so that futures, promises and plugins that know those feel at home; NIO's sockets do not run
/// on it. Why not NIO's loop: a proxied request cost three microseconds there in passing through channels and pipelines, as
/// much as all else that the gateway does for it.
///
/// Everything but the inbox belongs to the loop's thread; that is what makes it sendable.
package final class PollLoop: EventLoop, @unchecked Sendable {
  private let inbox = Mutex(Inbox())
  private let wakeup: CInt
  /// The thread's id; 0 before it runs.
  private let identity = Atomic<UInt>(0)

  private struct Inbox {
    var tasks: [@Sendable () -> Void] = []
    var isWoken = false
    /// The thread has ended, or is about to.
    var isOver = false
  }

  /// Whoever runs a task after the end of the loop's thread.
  private let afterwards = Mutex(())

  // The loop's own.
  @exclusivity(unchecked) var poller: Poller
  var observer: (any TurnObserver)?
  @exclusivity(unchecked) private var deferred: ContiguousArray<PollTarget> = []
  @exclusivity(unchecked) private var tasks: ContiguousArray<() -> Void> = []
  @exclusivity(unchecked) var schedule = TaskSchedule()
  private var isStopped = false
  private var whoeverStopped: CheckedContinuation<Void, Never>?
  @exclusivity(unchecked) private var inputs: ContiguousArray<ByteBuffer> = []
  /// The input of who has none. Not NIO's empty buffer, whose references all threads count.
  let noInput = ByteBufferAllocator().buffer(capacity: 1)

  /// Starts the loop's thread.
  package static func start(name: String) throws(SystemError) -> PollLoop {
    let loop = try PollLoop()
    try loop.begin(name)
    return loop
  }

  /// Not at the end of the thread: others may still wake the loop, and the descriptor would be somebody else's by then.
  deinit { Descriptor.close(wakeup) }

  private init() throws(SystemError) {
    var poller = try Poller()
    wakeup = try SystemError.check(gh_eventfd(), "eventfd")
    try poller.addLevel(Self.wakeupTarget, descriptor: wakeup, exclusive: false)
    self.poller = poller
  }

  private static var wakeupTarget: PollTarget { PollTarget() }

  private func begin(_ name: String) throws(SystemError) {
    let box = Unmanaged.passRetained(Start(loop: self, name: name))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        gh_name_thread(String(start.name.prefix(15)))
        start.loop.run()
        return nil
      }, box.toOpaque())
    guard code == 0 else {
      box.release()
      throw SystemError(code: code, call: "pthread_create")
    }
    pthread_detach(thread)
  }

  private final class Start {
    let loop: PollLoop
    let name: String

    init(loop: PollLoop, name: String) {
      self.loop = loop
      self.name = name
    }
  }
}

// MARK: - Turning

extension PollLoop {
  private func run() {
    identity.store(UInt(pthread_self()), ordering: .relaxed)
    while !isStopped { turn() }
    let sockets = poller.targets.compactMap { $0 as? StreamSocket }
    for socket in sockets { socket.loopEnds() }
    for socket in sockets { socket.close() }
    while !deferred.isEmpty { runDeferred() }
    observer = nil
    poller.close()
    inbox.withLock { $0.isOver = true }
    takeInbox()
    while !tasks.isEmpty { runTasks() }
    // Threads' ids are used again.
    identity.store(0, ordering: .relaxed)
    whoeverStopped?.resume()
  }

  private func turn() {
    let count = poller.wait(milliseconds: timeout)
    observer?.turnBegan()
    for index in 0..<count {
      if let (target, events) = poller.event(index) { target.ready(events) }
    }
    runDeferred()
    takeInbox()
    runTasks()
    while let task = schedule.popDue(now: .now()) { task() }
    runDeferred()
  }

  /// How long to wait when nothing happens.
  private var timeout: CInt {
    if !deferred.isEmpty || !tasks.isEmpty { return 0 }
    guard let next = schedule.next else { return -1 }
    let nanoseconds = (next - .now()).nanoseconds
    return nanoseconds <= 0 ? 0 : CInt(clamping: (nanoseconds + 999_999) / 1_000_000)
  }

  /// Has the target's ``PollTarget/deferredWork()`` done when the current event is, in this turn or the next.
  func later(_ target: PollTarget) {
    guard !target.isDeferred else { return }
    target.isDeferred = true
    deferred.append(target)
  }

  /// What is put off while this runs is for the next turn, after the other descriptors.
  private func runDeferred() {
    guard !deferred.isEmpty else { return }
    var due: ContiguousArray<PollTarget> = []
    swap(&due, &deferred)
    for target in due {
      target.isDeferred = false
      target.deferredWork()
    }
    if deferred.isEmpty {
      due.removeAll(keepingCapacity: true)
      swap(&due, &deferred)
    }
  }

  private func takeInbox() {
    let arrived = inbox.withLock { inbox in
      guard inbox.isWoken else { return [@Sendable () -> Void]() }
      inbox.isWoken = false
      gh_calm(wakeup)
      defer { inbox.tasks = [] }
      return inbox.tasks
    }
    for task in arrived { task() }
  }

  private func runTasks() {
    guard !tasks.isEmpty else { return }
    var due: ContiguousArray<() -> Void> = []
    swap(&due, &tasks)
    for task in due { task() }
  }

  /// Ends the thread and waits for its end; connections that are still open are cut. Not from a loop's thread.
  package func stop() async {
    await withCheckedContinuation { continuation in
      execute { [self] in
        // A second time there is nothing to wait for.
        if isStopped { return continuation.resume() }
        isStopped = true
        whoeverStopped = continuation
      }
    }
  }
}

// MARK: - Input buffers

extension PollLoop {
  /// Enough for most heads.
  static let inputCapacity = 4096
  private static let mostInputs = 64

  /// An empty buffer for input, one that was used before if there is one.
  func takeInput() -> ByteBuffer { inputs.popLast() ?? ByteBufferAllocator().buffer(capacity: Self.inputCapacity) }

  /// Takes a buffer back that nobody else refers to.
  func giveInput(_ buffer: consuming ByteBuffer) {
    guard buffer.capacity == Self.inputCapacity, inputs.count < Self.mostInputs else { return }
    buffer.clear()
    inputs.append(buffer)
  }
}

// MARK: - Tasks

extension PollLoop {
  package var inEventLoop: Bool { identity.load(ordering: .relaxed) == UInt(pthread_self()) }

  /// Runs a task after what runs now. Only on the loop's thread.
  func enqueue(_ task: @escaping () -> Void) { tasks.append(task) }

  /// Runs a task on the loop, after what runs now.
  package func execute(_ task: @escaping @Sendable () -> Void) {
    if inEventLoop {
      tasks.append(task)
      return
    }
    let isOver = inbox.withLock { inbox in
      guard !inbox.isOver else { return true }
      inbox.tasks.append(task)
      guard !inbox.isWoken else { return false }
      inbox.isWoken = true
      // With the lock held: a loop that took the task already would not calm what wakes it, and spin from then on.
      gh_wake(wakeup)
      return false
    }
    if isOver { runAfterwards(task) }
  }

  /// After the end the caller stands in for the loop's thread, so that nobody waits for a task that is never run.
  private func runAfterwards(_ task: () -> Void) {
    afterwards.withLock { _ in
      identity.store(UInt(pthread_self()), ordering: .relaxed)
      task()
      while !tasks.isEmpty { runTasks() }
      identity.store(0, ordering: .relaxed)
    }
  }
}
