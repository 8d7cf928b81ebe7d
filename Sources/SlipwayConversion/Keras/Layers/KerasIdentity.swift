// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// Layers that only do something in training.
enum KerasIdentity: KerasLayerFamily {
    static let names = [
        "ActivityRegularization", "AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise", "Identity",
        "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast", "RandomErasing",
        "RandomFlip", "RandomGaussianBlur", "RandomHeight", "RandomHue", "RandomPerspective", "RandomPosterization",
        "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomWidth",
        "RandomZoom", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    ]

    static func add(_ layer: KerasLayer, _ call: KerasCall, to graph: inout KerasGraph) throws -> [KerasValue] {
        [try layer.input(call)]
    }
}
