// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwaySecurity

/// A call whose receiver can tell that it is ours and new.
struct SignedCall: Sendable {
    static let timestampHeader = "x-slipway-timestamp"
    static let signatureHeader = "x-slipway-signature"

    private let poster: HTTPPoster
    private let secret: String?
    private let token: String?
    private let now: @Sendable () -> Timestamp

    init(
        url: String, secret: String?, token: String?, now: @escaping @Sendable () -> Timestamp
    ) throws(DeliveryError) {
        poster = try HTTPPoster(url: url)
        self.secret = secret
        self.token = token
        self.now = now
    }

    func post(_ body: [UInt8], deadline: Duration) async throws {
        try await poster.post(body, headers: headers(for: body), deadline: deadline)
    }

    func headers(for body: [UInt8]) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if let token { headers.append((name: "authorization", value: "Bearer \(token)")) }
        if let secret {
            let seconds = now().milliseconds / 1000
            headers.append((name: Self.timestampHeader, value: "\(seconds)"))
            let signature = Self.signature(of: body, seconds: seconds, secret: secret)
            headers.append((name: Self.signatureHeader, value: signature))
        }
        return headers
    }

    /// `v1=` and the HMAC-SHA256 of `SECONDS.BODY` in hexadecimal digits: the time is signed too, so that an old call
    /// cannot be sent again.
    static func signature(of body: [UInt8], seconds: Int64, secret: String) -> String {
        let message = Array("\(seconds).".utf8) + body
        let code = MessageCode.hmacSHA256(of: message, key: Array(secret.utf8))
        let digits = Array("0123456789abcdef")
        return "v1=" + String(code.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
