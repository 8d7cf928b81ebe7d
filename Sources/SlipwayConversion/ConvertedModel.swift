// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayFormats

/// How to convert.
package struct ConversionOptions: Sendable, Hashable {
    /// Of numeric inputs; `nil` for what the model itself computes in: float32 for trees and networks, float64 for
    /// the rest of scikit-learn. Arithmetic inside does not change with it.
    package var inputType: ElementType?

    package init(inputType: ElementType? = nil) { self.inputType = inputType }
}

/// A model as ONNX, and what the conversion has to tell.
package struct ConvertedModel: Sendable {
    package var file: ONNXFile
    /// Class names by output, for outputs that have a score for each class.
    package var classLabels: [String: [String]] = [:]
    package var report: ConversionReport

    package init(file: ONNXFile, report: ConversionReport) {
        self.file = file
        self.report = report
    }
}

/// What became of a model's parts.
package struct ConversionReport: Sendable, Hashable, Codable {
    /// One part: an estimator, a layer, a group of trees.
    package struct Step: Sendable, Hashable, Codable {
        /// Where it stands in the model: `steps[0] 'scaler'`.
        package var path: String
        /// What it is: `StandardScaler`.
        package var kind: String
        /// Sizes for people: `30 features`, `100 trees, 2,315 nodes`.
        package var detail: String

        package init(path: String, kind: String, detail: String = "") {
            self.path = path
            self.kind = kind
            self.detail = detail
        }
    }

    /// Who wrote the file: `scikit-learn 1.7.2`.
    package var framework: String
    package var steps: [Step] = []
    /// What the user should know: roundings, defaults taken, outputs left out.
    package var notes: [String] = []
    /// Names of input columns, in order, where the model knows them.
    package var featureNames: [String] = []

    package init(framework: String) { self.framework = framework }
}
