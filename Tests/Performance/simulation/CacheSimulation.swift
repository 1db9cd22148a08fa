import ArgumentParser
import Foundation
import GatewayKit
import ResponseCaching

@main
struct CacheSimulation: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache-simulation",
    abstract: "Hit rates, memory and times of the response cache's store, on its real table.",
    discussion: "One line a figure; exit code 1 when one is over its bound.")

  @Option(help: "Objects that are asked for more than once.")
  var objects = 1_000_000

  @Option(help: "Requests of each trace.")
  var requests = 10_000_000

  @Option(help: "How far memory may be from what the store counts, in percent.")
  var maxError = 5.0

  @Option(help: "The same when all answers were replaced by others of different sizes: an allocator keeps holes.")
  var maxHoles = 15.0

  func run() throws {
    // First, while nothing else has taken and left memory.
    var isGood = try measureMemory()
    measureTimes()
    for shape in shapes() where !compare(Trace(shape)) { isGood = false }
    if !isGood { throw ExitCode.failure }
  }

  private func shapes() -> [Trace.Shape] {
    let plain = [0.8, 0.9, 1.0].map { Trace.Shape(objects: objects, requests: requests, alpha: $0) }
    let scanned = Trace.Shape(objects: objects, requests: requests, alpha: 0.9, scan: 0.3)
    let varied = Trace.Shape(objects: objects, requests: requests, alpha: 0.9, isVaried: true)
    let both = Trace.Shape(objects: objects, requests: requests, alpha: 0.9, scan: 0.3, isVaried: true)
    return plain + [scanned, varied, both]
  }
}

// MARK: - Hit rates

extension CacheSimulation {
  /// Whether the store does no worse than both references, with a tenth of what all objects would take. The store pays
  /// for its bookkeeping out of that, the references have none.
  private func compare(_ trace: Trace) -> Bool {
    var key = KeyBytes()
    let sample = RealStore(size: 1 << 20)
    sample.fill(&key, 0)
    let costs = (0..<trace.objects).map { sample.answer(key, size: trace.size($0)).cost }
    let capacity = costs.prefix(objects).reduce(0, +) / 10
    let lru = ReferencePolicies.lru(trace, capacity: capacity, costs: costs)
    let s3 = ReferencePolicies.s3FIFO(trace, capacity: capacity, costs: costs)
    let real = RealStore(size: capacity)
    let hits = trace.requests.count { real.ask(Int($0), &key, size: trace.size(Int($0))) }
    let rate = Double(hits) / Double(trace.requests.count)
    let shape = trace.shape
    let isGood = rate >= max(lru, s3) && real.store.usage.bytes <= capacity
    print(
      "alpha \(shape.alpha), scan \(Int(shape.scan * 100)) %, \(shape.isVaried ? "sizes vary" : "one size"):",
      "store \(percent(rate)), S3-FIFO \(percent(s3)), LRU \(percent(lru))", isGood ? "" : "TOO LOW")
    return isGood
  }

  private func percent(_ part: Double) -> String { String(format: "%.2f %%", part * 100) }
}

// MARK: - Memory

extension CacheSimulation {
  /// Fills a store with small answers, then replaces them all by others of different sizes.
  private func measureMemory() throws -> Bool {
    let before = try Memory.resident()
    let real = RealStore(size: 1 << 30)
    var key = KeyBytes()
    for object in 0..<objects {
      real.fill(&key, object)
      real.store.insert(real.answer(key, size: 100))
    }
    let isExact = try show("\(objects) answers of 100 bytes", real, before, most: maxError)
    var random = Random(state: 3)
    for object in objects..<(4 * objects) {
      real.fill(&key, object)
      real.store.insert(real.answer(key, size: Int(random.next() % 2000)))
    }
    let replaced = "full, after \(3 * objects) more of up to 2000 bytes"
    return try show(replaced, real, before, most: maxHoles) && isExact
  }

  private func show(_ what: String, _ real: RealStore, _ before: Int, most: Double) throws -> Bool {
    let (usage, resident) = (real.store.usage, try Memory.resident() - before)
    let error = Double(resident - usage.bytes) / Double(usage.bytes) * 100
    let isGood = abs(error) <= most && usage.bytes <= 1 << 30
    print(
      "memory, \(what): \(usage.entries) kept, counted \(usage.bytes >> 20) MiB,",
      "resident \(resident >> 20) MiB", String(format: "(%+.1f %%),", error),
      "\(usage.bytes / max(1, usage.entries)) bytes each",
      isGood ? "" : "TOO FAR")
    return isGood
  }
}

// MARK: - Times

extension CacheSimulation {
  /// Hits alone on one and two threads, and inserts into a full store with the longest of them.
  private func measureTimes() {
    let real = RealStore(size: 64 << 20)
    var key = KeyBytes()
    for object in 0..<200_000 { _ = real.ask(object, &key, size: 100) }
    for threads in [1, 2] {
      let clock = ContinuousClock()
      let began = clock.now
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        var key = KeyBytes()
        var random = Random(state: UInt64(thread))
        for _ in 0..<2_000_000 {
          real.fill(&key, Int(random.next() % 20_000))
          _ = real.isThere(key)
        }
      }
      print("look-ups, \(threads) threads: \(nanoseconds(clock.now - began) / 2_000_000) ns each")
    }
    var times: [Int] = []
    let clock = ContinuousClock()
    for object in 1_000_000..<1_500_000 {
      real.fill(&key, object)
      let answer = real.answer(key, size: 100)
      let began = clock.now
      real.store.insert(answer)
      times.append(nanoseconds(clock.now - began))
    }
    times.sort()
    let late = times[times.count / 10_000 * 9999]
    print("inserts into a full store: median \(times[times.count / 2]) ns, 99.99 % \(late) ns")
  }

  private func nanoseconds(_ duration: Duration) -> Int {
    Int(duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000)
  }
}
