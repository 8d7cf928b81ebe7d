// SPDX-License-Identifier: Apache-2.0

package import SlipwayConversion
package import SlipwayCore
import SlipwayFormats

/// Turns model files of other formats into ONNX: detect, scan, convert. Blocks; nothing in the files is executed.
package struct SourceConversion: Sendable {
    /// What files are, and the model that was made of them.
    package struct Result: Sendable {
        package let format: ModelFormat
        package let model: ConvertedModel
        /// What the security scan found that keeps nothing from being converted.
        package let findings: [String]
    }

    let options: ConversionOptions

    package init(options: ConversionOptions) { self.options = options }

    /// - Parameter inputType: `fp32` or `fp64`; `nil` for what each model computes in.
    /// - Throws: ``ControlError`` `invalidRequest` for other words.
    package init(inputType: String?) throws(ControlError) {
        switch inputType?.lowercased() {
        case nil: options = ConversionOptions()
        case "fp32", "float32": options = ConversionOptions(inputType: .float32)
        case "fp64", "float64": options = ConversionOptions(inputType: .float64)
        case .some(let other):
            throw ControlError(.invalidRequest, "the input type is '\(other.prefix(20))', expected fp32 or fp64")
        }
    }

    /// Converts one model.
    ///
    /// - Parameter paths: Files in the order in which data go through them: usually one, or a vectorizer and its model.
    /// - Throws: ``ControlError`` `unsupportedFormat` with what to do instead, `unsafeModel` with what the scan found,
    ///   `ConversionError`, `FormatError`.
    package func run(_ paths: [String]) throws -> Result {
        var sources: [ModelConverter.Source] = []
        var findings: [String] = []
        for path in paths {
            let detected = try FormatDetector.detect(path: path)
            guard detected.isSupported else { throw ControlError(.unsupportedFormat, detected.message) }
            guard ModelConverter.converts(detected.format) else {
                throw ControlError(.unsupportedFormat, Self.isServed(path, detected))
            }
            findings += try SecurityScan.check(path)
            sources.append(ModelConverter.Source(bytes: try FileSource(path: path), format: detected.format))
        }
        guard let first = sources.first else { throw ControlError(.invalidRequest, "there is no file to convert") }
        return Result(
            format: first.format, model: try ModelConverter.convert(sources, options: options), findings: findings)
    }

    private static func isServed(_ path: String, _ detected: FormatDetection) -> String {
        "\(detected.summary) It needs no conversion: slipway import \(path)"
    }
}
