// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayFormats

/// Makes an ONNX model of a model in another format: picks the converter by the format that was detected.
package enum ModelConverter {
    private typealias Convert =
        @Sendable (any ByteSource, ModelFormat, ConversionOptions) throws -> ConvertedModel

    /// A file of a model.
    package struct Source: Sendable {
        package let bytes: any ByteSource
        package let format: ModelFormat

        package init(bytes: any ByteSource, format: ModelFormat) {
            self.bytes = bytes
            self.format = format
        }
    }

    /// Goes up when the same source comes to give another file.
    package static let revision = 1

    /// Keys of `metadata_props`, by which a converted file tells what no ONNX field does.
    package enum Fact {
        /// Who trained the model: `scikit-learn 1.7.2`.
        package static let framework = "slipway.framework"
        /// Names of the columns of the numeric input, one a line.
        package static let features = "slipway.features"
        /// Followed by an output's name: its class names, one a line.
        package static let labelsPrefix = "slipway.labels."
    }

    /// One line for a format, whatever family it is of.
    private static let converters: [ModelFormat: Convert] = [
        .pickle: pickle, .joblib: pickle,
        .xgboost: boosters, .lightgbm: boosters, .catboost: boosters,
        .hdf5: keras, .keras: keras,
    ]

    private static let pickle: Convert = { source, _, options in
        try convert([PickleReader.read(source)], options: options)
    }

    private static let boosters: Convert = { source, format, options in
        try BoosterConverter.convert(source, format: format, options: options)
    }

    private static let keras: Convert = { source, format, options in
        try KerasConverter.convert(source, format: format, options: options)
    }

    /// Whether models of a format are converted before they are served.
    package static func converts(_ format: ModelFormat) -> Bool { converters[format] != nil }

    /// Converts a model; nothing in it is executed.
    ///
    /// Equal bytes and options give an equal file, which tells framework, class names and columns in its metadata.
    ///
    /// - Throws: ``ConversionError`` with the path to the part that is not converted, `FormatError` for files that are
    ///   damaged, or that hold what a model has no need of.
    package static func convert(
        _ source: any ByteSource, detected: ModelFormat, options: ConversionOptions
    ) throws -> ConvertedModel {
        guard let convert = converters[detected] else {
            throw ConversionError(.unsupported, "\(detected.displayName) models are not converted")
        }
        return finished(try convert(source, detected, options))
    }

    /// Converts a model that lies in several files.
    ///
    /// - Parameter sources: In the order in which data go through them.
    package static func convert(_ sources: [Source], options: ConversionOptions) throws -> ConvertedModel {
        guard let first = sources.first else { throw ConversionError(.malformed, "there is no file to convert") }
        if sources.count == 1 { return try convert(first.bytes, detected: first.format, options: options) }
        for (index, source) in sources.enumerated() where ![.pickle, .joblib].contains(source.format) {
            throw ConversionError(
                .unsupported,
                "several files are one model only where each is a pickle or joblib file of scikit-learn, and this one "
                    + "is \(source.format.displayName): import it by itself", at: "file \(index + 1)")
        }
        return finished(try convert(try sources.map { try PickleReader.read($0.bytes) }, options: options))
    }

    /// Notes in the file what it was made of.
    private static func finished(_ model: ConvertedModel) -> ConvertedModel {
        var model = model
        model.file.producerVersion = String(revision)
        model.file.metadata[Fact.framework] = model.report.framework
        if !model.report.featureNames.isEmpty {
            model.file.metadata[Fact.features] = lines(model.report.featureNames)
        }
        for (output, labels) in model.classLabels {
            model.file.metadata[Fact.labelsPrefix + output] = lines(labels)
        }
        return model
    }

    private static func lines(_ texts: [String]) -> String {
        texts.map { $0.replacing("\n", with: " ") }.joined(separator: "\n")
    }

    private static func convert(
        _ documents: [PickleDocument], options: ConversionOptions
    ) throws -> ConvertedModel {
        for document in documents { try document.requireClean() }
        return try SklearnConverter.convert(documents, options: options)
    }
}
