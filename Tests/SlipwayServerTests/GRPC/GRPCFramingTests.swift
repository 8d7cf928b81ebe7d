// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import NIOCore
import NIOHPACK
import SlipwayServer
import SlipwayWire
import Testing

@Suite("gRPC messages are cut from data")
struct GRPCDeframerTests {
    private func framed(_ message: [UInt8], flag: UInt8 = 0) -> [UInt8] {
        let count = UInt32(message.count)
        return [flag, UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)]
            + message
    }

    private func bytes(_ message: GRPCMessage) -> [UInt8] { message.withBytes { bytes, _ in Array(bytes) } }

    @Test("however the data are cut", arguments: [1, 2, 3, 5, 6, 7, 64, 1000])
    func pieces(size: Int) throws {
        let messages: [[UInt8]] = [[], [1], Array(0..<100), [UInt8](repeating: 7, count: 3000)]
        let stream = messages.flatMap { framed($0) }
        var deframer = GRPCDeframer(limit: 10_000)
        var found: [[UInt8]] = []
        for start in stride(from: 0, to: stream.count, by: size) {
            var data = ByteBuffer(bytes: stream[start..<min(start + size, stream.count)])
            while let frame = try deframer.next(&data) { found.append(bytes(frame.message)) }
        }
        #expect(found == messages)
        #expect(deframer.isBetweenMessages)
    }

    @Test("and the flag of compressed ones is told")
    func compressed() throws {
        var deframer = GRPCDeframer(limit: 10)
        var data = ByteBuffer(bytes: framed([1, 2], flag: 1) + framed([3]))
        #expect(try deframer.next(&data)?.isCompressed == true)
        #expect(try deframer.next(&data)?.isCompressed == false)
    }

    @Test("a length above the limit is refused as soon as it is announced", arguments: [11, 1 << 20, Int(UInt32.max)])
    func tooLarge(length: Int) {
        var deframer = GRPCDeframer(limit: 10)
        var data = ByteBuffer()
        data.writeInteger(UInt8(0))
        data.writeInteger(UInt32(length))
        #expect(throws: RPCError.self) { try deframer.next(&data) }
    }

    @Test("a flag that is none is refused", arguments: [UInt8(2), 255])
    func badFlag(flag: UInt8) {
        var deframer = GRPCDeframer(limit: 10)
        var data = ByteBuffer(bytes: framed([1], flag: flag))
        #expect(throws: RPCError.self) { try deframer.next(&data) }
    }

    @Test("data that end inside a message are noticed", arguments: [1, 4, 5, 7])
    func partial(count: Int) throws {
        var deframer = GRPCDeframer(limit: 100)
        var data = ByteBuffer(bytes: framed([1, 2, 3]).prefix(count))
        #expect(try deframer.next(&data)?.isCompressed == nil)
        #expect(!deframer.isBetweenMessages)
    }
}

@Suite("A message is put together so that large fields are aligned")
struct AligningBodyTests {
    private func varint(_ value: Int) -> [UInt8] {
        var value = value
        var bytes: [UInt8] = []
        while value >= 0x80 {
            bytes.append(UInt8(value & 0x7F | 0x80))
            value >>= 7
        }
        return bytes + [UInt8(value)]
    }

    private func field(_ number: Int, _ payload: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(payload.count) + payload
    }

    /// Top-level byte fields of a message, without the padding, and where they lie.
    private func fields(_ bytes: [UInt8]) -> [(number: Int, start: Int, payload: [UInt8])] {
        var found: [(Int, Int, [UInt8])] = []
        var index = 0
        func number() -> Int {
            var value = 0
            var shift = 0
            while true {
                defer { index += 1 }
                value |= Int(bytes[index] & 0x7F) << shift
                if bytes[index] < 0x80 { return value }
                shift += 7
            }
        }
        while index < bytes.count {
            let tag = number()
            switch tag & 7 {
            case 0: _ = number()
            case 1: index += 8
            case 5: index += 4
            default:
                let count = number()
                if tag >> 3 != 15 { found.append((tag >> 3, index, Array(bytes[index..<(index + count)]))) }
                index += count
            }
        }
        return found
    }

    @Test("whatever the pieces and the sizes", arguments: [1, 7, 100, 4096, 1_000_000])
    func aligns(piece: Int) {
        let large = { (seed: Int, count: Int) in (0..<count).map { UInt8(truncatingIfNeeded: $0 &* seed) } }
        let payloads = [large(1, 10), large(3, 2048), large(5, 5000), large(7, 100), large(11, 70_000)]
        var message = field(1, Array("identity".utf8)) + [5 << 3] + varint(300) + [6 << 3 | 5, 1, 2, 3, 4]
        message += [9 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8]
        for payload in payloads { message += field(7, payload) }
        let body = AligningBody(messageLength: message.count)
        for start in stride(from: 0, to: message.count, by: piece) {
            message[start..<min(start + piece, message.count)].withUnsafeBytes { body.append($0) }
        }
        body.finish()
        let (result, address) = body.body.withUnsafeReadableBytes { bytes in
            (Array(bytes), Int(bitPattern: bytes.baseAddress))
        }
        let found = fields(result).filter { $0.number == 7 }
        #expect(found.map(\.payload) == payloads)
        for field in found where field.payload.count >= AligningBody.smallest {
            #expect((address + field.start) % 64 == 0)
        }
        #expect(result.count == message.count + body.padding)
    }

    @Test(
        "what is not protobuf is copied as it comes",
        arguments: [
            [0x0B, 1, 2, 3], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2], [0x3A, 0x80],
            [0x08], [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 9],
        ] as [[UInt8]])
    func verbatim(bytes: [UInt8]) {
        let body = AligningBody(messageLength: bytes.count)
        bytes.withUnsafeBytes { body.append($0) }
        body.finish()
        #expect(body.body.withUnsafeReadableBytes { Array($0) } == bytes)
    }
}

@Suite("Request headers of a gRPC call are checked")
struct GRPCRequestHeadTests {
    private func headers(_ changes: [(String, String?)] = []) -> HPACKHeaders {
        var headers: HPACKHeaders = [
            ":method": "POST", ":path": "/a.B/C", ":scheme": "http", "content-type": "application/grpc",
            "te": "trailers",
        ]
        for (name, value) in changes {
            headers.remove(name: name)
            if let value { headers.add(name: name, value: value) }
        }
        return headers
    }

    @Test("a plain call is taken")
    func plain() throws {
        let now = ContinuousClock.now
        let head = try GRPCRequestHead(headers(), receivedAt: now)
        #expect(head.path == "/a.B/C")
        #expect(head.deadline == nil)
        #expect(head.encoding == .identity)
    }

    @Test(
        "what is not gRPC is answered as HTTP",
        arguments: [
            (":method", "GET", 405), ("content-type", "application/json", 415), ("content-type", nil, 415),
            ("content-type", "application/grpc-web", 415),
        ] as [(String, String?, Int)])
    func notGRPC(name: String, value: String?, status: Int) {
        #expect(throws: GRPCRequestHead.Refusal.notGRPC(httpStatus: status)) {
            try GRPCRequestHead(headers([(name, value)]), receivedAt: .now)
        }
    }

    @Test("content types of gRPC", arguments: ["application/grpc", "application/grpc+proto", "application/grpc;x=1"])
    func types(type: String) throws {
        #expect(try GRPCRequestHead(headers([("content-type", type)]), receivedAt: .now).path == "/a.B/C")
    }

    @Test(
        "timeouts",
        arguments: [
            ("1S", .seconds(1)), ("250m", .milliseconds(250)), ("99999999n", .nanoseconds(99_999_999)),
            ("2M", .seconds(120)), ("1H", .seconds(3600)), ("5u", .microseconds(5)),
        ] as [(String, Duration)])
    func timeouts(text: String, expected: Duration) { #expect(GRPCRequestHead.timeout(text) == expected) }

    @Test("texts that are no timeouts", arguments: ["", "S", "1", "1s", "123456789S", "-1S", "1.5S", "1 S", "٣S"])
    func badTimeouts(text: String) {
        #expect(GRPCRequestHead.timeout(text) == nil)
        #expect(throws: GRPCRequestHead.Refusal.self) {
            try GRPCRequestHead(headers([("grpc-timeout", text)]), receivedAt: .now)
        }
    }

    @Test("an unknown encoding is refused with those that are known")
    func encoding() {
        #expect {
            try GRPCRequestHead(headers([("grpc-encoding", "snappy")]), receivedAt: .now)
        } throws: {
            guard case .status(let status)? = $0 as? GRPCRequestHead.Refusal else { return false }
            return status.code == .unimplemented && status.message.contains("gzip")
        }
    }

    @Test(
        "gzip is seen among accepted encodings",
        arguments: [("gzip", true), ("identity, gzip", true), ("xgzip", false)])
    func accepts(text: String, expected: Bool) throws {
        #expect(
            try GRPCRequestHead(headers([("grpc-accept-encoding", text)]), receivedAt: .now).acceptsGzip == expected)
    }
}

@Suite("Answers of gRPC calls are framed")
struct GRPCReplyFramesTests {
    @Test(
        "messages of a status are escaped", arguments: [("plain text", "plain text"), ("50% ü\n", "50%25 %C3%BC%0A")])
    func escapes(text: String, expected: String) { #expect(GRPCReplyFrames.percentEncoded(text) == expected) }

    @Test("a reply's data are its prefix and its segments", arguments: [0, 1, 5000, 300_000, 1_000_000])
    func data(count: Int) {
        let large = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let buffers = GRPCReplyFrames.data([.bytes([9, 9]), .bytes(large), .bytes([8])])
        let all = buffers.flatMap { Array($0.readableBytesView) }
        let length = all[1...4].reduce(0) { $0 << 8 | Int($1) }
        #expect(all[0] == 0)
        #expect(length == count + 3)
        #expect(Array(all[5...]) == [9, 9] + large + [8])
    }
}

@Suite("A connection is kept, and its windows are given back")
struct GRPCUpkeepTests {
    @Test("half a window used is announced, less is not")
    func window() {
        var window = ReceiveWindow(size: 100)
        #expect(window.used(49) == nil)
        #expect(window.used(1) == 50)
        #expect(window.used(10) == nil)
    }

    @Test("a silent peer is asked, then given up")
    func silence() {
        var keepalive = GRPCKeepalive()
        let actions = (0..<5).map { _ in keepalive.tick() }
        #expect(actions == [.nothing, .nothing, .nothing, .ping, .close])
    }

    @Test("a peer that answers is kept")
    func answers() {
        var keepalive = GRPCKeepalive()
        for _ in 0..<50 {
            #expect(keepalive.tick() != .close)
            keepalive.heard()
        }
    }

    @Test("pings without end are too many")
    func pings() {
        var keepalive = GRPCKeepalive()
        let judgements = (0..<200).map { _ in keepalive.pinged() }
        #expect(judgements.first == .fine)
        #expect(judgements.last == .tooMany)
    }
}
