// SPDX-License-Identifier: Apache-2.0

import SwiftProtobuf

extension TensorFlowTarget {
    /// - Throws: ``WireError`` `invalidRequest` without a name, for a negative version, and for a signature that no
    ///   model has.
    package init(_ spec: Tensorflow_Serving_ModelSpec) throws(WireError) {
        self.init(endpoint: spec.name)
        switch spec.versionChoice {
        case .version(let number): version = try Self.version(number.value)
        case .versionLabel(let text): label = text.isEmpty ? nil : text
        case nil: break
        }
        try Self.check(name: spec.name, signature: spec.signatureName)
    }
}

extension Tensorflow_Serving_ModelSpec {
    /// The version that answered.
    package init(endpoint: String, version: Int) {
        self.init()
        name = endpoint
        self.version.value = Int64(version)
        signatureName = TensorFlowSignature.name
    }
}
