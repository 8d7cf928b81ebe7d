// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
package import SlipwayFormats

/// Converts Keras models, `.h5` of Keras 2 and 3 and `.keras` of Keras 3, to ONNX.
///
/// Nothing inside the file is executed: layers are known by their names, and `Lambda` layers are refused unread.
package enum KerasConverter {
    /// - Parameter format: `.hdf5` or `.keras`.
    /// - Throws: ``ConversionError`` with the layer that is not converted, ``FormatError`` for damaged files.
    package static func convert(
        _ source: any ByteSource, format: ModelFormat, options: ConversionOptions
    ) throws -> ConvertedModel {
        let file = try format == .keras ? KerasFile(archive: source) : KerasFile(hdf5: source)
        let report = ConversionReport(framework: file.version.isEmpty ? "Keras" : "Keras \(file.version)")
        var graph = KerasGraph(
            GraphBuilder(name: file.model["config"]?["name"]?.string ?? "keras", report: report), options: options)
        // HDF5 files are older than Keras 3, too, and some of those do not tell their version.
        let isLegacy = format == .keras ? file.version.hasPrefix("2.") : !file.version.hasPrefix("3.")
        let model = KerasLayer(entry: file.model, variables: file.variables, path: "model", isLegacy: isLegacy)
        let result = try KerasModel(model, depth: 0).add(to: &graph)
        var names: [String] = []
        for (name, value) in result {
            let plain = graph.plain(value)
            graph.builder.output(
                plain.name, as: name, plain.type, [GraphBuilder.batch] + KerasGraph.dimensions(plain.shape.dropFirst()))
            names.append(name)
        }
        var converted = graph.builder.finish()
        converted.file.graph.nameOutputs(names)
        return converted
    }
}

extension ONNXGraph {
    /// Gives the outputs these names; inner values that have one of them get another.
    fileprivate mutating func nameOutputs(_ wanted: [String]) {
        var names: [String: String] = [:]
        for (output, name) in zip(outputs, wanted) where output.name != name {
            guard !inputs.contains(where: { $0.name == name }), !outputs.contains(where: { $0.name == name }) else {
                continue
            }
            names[name] = name + "/inner"
            names[output.name] = name
        }
        guard !names.isEmpty else { return }
        func renamed(_ name: String) -> String { names[name] ?? name }
        for index in outputs.indices { outputs[index].name = renamed(outputs[index].name) }
        for index in initializers.indices { initializers[index].name = renamed(initializers[index].name) }
        for index in nodes.indices {
            nodes[index].inputs = nodes[index].inputs.map(renamed)
            nodes[index].outputs = nodes[index].outputs.map(renamed)
        }
    }
}
