// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// A Keras model file: what the model is, and its variables.
struct KerasFile {
    /// JSON of an architecture, and the archive's weights when they must be unpacked first.
    private static let configLimit = 256 << 20
    private static let weightsLimit = 8 << 30

    /// The model's `class_name` and `config`.
    let model: StructuredValue
    let variables: KerasVariables
    /// Of Keras, empty where the file does not say.
    let version: String

    /// A file of `model.save("….h5")`.
    init(hdf5 source: any ByteSource) throws {
        let root = try HDF5File(source).root
        guard let config = try root.attribute("model_config")?.string else { throw try Self.withoutModel(root) }
        model = try JSONReader.read(config)
        let weights = try root.object(at: "model_weights") ?? root
        version = try root.attribute("keras_version")?.string ?? weights.attribute("keras_version")?.string ?? ""
        variables = KerasVariables(.byLayer(weights))
    }

    /// A file of `model.save("….keras")`.
    init(archive source: any ByteSource) throws {
        let zip = try ZipReader(source)
        guard let config = try zip.read(named: "config.json", limit: Self.configLimit) else {
            throw ConversionError(
                .malformed, "the archive has no config.json, so it is not a model that Keras 3 saved",
                at: "config.json")
        }
        model = try JSONReader.read(MemorySource(config))
        if let metadata = try zip.read(named: "metadata.json", limit: Self.configLimit) {
            version = try JSONReader.read(MemorySource(metadata))["keras_version"]?.string ?? ""
        } else {
            version = ""
        }
        guard let index = zip.entries.firstIndex(where: { $0.name == "model.weights.h5" }) else {
            throw ConversionError(
                .unsupported, "the archive has no model.weights.h5; save the model as one file with model.save()",
                at: "model.weights.h5")
        }
        // HDF5 is read at all places at once, which packed entries are not made for.
        let weights: any ByteSource =
            zip.entries[index].method == .stored
            ? try zip.source(of: index) : MemorySource(try zip.read(index, limit: Self.weightsLimit))
        variables = KerasVariables(.objects(try HDF5File(weights).root))
    }

    /// Why a file without an architecture cannot be converted.
    private static func withoutModel(_ root: HDF5Object) throws -> ConversionError {
        let members = try root.members()
        let names = try root.attributeNames()
        let hasWeights =
            names.contains { $0.hasPrefix("layer_names") }
            || ["layers", "_layer_checkpoint_dependencies", "vars"].contains { members[$0] != nil }
        guard hasWeights else {
            return ConversionError(
                .unsupported,
                "this HDF5 file holds no Keras model; pass a file that model.save() wrote",
                at: "attribute 'model_config'")
        }
        return ConversionError(
            .unsupported,
            "this file holds weights only, the architecture is missing; build the model in Python, load_weights() into "
                + "it, and save all of it with model.save('model.keras')", at: "attribute 'model_config'")
    }
}
