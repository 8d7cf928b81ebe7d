// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

extension TraceContext {
    static let parentHeader = HTTPField.Name.known("traceparent")
    static let stateHeader = HTTPField.Name.known("tracestate")

    /// The context that a request carries; `nil` when it carries none.
    init?(_ headers: HTTPFields) {
        guard let parent = headers[Self.parentHeader] else { return nil }
        self.init(traceparent: parent, tracestate: headers[Self.stateHeader])
    }
}
