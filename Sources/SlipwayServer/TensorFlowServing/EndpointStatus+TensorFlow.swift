// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
package import SlipwayServing
package import SlipwayWire

extension EndpointStatus {
    /// Every version of the endpoint as TensorFlow Serving tells it, the highest number first.
    ///
    /// One that the next request brings into memory counts as available: a client that waits until it is would never
    /// have it loaded otherwise.
    package var tensorFlowVersions: [TensorFlowVersionStatus] {
        var byNumber: [Int: TensorFlowVersionStatus] = [:]
        if let wanted {
            byNumber[wanted.number] = TensorFlowVersionStatus(
                version: wanted.number, state: isCold ? .available : .start)
        }
        for status in versions {
            let told = status.tensorFlow
            if let known = byNumber[told.version], Self.rank(known.state) >= Self.rank(told.state) { continue }
            byNumber[told.version] = told
        }
        return byNumber.values.sorted { $0.version > $1.version }
    }

    /// Of two loads of one version, that which says more about it.
    private static func rank(_ state: TensorFlowVersionStatus.State) -> Int {
        switch state {
        case .available: 5
        case .loading: 4
        case .unloading: 3
        case .end: 2
        case .start, .unknown: 1
        }
    }

    /// Whether a request would be answered, if need be after the model was loaded for it.
    package var isAnswering: Bool { serving != nil || isCold }
}

extension VersionStatus {
    fileprivate var tensorFlow: TensorFlowVersionStatus {
        let told: TensorFlowVersionStatus.State =
            switch state {
            case "new": .start
            case "ready": .available
            case "draining", "unloading": .unloading
            case "unloaded", "failed": .end
            default: .loading
            }
        return TensorFlowVersionStatus(
            version: version.number, state: told, failure: state == "failed" ? message ?? "failed" : nil)
    }
}
