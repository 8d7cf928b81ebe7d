// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

/// What packed predictions have in common, so that none of them repeats it: who was asked, and what the tensors are.
final class PredictionForm: Sendable {
    struct Slot: Sendable, Hashable {
        let name: String
        let elementType: ElementType
        /// Its places among the dimensions of all.
        let dimensions: Range<Int>
    }

    let endpoint: String
    let version: VersionID
    let inputCount: Int
    /// The inputs, then the outputs.
    let slots: [Slot]

    init(_ prediction: PredictionObservation) {
        endpoint = prediction.endpoint
        version = prediction.version
        inputCount = prediction.inputs.count
        var next = 0
        slots = (prediction.inputs.elements + prediction.outputs.elements).map { element in
            let first = next
            next += element.tensor.shape.rank
            return Slot(name: element.name, elementType: element.tensor.elementType, dimensions: first..<next)
        }
    }

    /// Whether a prediction has it.
    func fits(_ prediction: PredictionObservation) -> Bool {
        let (inputs, outputs) = (prediction.inputs.elements, prediction.outputs.elements)
        guard inputs.count == inputCount, inputs.count + outputs.count == slots.count,
            version.number == prediction.version.number, endpoint == prediction.endpoint,
            version.model == prediction.version.model
        else { return false }
        for index in inputs.indices where !Self.fits(slots[index], inputs[index]) { return false }
        for index in outputs.indices where !Self.fits(slots[inputCount + index], outputs[index]) { return false }
        return true
    }

    @inline(__always)
    private static func fits(_ slot: Slot, _ element: NamedTensors.Element) -> Bool {
        slot.elementType == element.tensor.elementType && slot.dimensions.count == element.tensor.shape.dimensions.count
            && slot.name == element.name
    }
}
