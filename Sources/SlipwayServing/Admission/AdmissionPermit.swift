// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Hands out ``AdmissionPermit``s within an endpoint's limits.
package final class AdmissionController: Sendable {
    private let ledger: Mutex<AdmissionLedger>

    package init(maximumRequests: Int, maximumBytes: Int) {
        ledger = Mutex(AdmissionLedger(maximumRequests: maximumRequests, maximumBytes: maximumBytes))
    }

    /// Requests and bytes held now, and how many were refused so far.
    package var load: AdmissionLedger { ledger.withLock { $0 } }

    /// - Throws: ``ServingError`` `overloaded` naming the limit.
    package func admit(bytes: Int, endpoint: String) throws(ServingError) -> AdmissionPermit {
        switch ledger.withLock({ $0.admit(bytes: bytes) }) {
        case nil: return AdmissionPermit(controller: self, bytes: bytes)
        case .requests(let limit)?: throw .overloaded(endpoint, limit: "\(limit) requests")
        case .bytes(let limit)?: throw .overloaded(endpoint, limit: "\(limit) bytes of requests")
        }
    }

    fileprivate func release(bytes: Int) { ledger.withLock { $0.release(bytes: bytes) } }
}

/// The right to queue one request; gone, the place is free again.
package struct AdmissionPermit: ~Copyable, Sendable {
    private let controller: AdmissionController
    private let bytes: Int

    fileprivate init(controller: AdmissionController, bytes: Int) {
        self.controller = controller
        self.bytes = bytes
    }

    deinit { controller.release(bytes: bytes) }
}
