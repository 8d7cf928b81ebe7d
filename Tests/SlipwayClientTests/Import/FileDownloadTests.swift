// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOHTTP1
import SlipwayClient
import SlipwayCore
import Synchronization
import Testing

@Suite("Fetching a file")
struct FileDownloadTests {
    private let bytes = (0..<100_003).map { UInt8(truncatingIfNeeded: $0 &* 13) }

    /// What arrives in a new file.
    private func fetch(
        _ path: String = "/m.onnx", limit: Int = 1 << 20, _ answer: @escaping @Sendable (StubRequest) -> StubReply
    ) async throws -> [UInt8] {
        let file = FileManager.default.temporaryDirectory.appending(path: "slipway-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try await StubServer.run(answer) { server in
            try await FileDownload(url: "\(server.address)\(path)", limit: limit).run(to: file.path) { _ in }
        }
        return Array(try Data(contentsOf: file))
    }

    @Test("arrives as it was sent", arguments: [false, true])
    func whole(isChunked: Bool) async throws {
        let bytes = Array(bytes.prefix(isChunked ? 1000 : bytes.count))
        let found = try await fetch { _ in StubReply(body: bytes, manner: isChunked ? .chunked : .whole) }
        #expect(found == bytes)
    }

    @Test("goes on where a broken connection stopped it")
    func ranges() async throws {
        let bytes = bytes
        let ranges = Mutex<[String]>([])
        let found = try await fetch { request in
            let headers: HTTPHeaders = ["etag": "\"v1\""]
            guard let range = request.headers.first(name: "range"), let start = Int(range.dropFirst(6).dropLast())
            else { return StubReply(headers: headers, body: bytes, manner: .cutOff(40_000)) }
            ranges.withLock { $0.append(range + " " + (request.headers.first(name: "if-range") ?? "")) }
            let rest = Array(bytes[start...])
            var partial = headers
            partial.add(name: "content-range", value: "bytes \(start)-\(bytes.count - 1)/\(bytes.count)")
            return StubReply(
                status: 206, headers: partial, body: rest, manner: start < 60_000 ? .cutOff(30_000) : .whole)
        }
        #expect(found == bytes)
        #expect(ranges.withLock { $0 }.allSatisfy { $0.hasSuffix(" \"v1\"") })
        #expect(!ranges.withLock { $0 }.isEmpty)
    }

    @Test(
        "begins anew where a part is of another file, of another place, or of none that was asked for",
        arguments: [("\"v2\"", 900), ("\"v1\"", 0), ("\"v1\"", 899), ("\"v1\"", nil)] as [(String, Int?)])
    func otherPart(tag: String, start: Int?) async throws {
        let bytes = bytes
        let isFirst = Mutex(true)
        let found = try await fetch { request in
            guard request.headers.first(name: "range") != nil else {
                let manner: StubReply.Manner = isFirst.withLock { isFirst in
                    defer { isFirst = false }
                    return isFirst ? .cutOff(900) : .whole
                }
                return StubReply(headers: ["etag": "\"v1\""], body: bytes, manner: manner)
            }
            var headers: HTTPHeaders = ["etag": tag]
            if let start { headers.add(name: "content-range", value: "bytes \(start)-100002/100003") }
            return StubReply(status: 206, headers: headers, body: [UInt8](repeating: 9, count: 99_103))
        }
        #expect(found == bytes)
    }

    @Test("begins anew where the server has no ranges, or the file became another")
    func another() async throws {
        let bytes = bytes
        let calls = Mutex(0)
        let found = try await fetch { _ in
            let number = calls.withLock {
                $0 += 1; return $0
            }
            guard number > 1 else {
                return StubReply(
                    headers: ["etag": "\"v1\""], body: [UInt8](repeating: 9, count: 5000), manner: .cutOff(900))
            }
            return StubReply(headers: ["etag": "\"v2\""], body: bytes)
        }
        #expect(found == bytes)
    }

    @Test("follows where the server sends it, a few times")
    func redirects() async throws {
        let bytes = bytes
        let found = try await fetch("/a") { request in
            request.uri == "/b/m.onnx"
                ? StubReply(body: bytes) : StubReply(status: 302, headers: ["location": "/b/m.onnx"])
        }
        #expect(found == bytes)
        let error = await #expect(throws: ClientError.self) {
            try await fetch { request in StubReply(status: 307, headers: ["location": request.uri + "x"]) }
        }
        #expect(error?.message.contains("more than 5 times") == true)
    }

    @Test(
        "follows to no other protocol",
        arguments: ["file:///etc/passwd", "ftp://host/x", "http+unix://%2Ftmp%2Fs/x", "http://user:pass@host/x"])
    func protocols(target: String) async throws {
        let error = await #expect(throws: ClientError.self) {
            try await fetch { _ in StubReply(status: 302, headers: ["location": target]) }
        }
        #expect(error?.code == .invalidRequest)
        #expect(throws: ClientError.self) { try FileDownload(url: target, limit: 1) }
    }

    @Test("a file larger than the bound is refused, announced or not", arguments: [false, true])
    func tooLarge(isChunked: Bool) async throws {
        let error = await #expect(throws: ClientError.self) {
            try await fetch(limit: 99) { _ in
                StubReply(body: [UInt8](repeating: 1, count: 100), manner: isChunked ? .chunked : .whole)
            }
        }
        #expect(error?.category == .tooLarge)
    }

    @Test("a status that is no success is told")
    func status() async throws {
        let error = await #expect(throws: ClientError.self) { try await fetch { _ in StubReply(status: 404) } }
        #expect(error?.category == .notFound)
    }

    @Test(
        "knows a URL from a file's name",
        arguments: [
            ("https://h/m.onnx", true), ("ftp://h/m", true), ("m.onnx", false), ("a:b", false), ("C:/m", false),
            ("./http://x", false), ("-", false), ("://x", false),
        ])
    func urls(text: String, isURL: Bool) {
        #expect(FileDownload.isURL(text) == isURL)
    }

    @Test("takes the file's name from the URL")
    func names() throws {
        #expect(try FileDownload(url: "https://h/a/fraud.onnx?x=1", limit: 1).fileName == "fraud.onnx")
        #expect(try FileDownload(url: "https://h", limit: 1).fileName == nil)
    }
}
