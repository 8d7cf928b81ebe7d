// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// A decoded request of `POST /v1/models/M:predict`.
package struct TensorFlowPredictRequest: Sendable {
    /// How inputs and outputs are laid out.
    package enum Style: Sendable, Hashable {
        /// `{"instances": rows}`, answered by `{"predictions": rows}`.
        case rows
        /// `{"inputs": value}`, answered by `{"outputs": value}`.
        case columns
        /// `{"data": rows}` of the plain contract, answered by bare rows.
        case plain
    }

    package var inputs: NamedTensors
    package var style: Style
}

/// The one function an imported model has, as TensorFlow Serving names it.
package enum TensorFlowSignature {
    package static let name = "serving_default"
    static let predictMethod = "tensorflow/serving/predict"

    /// - Throws: ``WireError`` `invalidRequest` for any name but the one there is; an empty one means that.
    package static func check(_ asked: String) throws(WireError) {
        guard asked.isEmpty || asked == name else {
            throw WireError(
                .invalidRequest,
                "Serving signature key not found: this model has the signature '\(name)' only, so leave "
                    + "'signature_name' out or send that name")
        }
    }
}
