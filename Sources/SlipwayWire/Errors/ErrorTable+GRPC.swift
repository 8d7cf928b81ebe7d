// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

extension ErrorTable {
    /// The gRPC status code for a failure (gRPC core: status codes); those that Triton has are the ones it gives.
    package static func grpcStatus(for category: ErrorCategory) -> Int {
        switch category {
        case .cancelled: 1
        case .invalidInput: 3
        case .deadlineExceeded: 4
        case .notFound: 5
        case .conflict: 6
        case .forbidden: 7
        case .tooLarge, .quotaExceeded, .outOfResources: 8
        case .unsupported: 12
        case .internal: 13
        case .unavailable: 14
        case .corrupt: 15
        case .unauthenticated: 16
        }
    }
}
