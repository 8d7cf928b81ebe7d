// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import SlipwayCore

/// Posts bytes to a URL and turns every way it can fail into a ``DeliveryError``.
///
/// Certificates are verified, redirects are not followed: where alerts go is what the settings say, nothing else.
package struct HTTPPoster: Sendable {
    package struct Reply: Sendable {
        package let status: Int
        /// The first 64 KiB at most.
        package let body: [UInt8]
    }

    /// What a reply may hold; what it says matters little.
    private static let maximumReply = 1 << 16

    /// Lives as long as the process.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(10)
        configuration.timeout.read = .seconds(60)
        return HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }()

    /// Where to, without user, password and query, for messages.
    package let shownURL: String
    private let url: String

    /// - Throws: ``DeliveryError`` `invalidSettings` for anything but an absolute http or https URL.
    package init(url: String) throws(DeliveryError) {
        let lower = url.lowercased()
        guard lower.hasPrefix("http://") || lower.hasPrefix("https://"), url.utf8.count <= 4096,
            url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !Self.host(url).isEmpty
        else { throw .settings("the address is no URL: write http://HOST/PATH or https://HOST/PATH") }
        self.url = url
        shownURL = Self.shown(url)
    }

    /// The address of the host only: paths of webhooks are often secrets.
    private static func shown(_ url: String) -> String {
        String(url.prefix { $0 != ":" }) + "://" + host(url)
    }

    /// With its port; empty when there is none.
    private static func host(_ url: String) -> Substring {
        guard let scheme = url.firstRange(of: "://") else { return "" }
        let rest = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return rest.split(separator: "@", omittingEmptySubsequences: false).last ?? rest
    }

    /// - Parameters:
    ///   - headers: Besides the content's type and length.
    ///   - deadline: Of connection, request and reply together.
    /// - Throws: ``DeliveryError``, its category `unavailable` or `deadlineExceeded` where trying again may help.
    @discardableResult
    package func post(
        _ body: [UInt8], type: String = "application/json", headers: [(name: String, value: String)] = [],
        deadline: Duration
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "content-type", value: type)
        request.headers.add(name: "user-agent", value: "slipway")
        for header in headers { request.headers.add(name: header.name, value: header.value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        let (sent, limit) = (request, Self.time(deadline))
        let reply: Reply
        do {
            reply = try await Deadline.run(deadline, named: shownURL) {
                let response = try await Self.client.execute(sent, timeout: limit)
                return Reply(status: Int(response.status.code), body: try await Self.read(response.body))
            }
        } catch let error as DeliveryError {
            throw error
        } catch let error as HTTPClientError where [.deadlineExceeded, .connectTimeout, .readTimeout].contains(error) {
            throw DeliveryError.timedOut(shownURL)
        } catch {
            try Task.checkCancellation()
            throw DeliveryError.unreachable(shownURL, cause: error)
        }
        guard (200..<300).contains(reply.status) else { throw refusal(reply.status) }
        return reply
    }

    private static func read(_ body: HTTPClientResponse.Body) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await part in body {
            bytes.append(contentsOf: part.readableBytesView.prefix(maximumReply - bytes.count))
            if bytes.count >= maximumReply { break }
        }
        return bytes
    }

    private static func time(_ duration: Duration) -> TimeAmount {
        let (seconds, attoseconds) = duration.components
        return .nanoseconds(min(max(seconds, 0), 86_400) * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    private func refusal(_ status: Int) -> DeliveryError {
        let category: ErrorCategory =
            switch status {
            case 401: .unauthenticated
            case 403: .forbidden
            case 408, 425, 429, 500..<600: .unavailable
            case 413: .tooLarge
            default: .invalidInput
            }
        let hint = (300..<400).contains(status) ? ": redirects are not followed, write the final address" : ""
        return DeliveryError(.refused, category: category, "\(shownURL) answered with status \(status)\(hint)")
    }
}
