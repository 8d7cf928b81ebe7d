// SPDX-License-Identifier: Apache-2.0

/// Takes server-sent events apart (WHATWG HTML, section 9.2) as their bytes come, as far as chat servers use them:
/// the data of each event.
package struct EventStreamReader: Sendable {
    /// Bytes one event may have.
    package static let largestEvent = 16 << 20

    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var endsAfterReturn = false

    package init() {}

    /// Takes in more bytes and gives the data of the events that are complete with them, in order.
    ///
    /// - Throws: ``ClientError`` `invalidReply` for an event of more than ``largestEvent`` bytes.
    package mutating func read(_ bytes: some Sequence<UInt8>) throws(ClientError) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            let isSecondHalf = endsAfterReturn && byte == UInt8(ascii: "\n")
            endsAfterReturn = byte == UInt8(ascii: "\r")
            if isSecondHalf { continue }
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                if let event = endLine() { events.append(event) }
                continue
            }
            line.append(byte)
            guard line.count + data.count <= Self.largestEvent else {
                throw .invalidReply("an event of more than \(Self.largestEvent) bytes", location: "event stream")
            }
        }
        return events
    }

    /// The event that an empty line ends.
    private mutating func endLine() -> [UInt8]? {
        defer { line.removeAll(keepingCapacity: true) }
        guard line.isEmpty else {
            take(line)
            return nil
        }
        guard hasData else { return nil }
        defer {
            data = []
            hasData = false
        }
        return data
    }

    /// Fields other than `data`, and comments, are passed over.
    private mutating func take(_ line: [UInt8]) {
        guard line.starts(with: "data".utf8) else { return }
        var value = line.dropFirst(4)
        if !value.isEmpty {
            guard value.first == UInt8(ascii: ":") else { return }
            value = value.dropFirst()
            if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        }
        if hasData { data.append(UInt8(ascii: "\n")) }
        data += value
        hasData = true
    }
}
