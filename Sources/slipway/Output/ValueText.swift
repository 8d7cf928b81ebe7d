// SPDX-License-Identifier: Apache-2.0

/// Numbers and their history for people.
enum ValueText {
    /// About four digits: `0.0123`, `12.3`, `4567`, `1.2e-7`; `-` for nothing.
    static func of(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "-" }
        if value == 0 { return "0" }
        let size = abs(value)
        if size >= 1e9 || size < 1e-4 { return scientific(value) }
        if value == value.rounded(), size < 1e7 { return "\(Int(value))" }
        let decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4
        return fixed(value, decimals)
    }

    private static func fixed(_ value: Double, _ decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        let whole = Int(scaled / scale)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return sign + "\(whole)" }
        let rest = "\(Int(scaled) - whole * Int(scale))"
        return sign + "\(whole)." + String(repeating: "0", count: decimals - rest.count) + rest
    }

    private static func scientific(_ value: Double) -> String {
        var exponent = 0
        var mantissa = abs(value)
        while mantissa >= 10 {
            mantissa /= 10
            exponent += 1
        }
        while mantissa < 1 {
            mantissa *= 10
            exponent -= 1
        }
        return (value < 0 ? "-" : "") + fixed(mantissa, 1) + "e\(exponent)"
    }

    private static let bars = Array("▁▂▃▄▅▆▇█")

    /// A sparkline: one character for each value, a space where there is none.
    ///
    /// - Parameter width: The newest so many values are shown.
    static func sparkline(_ values: [Double?], width: Int = 20) -> String {
        let shown = values.suffix(width)
        let known = shown.compactMap { $0 }.filter(\.isFinite)
        guard let low = known.min(), let high = known.max() else { return "" }
        return String(
            shown.map { value -> Character in
                guard let value, value.isFinite else { return " " }
                guard high > low else { return bars[0] }
                // Halved first: the difference of two finite numbers may not be one.
                let share = (value / 2 - low / 2) / (high / 2 - low / 2)
                return bars[min(bars.count - 1, max(0, Int(share * Double(bars.count))))]
            })
    }
}
