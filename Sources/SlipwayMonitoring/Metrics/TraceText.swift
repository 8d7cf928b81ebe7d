// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

extension TraceLink {
    /// 32 lower-case hexadecimal digits.
    package var traceID: String { traceIDHigh.hexadecimal + traceIDLow.hexadecimal }

    /// 16 lower-case hexadecimal digits.
    package var spanIDText: String { spanID.hexadecimal }

    /// The caller's span, 16 digits; `nil` where the trace began here.
    package var parentSpanIDText: String? { parentSpanID?.hexadecimal }
}

extension UInt64 {
    /// 16 lower-case hexadecimal digits.
    var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
