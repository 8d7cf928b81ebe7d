// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats
import Testing

@Suite("Scans of Keras files")
struct KerasScanTests {
    /// A file of the kind with this architecture in it.
    private static func file(_ kind: String, _ config: String) throws -> [UInt8] {
        guard kind == "keras" else {
            var builder = HDF5Builder()
            let root = builder.object([HDF5Builder.attribute("model_config", config)])
            return builder.finished(root: root)
        }
        var writer = ZipWriter()
        try writer.add("metadata.json", Array(#"{"keras_version": "3.10.0"}"#.utf8))
        try writer.add("config.json", Array(config.utf8), method: .deflated)
        var weights = HDF5Builder()
        let root = weights.object([])
        try writer.add("model.weights.h5", weights.finished(root: root))
        return writer.finish()
    }

    private static func model(_ layer: String) -> String {
        #"{"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": ["# + layer + "]}}"
    }

    @Test("the files made here are what they should be")
    func files() throws {
        let config = Self.model("")
        #expect(FormatDetector.detect(try Self.file("keras", config)).format == .keras)
        let h5 = try Self.file("h5", config)
        #expect(FormatDetector.detect(h5).format == .hdf5)
        #expect(try HDF5File(MemorySource(h5)).root.attribute("model_config")?.string == config)
    }

    @Test(
        "Lambda layers and functions of other modules are found in both kinds of file", arguments: ["keras", "h5"],
        [
            #"{"module": "keras.layers", "class_name": "Lambda", "config": {"name": "l"}}"#,
            #"{"class_name": "Lambda", "config": {"function": ["4wEAAAA=", null, null], "function_type": "lambda"}}"#,
            #"{"class_name": "Dense", "config": {"activation": {"class_name": "__lambda__", "config": {}}}}"#,
            #"{"module": "my_project.layers", "class_name": "Attention", "registered_name": "mine>Attention"}"#,
            #"{"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}"#,
            #"{"module": "builtins", "class_name": "function", "config": "eval"}"#,
            #"{"module": "keras.utils", "class_name": "function", "config": "get_file"}"#,
            #"{"module": "keras.src.saving.saving_lib", "class_name": "function", "config": "load_model"}"#,
            #"{"module": "kerassomething", "class_name": "Dense", "config": {}}"#,
            #"{"module": "tensorflow.python.ops", "class_name": "function", "config": "read_file"}"#,
        ])
    func dangerous(kind: String, layer: String) throws {
        let report = try ScanReport.scan(MemorySource(Self.file(kind, Self.model(layer))))
        let finding = try #require(report.findings.first)
        #expect(finding.severity == .high)
        #expect(finding.message.contains("Lambda") || finding.message.contains("outside Keras"))
        #expect(finding.member == (kind == "keras" ? "config.json" : nil))
    }

    @Test(
        "layers of Keras itself are clean in both kinds of file", arguments: ["keras", "h5"],
        [
            #"{"module": "keras.layers", "class_name": "Dense", "config": {"name": "lambda", "units": 3}}"#,
            #"{"module": "keras.src.layers.core.dense", "class_name": "Dense", "config": {"activation": "relu"}}"#,
            #"{"class_name": "Dense", "config": {"name": "os", "activation": "eval"}}"#,
            #"{"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": null}}"#,
            #"{"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}"#,
        ])
    func harmless(kind: String, layer: String) throws {
        let report = try ScanReport.scan(MemorySource(Self.file(kind, Self.model(layer))))
        #expect(report.isClean, "\(report.findings.map(\.message))")
    }

    @Test("an architecture that lies in a member of another name, or deeper, is scanned too")
    func otherPlaces() throws {
        let config = Self.model(#"{"class_name": "Lambda", "config": {}}"#)
        for name in ["model/config.json", "architecture.txt", "config.json.bak"] {
            var writer = ZipWriter()
            try writer.add(name, Array(config.utf8))
            #expect(try ScanReport.scan(MemorySource(writer.finish())).severity == .high, "\(name)")
        }
        var writer = ZipWriter()
        try writer.add("inner.keras", try Self.file("keras", config))
        try writer.add("weights.h5", try Self.file("h5", config))
        let members = try ScanReport.scan(MemorySource(writer.finish())).findings.filter { $0.severity == .high }
            .map(\.member)
        #expect(members.contains("inner.keras/config.json") && members.contains("weights.h5"))
    }
}
