// SPDX-License-Identifier: Apache-2.0

/// Times and sizes as people write them, and back.
enum UnitText {
    private static let times: [(unit: String, milliseconds: Double)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1), ("us", 0.001),
    ]
    private static let sizes: [(unit: String, bytes: Double)] = [
        ("TiB", 1_099_511_627_776), ("GiB", 1_073_741_824), ("MiB", 1_048_576), ("KiB", 1024), ("TB", 1e12),
        ("GB", 1e9), ("MB", 1e6), ("kB", 1000), ("B", 1),
    ]

    static let timeHint = "a number with ms, s, m, h or d, such as 10m"
    static let sizeHint = "a number with B, kB, MB, GB, KiB, MiB or GiB, such as 64MiB"

    /// Reads `1.5s` as milliseconds; `nil` for anything else, also for what has no unit or is above a year.
    static func milliseconds(_ text: String) -> Double? {
        if text == "0" { return 0 }
        guard let (number, unit) = split(text), let scale = times.first(where: { $0.unit == unit })?.milliseconds
        else { return nil }
        let value = number * scale
        return value <= longest ? value : nil
    }

    /// A year, in milliseconds.
    private static let longest = 366 * 86_400_000.0

    /// Reads `64MiB` or a plain number of bytes; `nil` for anything else, also for parts of a byte.
    static func bytes(_ text: String) -> Int? {
        if let plain = Int(text) { return plain }
        guard let (number, unit) = split(text), let scale = sizes.first(where: { $0.unit == unit })?.bytes
        else { return nil }
        return Int(exactly: number * scale)
    }

    /// The shortest exact text: `90s`, `1.5ms`.
    static func time(milliseconds value: Double) -> String {
        if value == 0 { return "0s" }
        for (unit, scale) in times where scale <= value && (value / scale).rounded() == value / scale {
            return number(value / scale) + unit
        }
        return number(value) + "ms"
    }

    /// `64MiB`, `1500B`.
    static func size(_ value: Int) -> String {
        for (unit, scale) in sizes.prefix(4) where value > 0 && value % Int(scale) == 0 {
            return "\(value / Int(scale))\(unit)"
        }
        return "\(value)B"
    }

    /// Without `.0`.
    static func number(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? "\(value)"
    }

    /// A number of digits and at most one dot, and the letters after it.
    private static func split(_ text: String) -> (Double, String)? {
        let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        guard !digits.isEmpty, let number = Double(digits), number.isFinite else { return nil }
        return (number, String(text.dropFirst(digits.count).drop { $0 == " " }))
    }
}
