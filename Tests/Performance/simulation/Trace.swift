import Foundation

/// Requests by chance: objects whose popularity falls by Zipf's law, and between them a scan of objects that nobody asks
/// for again.
struct Trace {
  /// What decides a trace; equal shapes give equal traces.
  struct Shape {
    var objects: Int
    var requests: Int
    /// The exponent of Zipf's law.
    var alpha: Double
    /// The part of the requests that belongs to the scan.
    var scan = 0.0
    /// Whether objects differ in size: nine of ten up to 1000 bytes, the tenth up to 10,000; else all have 64.
    var isVaried = false
  }

  let shape: Shape
  /// The object of each request.
  let requests: [UInt32]
  /// How many objects there are with those of the scan.
  let objects: Int

  init(_ shape: Shape) {
    self.shape = shape
    var cumulative = [Double](repeating: 0, count: shape.objects)
    var total = 0.0
    for index in 0..<shape.objects {
      total += 1 / pow(Double(index + 1), shape.alpha)
      cumulative[index] = total
    }
    var (random, next) = (Random(state: 7), shape.objects)
    var requests: [UInt32] = []
    requests.reserveCapacity(shape.requests)
    for _ in 0..<shape.requests {
      if shape.scan > 0, random.unit() < shape.scan {
        requests.append(UInt32(next))
        next += 1
        continue
      }
      let wanted = random.unit() * total
      var (low, high) = (0, shape.objects - 1)
      while low < high {
        let middle = (low + high) / 2
        if cumulative[middle] < wanted { low = middle + 1 } else { high = middle }
      }
      requests.append(UInt32(low))
    }
    self.requests = requests
    objects = next
  }

  /// Bytes of an object's body.
  func size(_ object: Int) -> Int {
    guard shape.isVaried else { return 64 }
    var random = Random(state: UInt64(object) + 1)
    let isLarge = random.next() % 10 == 0
    return Int(random.next() % (isLarge ? 10_000 : 1000))
  }
}

/// SplitMix64.
struct Random {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }

  /// From 0 to 1.
  mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }
}
