// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A decoded request of the plain route `POST /predict`.
package struct PlainRequest: Sendable {
    /// Which of the two contracts the client speaks, and is answered in.
    package enum Style: Sendable, Hashable {
        /// `{"data": rows}` or bare rows, answered by a bare list.
        case data
        /// `{"instances": rows}` of TensorFlow Serving, answered by `{"predictions": list}`.
        case instances
    }

    package var inference: InferenceRequest
    package var style: Style
}
