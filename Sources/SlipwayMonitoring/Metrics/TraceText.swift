// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

extension TraceLink {
    /// 32 lower-case hexadecimal digits.
    package var traceID: String { traceIDHigh.hexadecimal + traceIDLow.hexadecimal }

    /// 16 lower-case hexadecimal digits.
    package var spanIDText: String { spanID.hexadecimal }
}
