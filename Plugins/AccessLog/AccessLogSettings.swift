public import GatewayKit

/// The settings of `access-log`, as README.md describes them.
public struct AccessLogSettings: PluginSettings {
  /// Where lines go.
  package let destination: LogDestination
  /// Successes are logged when a random number of 32 bits is below this; 2^32 logs all.
  package let sampleBelow: UInt64
  /// Bytes kept for each loop while the destination is slow.
  package let buffer: Int

  /// Reads the keys that README.md lists.
  public init(reading settings: SettingsReader) {
    switch settings.string("file", default: "stdout") {
    case "stdout": destination = .standardOutput
    case "stderr": destination = .standardError
    default: destination = .file(settings.path("file") ?? "")
    }
    buffer = settings.size("buffer", default: 1 << 20, in: 131_072...(1 << 30))
    let sample = settings.string("sample", default: "1.0")
    guard let share = Double(sample), share >= 0, share <= 1, sample.utf8.count <= 20 else {
      settings.fail("sample", "is no share of the successes", hint: "write a number from 0 to 1, such as 0.1")
      sampleBelow = 0
      return
    }
    sampleBelow = UInt64(share * 4_294_967_296)
  }
}

/// Where log lines go.
package enum LogDestination: Sendable, Hashable {
  case standardOutput
  case standardError
  /// A file, opened for appending and made with mode 0640.
  case file(String)
}
