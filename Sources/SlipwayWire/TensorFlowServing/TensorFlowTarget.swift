// SPDX-License-Identifier: Apache-2.0

/// What a request names: an endpoint and, where the caller chose one, a version of it.
package struct TensorFlowTarget: Sendable, Hashable {
    package var endpoint: String
    /// A version by number; `nil` for none and for one by label.
    package var version: Int?
    /// A version by label; `nil` for none.
    package var label: String?

    package init(endpoint: String, version: Int? = nil, label: String? = nil) {
        self.endpoint = endpoint
        self.version = version
        self.label = label
    }

    static func check(name: String, signature: String) throws(WireError) {
        guard !name.isEmpty else {
            throw WireError(.invalidRequest, "Missing ModelSpec: expected the model's name in model_spec")
        }
        try TensorFlowSignature.check(signature)
    }

    static func version(_ number: Int64) throws(WireError) -> Int {
        guard number >= 0 else {
            throw WireError(.invalidRequest, "the version in model_spec is negative: expected 1 or more")
        }
        return Int(number)
    }
}
