// SPDX-License-Identifier: Apache-2.0

/// A part of an endpoint's traffic, exact to a hundredth of a percent; a plain number of percent in JSON.
public struct Share: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    /// 0 to 10,000.
    public let basisPoints: Int

    public static let none = Share(clamping: 0)
    public static let all = Share(clamping: 10_000)

    /// `nil` outside 0 to 10,000.
    public init?(basisPoints: Int) {
        guard (0...10_000).contains(basisPoints) else { return nil }
        self.basisPoints = basisPoints
    }

    /// The nearest hundredth of a percent; `nil` outside 0 to 100.
    public init?(percent: Double) {
        guard percent.isFinite, percent >= 0, percent <= 100 else { return nil }
        basisPoints = Int((percent * 100).rounded())
    }

    /// Reads `10%`, `12.5%` or `10`; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        let number = text.hasSuffix("%") ? String(text.dropLast()) : String(text)
        guard let percent = Double(number) else { return nil }
        self.init(percent: percent)
    }

    private init(clamping basisPoints: Int) { self.basisPoints = basisPoints }

    public var percent: Double { Double(basisPoints) / 100 }

    /// The share that `parts` leave of the whole; `nil` when they are more than the whole.
    public static func remainder(after parts: some Sequence<Share>) -> Share? {
        Share(basisPoints: parts.reduce(10_000) { $0 - $1.basisPoints })
    }

    public static func < (one: Share, other: Share) -> Bool { one.basisPoints < other.basisPoints }

    /// `10%`, `12.5%`.
    public var description: String {
        basisPoints % 100 == 0 ? "\(basisPoints / 100)%" : "\(percent)%"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let share = Share(percent: try container.decode(Double.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a share is 0 to 100 percent")
        }
        self = share
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(percent)
    }
}
