// SPDX-License-Identifier: Apache-2.0

/// The state of one version as TensorFlow Serving tells it.
package struct TensorFlowVersionStatus: Sendable, Hashable {
    /// By their numbers on the wire.
    package enum State: Int, Sendable, Hashable {
        case unknown = 0
        case start = 10
        case loading = 20
        case available = 30
        case unloading = 40
        case end = 50

        /// `AVAILABLE`
        var name: String { String(describing: self).uppercased() }
    }

    package var version: Int
    package var state: State
    /// Why it failed; `nil` when it did not.
    package var failure: String?

    package init(version: Int, state: State, failure: String? = nil) {
        self.version = version
        self.state = state
        self.failure = failure
    }

    /// The member `model_version_status`.
    static func write(_ statuses: [TensorFlowVersionStatus], to json: inout JSONWriter) {
        json.member(
            "model_version_status",
            array: { json in
                for status in statuses {
                    json.object { json in
                        json.member("version", String(status.version))
                        json.member("state", status.state.name)
                        json.member(
                            "status",
                            object: {
                                $0.member("error_code", status.failure == nil ? "OK" : "UNKNOWN")
                                $0.member("error_message", status.failure ?? "")
                            })
                    }
                }
            })
    }

    /// The whole answer of `GET /v1/models/M`.
    package static func encode(_ statuses: [TensorFlowVersionStatus]) -> [UInt8] {
        var json = JSONWriter()
        json.object { write(statuses, to: &$0) }
        return json.bytes
    }
}
