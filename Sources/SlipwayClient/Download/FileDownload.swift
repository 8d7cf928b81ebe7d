// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import SlipwayCore

/// Fetches a file by HTTP into a file of this machine, and goes on where a broken connection stopped it.
package struct FileDownload: Sendable {
    /// Redirects that are followed.
    private static let maximumRedirects = 5
    /// Failures one after the other without a byte between them.
    private static let maximumFailures = 6

    /// Waits long for a slow server, never for a silent one; redirects are looked at before they are followed.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout = .init(connect: .seconds(30), read: .seconds(60))
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()

    private let url: URL
    /// The most bytes the file may have.
    private let limit: Int

    /// - Throws: ``ClientError`` `invalidRequest` for anything but `http` and `https`.
    package init(url text: String, limit: Int) throws(ClientError) {
        guard let url = URL(string: text) else { throw .invalidRequest("'\(text.prefix(200))' is not a URL") }
        try Self.check(url)
        self.url = url
        self.limit = limit
    }

    /// Whether a text is meant as a URL, rather than as the name of a file.
    package static func isURL(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return false }
        let scheme = text[..<colon]
        return !scheme.isEmpty && scheme.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+.-".contains($0)) }
    }

    /// The last part of the URL's path; `nil` where it has none.
    package var fileName: String? {
        let name = url.path.split(separator: "/").last.map(String.init) ?? ""
        return name.isEmpty || name.hasPrefix(".") ? nil : name
    }

    private static func check(_ url: URL) throws(ClientError) {
        guard let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme), url.host?.isEmpty == false
        else { throw .invalidRequest("only http and https URLs are fetched, not '\(url.absoluteString.prefix(200))'") }
        guard url.user == nil, url.password == nil else {
            throw .invalidRequest("the URL holds a password: fetch the file by other means, and import it then")
        }
    }

    /// Fetches the file.
    ///
    /// - Parameter progress: Called now and then with the fraction fetched, where the server tells the size.
    /// - Throws: ``ClientError``; `tooLarge` beyond ``limit``.
    package func run(to path: String, progress: @escaping @Sendable (Double) -> Void) async throws {
        let file = try await NIOThreadPool.singleton.runIfActive { try DownloadedFile(path) }
        var place = url
        var redirects = 0
        var failures = 0
        var resumption = Resumption()
        while true {
            let before = file.byteCount
            do {
                switch try await fetch(place, into: file, resumption: &resumption, progress) {
                case .done: return
                case .redirect(let target):
                    redirects += 1
                    guard redirects <= Self.maximumRedirects else {
                        throw ClientError.invalidRequest("the URL leads on more than \(Self.maximumRedirects) times")
                    }
                    place = try Self.followed(target, from: place)
                }
            } catch let error as ClientError where error.code == .unreachable {
                failures = file.byteCount > before ? 1 : failures + 1
                guard failures < Self.maximumFailures else { throw error }
                try await Task.sleep(for: .milliseconds(100 << failures))
            }
        }
    }

    /// Whether and by what name a server goes on where it broke off.
    private struct Resumption {
        var identity: String?
        var isTrusted = true
    }

    private enum Outcome {
        case done
        case redirect(String)
    }

    private func fetch(
        _ url: URL, into file: DownloadedFile, resumption: inout Resumption,
        _ progress: @Sendable (Double) -> Void
    ) async throws -> Outcome {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.headers.add(name: "user-agent", value: "slipway")
        if file.byteCount > 0, let identity = resumption.identity {
            request.headers.add(name: "range", value: "bytes=\(file.byteCount)-")
            request.headers.add(name: "if-range", value: identity)
        } else {
            // Without a name for its content, two answers may be of two files.
            try file.restart()
        }
        let response: HTTPClientResponse
        do {
            response = try await Self.client.execute(request, timeout: .hours(24))
        } catch {
            throw ClientError.unreachable(url.host ?? "the server", cause: error)
        }
        let status = Int(response.status.code)
        if [301, 302, 303, 307, 308].contains(status), let target = response.headers.first(name: "location") {
            return .redirect(target)
        }
        guard status == 200 || status == 206 else { throw Self.refusal(status, url) }
        let tag = response.headers.first(name: "etag")
        if status == 200 {
            try file.restart()
            resumption.identity = resumption.isTrusted ? tag.flatMap { $0.hasPrefix("W/") ? nil : $0 } : nil
        } else if !Self.continues(file, response.headers, tag == nil || tag == resumption.identity) {
            // Its bytes may be of another file, or of another place in it; asked again it would be no better.
            resumption = Resumption(identity: nil, isTrusted: false)
            try file.restart()
            throw ClientError(
                code: .unreachable, category: .unavailable,
                message: "\(url.host ?? "the server") answered with another part of a file than was asked for")
        }
        let length = response.headers.first(name: "content-length").flatMap { Int($0) }
        let total = length.map { $0.addingReportingOverflow(file.byteCount).partialValue }
        if let total, total > limit { throw tooLarge("it has \(total) bytes") }
        try await receive(response.body, total: total, into: file, url, progress)
        return .done
    }

    /// Whether an answer in part goes on where the file ends.
    private static func continues(_ file: DownloadedFile, _ headers: HTTPHeaders, _ isSameFile: Bool) -> Bool {
        let range = headers.first(name: "content-range") ?? ""
        return file.byteCount > 0 && isSameFile && range.lowercased().hasPrefix("bytes \(file.byteCount)-")
    }

    private func receive(
        _ body: HTTPClientResponse.Body, total: Int?, into file: DownloadedFile, _ url: URL,
        _ progress: @Sendable (Double) -> Void
    ) async throws {
        var parts = body.makeAsyncIterator()
        while true {
            let part: ByteBuffer?
            do {
                part = try await parts.next()
            } catch {
                throw ClientError.unreachable(url.host ?? "the server", cause: error)
            }
            guard let part else { break }
            guard part.readableBytes <= limit - file.byteCount else { throw tooLarge("it has more bytes") }
            try await NIOThreadPool.singleton.runIfActive { try file.append(part) }
            if let total, total > 0 { progress(Double(file.byteCount) / Double(total)) }
        }
        guard total == nil || file.byteCount == total else {
            throw ClientError(
                code: .unreachable, category: .unavailable, message: "the file from \(url.host ?? "") ended early")
        }
    }

    private func tooLarge(_ what: String) -> ClientError {
        ClientError(
            code: .invalidRequest, category: .tooLarge,
            message: "the file at the URL is too large: \(what), and at most \(limit) are fetched")
    }

    private static func followed(_ target: String, from url: URL) throws -> URL {
        guard let next = URL(string: target, relativeTo: url)?.absoluteURL else {
            throw ClientError.invalidRequest("the URL leads on to something that is not a URL")
        }
        try check(next)
        guard url.scheme?.lowercased() != "https" || next.scheme?.lowercased() == "https" else {
            throw ClientError.invalidRequest("the URL leads from https to http, which anybody on the way may change")
        }
        return next
    }

    private static func refusal(_ status: Int, _ url: URL) -> ClientError {
        ClientError(
            code: .refused, category: ServerCaller.category(ofStatus: status),
            message: "\(url.host ?? "the server") answered with status \(status) instead of the file")
    }
}

/// The file that a download goes to; used by one task, call after call.
private final class DownloadedFile: @unchecked Sendable {
    // `run` waits for each call before it makes the next: nothing is done at the same time.
    private let descriptor: Int32
    private let path: String
    private(set) var byteCount = 0

    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure(path) }
    }

    deinit { close(descriptor) }

    func restart() throws {
        guard byteCount > 0 else { return }
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.failure(path) }
        byteCount = 0
    }

    func append(_ part: ByteBuffer) throws {
        try part.withUnsafeReadableBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Self.failure(path) }
                done += count
            }
            byteCount += bytes.count
        }
    }

    private static func failure(_ path: String) -> ClientError {
        ClientError(
            code: .fileUnreadable, category: errno == ENOSPC ? .outOfResources : .invalidInput,
            message: "cannot write '\(path)': \(String(cString: strerror(errno)))")
    }
}
