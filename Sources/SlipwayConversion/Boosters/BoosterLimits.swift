// SPDX-License-Identifier: Apache-2.0

/// What a booster's sizes may be, checked before memory is taken for them.
enum BoosterLimits {
    private static let featureCount = 1 << 24
    private static let outputCount = 1 << 16

    static func check(features: Int, outputs: Int) throws(ConversionError) {
        guard features > 0, outputs > 0 else {
            throw ConversionError(.malformed, "the model has \(features) features and \(outputs) outputs")
        }
        guard features <= featureCount, outputs <= outputCount else {
            throw ConversionError(
                .limitExceeded,
                "the model has \(features) features and \(outputs) outputs; at most \(featureCount) and "
                    + "\(outputCount) are converted")
        }
    }
}
