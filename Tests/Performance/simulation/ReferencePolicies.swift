/// A list of objects by their numbers, from the newest to the oldest.
private struct Line {
  private(set) var bytes = 0
  private(set) var count = 0
  private var newest = -1
  private(set) var oldest = -1

  mutating func add(_ object: Int, _ links: inout [(newer: Int, older: Int)], _ cost: Int) {
    links[object] = (-1, newest)
    if newest >= 0 { links[newest].newer = object }
    newest = object
    if oldest < 0 { oldest = object }
    bytes += cost
    count += 1
  }

  mutating func remove(_ object: Int, _ links: inout [(newer: Int, older: Int)], _ cost: Int) {
    let link = links[object]
    if link.newer < 0 { newest = link.older } else { links[link.newer].older = link.older }
    if link.older < 0 { oldest = link.newer } else { links[link.older].newer = link.newer }
    bytes -= cost
    count -= 1
  }
}

/// Policies of other caches on the same trace, with the same bytes and no bookkeeping at all.
enum ReferencePolicies {
  /// Who was not asked for longest goes.
  static func lru(_ trace: Trace, capacity: Int, costs: [Int]) -> Double {
    var (line, hits) = (Line(), 0)
    var links = [(newer: Int, older: Int)](repeating: (-1, -1), count: trace.objects)
    var isKept = [Bool](repeating: false, count: trace.objects)
    for object in trace.requests.lazy.map({ Int($0) }) {
      if isKept[object] {
        hits += 1
        line.remove(object, &links, costs[object])
      }
      isKept[object] = true
      while line.bytes + costs[object] > capacity {
        let oldest = line.oldest
        isKept[oldest] = false
        line.remove(oldest, &links, costs[oldest])
      }
      line.add(object, &links, costs[object])
    }
    return Double(hits) / Double(trace.requests.count)
  }

  /// S3-FIFO (Yang et al., SOSP 2023): a small queue of a tenth, a main queue with second chances, and a memory of as
  /// many dropped objects as the main queue has.
  static func s3FIFO(_ trace: Trace, capacity: Int, costs: [Int]) -> Double {
    var (small, main, hits, clock) = (Line(), Line(), 0, 0)
    var links = [(newer: Int, older: Int)](repeating: (-1, -1), count: trace.objects)
    var place = [UInt8](repeating: 0, count: trace.objects)
    var uses = [UInt8](repeating: 0, count: trace.objects)
    var dropped = [Int](repeating: .min / 2, count: trace.objects)
    for object in trace.requests.lazy.map({ Int($0) }) {
      if place[object] != 0 {
        hits += 1
        uses[object] = min(3, uses[object] + 1)
        continue
      }
      while small.bytes + main.bytes + costs[object] > capacity {
        if small.bytes > capacity / 10 || main.count == 0 {
          let oldest = small.oldest
          small.remove(oldest, &links, costs[oldest])
          if uses[oldest] > 1 {
            (place[oldest], uses[oldest]) = (2, 0)
            main.add(oldest, &links, costs[oldest])
          } else {
            place[oldest] = 0
            dropped[oldest] = clock
            clock += 1
          }
        } else {
          let oldest = main.oldest
          main.remove(oldest, &links, costs[oldest])
          if uses[oldest] > 0 {
            uses[oldest] -= 1
            main.add(oldest, &links, costs[oldest])
          } else {
            place[oldest] = 0
          }
        }
      }
      uses[object] = 0
      if clock - dropped[object] <= main.count {
        place[object] = 2
        main.add(object, &links, costs[object])
      } else {
        place[object] = 1
        small.add(object, &links, costs[object])
      }
    }
    return Double(hits) / Double(trace.requests.count)
  }
}
