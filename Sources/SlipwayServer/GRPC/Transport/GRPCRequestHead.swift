// SPDX-License-Identifier: Apache-2.0

package import GRPCCore
package import NIOHPACK
package import SlipwayFormats

/// The request headers of one call, checked (gRPC over HTTP/2: requests).
package struct GRPCRequestHead: Sendable {
    /// How messages whose flag says so are compressed.
    package enum Encoding: String, Sendable {
        case identity, gzip, deflate

        package var framing: CompressionFraming? {
            switch self {
            case .identity: nil
            case .gzip: .gzip
            case .deflate: .zlibOrRaw
            }
        }
    }

    /// What no gRPC call can be made of.
    package enum Refusal: Error, Hashable {
        /// Not gRPC at all: answered as HTTP.
        case notGRPC(httpStatus: Int)
        case status(Status)
    }

    /// `/package.Service/Method`.
    package let path: String
    package let headers: HPACKHeaders
    package let receivedAt: ContinuousClock.Instant
    /// When the caller stops waiting, by `grpc-timeout`.
    package let deadline: ContinuousClock.Instant?
    package let encoding: Encoding
    package let acceptsGzip: Bool

    package static let acceptedEncodings = "identity,gzip,deflate"

    package init(_ headers: HPACKHeaders, receivedAt: ContinuousClock.Instant) throws(Refusal) {
        guard headers.first(name: ":method") == "POST" else { throw .notGRPC(httpStatus: 405) }
        guard let type = headers.first(name: "content-type"), Self.isGRPC(type) else {
            throw .notGRPC(httpStatus: 415)
        }
        guard let path = headers.first(name: ":path"), path.utf8.first == UInt8(ascii: "/") else {
            throw .status(Status(code: .unimplemented, message: "the path is not /package.Service/Method"))
        }
        var encoding = Encoding.identity
        if let name = headers.first(name: "grpc-encoding") {
            guard let known = Encoding(rawValue: name) else {
                throw .status(
                    Status(
                        code: .unimplemented,
                        message: "message encoding is not supported: use \(Self.acceptedEncodings)"))
            }
            encoding = known
        }
        var deadline: ContinuousClock.Instant?
        if let text = headers.first(name: "grpc-timeout") {
            guard let timeout = Self.timeout(text) else {
                throw .status(
                    Status(code: .invalidArgument, message: "grpc-timeout is not up to 8 digits and H, M, S, m, u or n")
                )
            }
            deadline = receivedAt + timeout
        }
        self.path = path
        self.headers = headers
        self.receivedAt = receivedAt
        self.deadline = deadline
        self.encoding = encoding
        acceptsGzip =
            headers.first(name: "grpc-accept-encoding")?.utf8.split(separator: UInt8(ascii: ","))
            .contains { $0.filter { $0 != UInt8(ascii: " ") }.elementsEqual("gzip".utf8) } ?? false
    }

    /// `application/grpc`, alone or followed by `+proto` or a parameter.
    private static func isGRPC(_ type: String) -> Bool {
        guard type.hasPrefix("application/grpc") else { return false }
        let rest = type.utf8.dropFirst(16)
        return rest.isEmpty || rest.first == UInt8(ascii: ";") || rest.elementsEqual("+proto".utf8)
            || rest.starts(with: "+proto;".utf8)
    }

    /// `grpc-timeout`: 1 to 8 digits and a unit; `nil` for anything else.
    package static func timeout(_ text: String) -> Duration? {
        let digits = text.utf8.dropLast()
        guard (1...8).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int64(Substring(digits)), let unit = text.utf8.last
        else { return nil }
        return switch unit {
        case UInt8(ascii: "H"): .seconds(value * 3600)
        case UInt8(ascii: "M"): .seconds(value * 60)
        case UInt8(ascii: "S"): .seconds(value)
        case UInt8(ascii: "m"): .milliseconds(value)
        case UInt8(ascii: "u"): .microseconds(value)
        case UInt8(ascii: "n"): .nanoseconds(value)
        default: nil
        }
    }
}
