// SPDX-License-Identifier: Apache-2.0

import SwiftProtobuf

extension Tensorflow_Serving_GetModelStatusResponse {
    package init(_ statuses: [TensorFlowVersionStatus]) {
        self.init()
        modelVersionStatus = statuses.map { status in
            .with {
                $0.version = Int64(status.version)
                $0.state = Tensorflow_Serving_ModelVersionStatus.State(rawValue: status.state.rawValue) ?? .unknown
                $0.status = Tensorflow_Serving_StatusProto(failure: status.failure)
            }
        }
    }
}

extension Tensorflow_Serving_StatusProto {
    /// OK, or with a text a failure of no closer kind.
    package init(failure: String?) {
        self.init()
        errorCode = failure == nil ? .ok : .unknown
        errorMessage = failure ?? ""
    }
}
