// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Where a request belongs in a distributed trace (W3C Trace Context, level 1).
package struct TraceContext: Sendable, Hashable {
    package let traceIDHigh: UInt64
    package let traceIDLow: UInt64
    /// The span of this server's work.
    package let spanID: UInt64
    /// The caller's span; `nil` when the trace begins here.
    package let parentSpanID: UInt64?
    package let flags: UInt8
    /// The caller's `tracestate` as it came; empty when there is none, or it is not one.
    package let state: String

    /// Begins a trace.
    package init() {
        traceIDHigh = .random(in: 1 ... .max)
        traceIDLow = .random(in: .min ... .max)
        spanID = .random(in: 1 ... .max)
        parentSpanID = nil
        flags = 0
        state = ""
    }

    /// Goes on with the caller's trace, or begins one where what came is not valid.
    ///
    /// - Parameters:
    ///   - traceparent: `00-<trace id>-<parent id>-<flags>` in lower-case hexadecimal digits. Of later versions the
    ///     same beginning is taken.
    ///   - tracestate: The values of all such headers, joined by commas.
    package init(traceparent: String, tracestate: String?) {
        self = TraceContext(continuing: traceparent, tracestate) ?? TraceContext()
    }

    private init?(continuing traceparent: String, _ tracestate: String?) {
        var reader = HexReader(traceparent.utf8)
        guard let version = reader.read(2), version != 0xff, reader.readDash(),
            let high = reader.read(16), let low = reader.read(16), reader.readDash(), high | low != 0,
            let parent = reader.read(16), parent != 0, reader.readDash(), let flags = reader.read(2),
            reader.isAtEnd || (version > 0 && reader.readDash())
        else { return nil }
        traceIDHigh = high
        traceIDLow = low
        spanID = .random(in: 1 ... .max)
        parentSpanID = parent
        // What later versions mean by the other flags is not known here.
        self.flags = UInt8(truncatingIfNeeded: flags) & (version == 0 ? 0xff : 1)
        state = tracestate.flatMap { TraceState.isValid($0) ? $0 : nil } ?? ""
    }

    package var isSampled: Bool { flags & 1 == 1 }

    /// What the request's observation carries of it.
    package var link: TraceLink {
        TraceLink(
            traceIDHigh: traceIDHigh, traceIDLow: traceIDLow, spanID: spanID, parentSpanID: parentSpanID,
            isSampled: isSampled)
    }

    /// 32 hexadecimal digits.
    package var traceID: String {
        var writer = HexWriter()
        writer.append(traceIDHigh, 16)
        writer.append(traceIDLow, 16)
        return writer.text
    }

    /// What this server's answer, and its own calls, carry.
    package var traceparent: String {
        var writer = HexWriter()
        writer.append(0, 2)
        writer.appendDash()
        writer.append(traceIDHigh, 16)
        writer.append(traceIDLow, 16)
        writer.appendDash()
        writer.append(spanID, 16)
        writer.appendDash()
        writer.append(UInt64(flags), 2)
        return writer.text
    }
}

private struct HexReader {
    private var rest: Substring.UTF8View

    init(_ bytes: String.UTF8View) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func readDash() -> Bool { rest.popFirst() == UInt8(ascii: "-") }

    /// So many digits, at most 16; `nil` when there are fewer, or others than lower-case ones.
    mutating func read(_ digits: Int) -> UInt64? {
        var value: UInt64 = 0
        for _ in 0..<digits {
            switch rest.popFirst() {
            case let digit? where (0x30...0x39).contains(digit): value = value << 4 | UInt64(digit - 0x30)
            case let digit? where (0x61...0x66).contains(digit): value = value << 4 | UInt64(digit - 0x57)
            default: return nil
            }
        }
        return value
    }
}

private struct HexWriter {
    private var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(55) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func appendDash() { bytes.append(UInt8(ascii: "-")) }

    mutating func append(_ value: UInt64, _ digits: Int) {
        for place in (0..<digits).reversed() {
            let digit = UInt8(truncatingIfNeeded: value >> UInt64(place * 4)) & 0xf
            bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
        }
    }
}
