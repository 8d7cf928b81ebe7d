// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import SlipwayCore
import SlipwayServing
import SlipwayWire

/// What a caller is told of an error.
enum GRPCFailure {
    /// The status of an error, by the one table; the text of errors from outside the house is kept from callers.
    static func error(of error: any Error) -> RPCError {
        if let known = error as? RPCError { return known }
        guard let known = error as? any SlipwayError else {
            return RPCError(code: .internalError, message: "internal error: see the server's log")
        }
        let number = ErrorTable.grpcStatus(for: known.category)
        let code = Status.Code(rawValue: number).flatMap { RPCError.Code($0) } ?? .unknown
        return RPCError(code: code, message: known.description, metadata: metadata(of: known))
    }

    /// Where a wait helps, how long: the caller's library may retry by itself (gRFC A6, server pushback).
    private static func metadata(of error: any SlipwayError) -> Metadata {
        guard let seconds = (error as? ServingError)?.retryAfterSeconds else { return [:] }
        return ["grpc-retry-pushback-ms": "\(max(1, seconds) * 1000)"]
    }
}
