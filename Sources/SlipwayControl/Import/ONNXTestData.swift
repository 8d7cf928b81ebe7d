// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwayFormats

/// Inputs of one call and the outputs they give, a tensor a file: `test_data_set_0/input_0.pb` and so on.
///
/// Convention: https://github.com/onnx/models and the tests of https://github.com/onnx/onnx
struct ONNXTestData: Sendable, Hashable {
    private static let maximumSets = 100
    private static let maximumFiles = 1000

    let folder: String
    /// Names of files, in the order of the model's inputs and outputs.
    let inputs: [String]
    let outputs: [String]

    /// The folder's own name.
    var name: String { folder.split(separator: "/").last.map(String.init) ?? folder }

    /// The sets in a model's folder that have inputs, in the order of their numbers.
    ///
    /// - Parameter names: What the folder holds.
    static func sets(in folder: String, names: [String]) -> [ONNXTestData] {
        let numbered = names.compactMap { name in number(name, "test_data_set_", "").map { (name, $0) } }
        return numbered.sorted { $0.1 < $1.1 }.prefix(maximumSets).compactMap { name, _ in
            let path = folder + "/" + name
            guard FileFacts.isDirectory(path), let files = try? FileFacts.names(in: path) else { return nil }
            let inputs = ordered(files, "input_")
            return inputs.isEmpty ? nil : ONNXTestData(folder: path, inputs: inputs, outputs: ordered(files, "output_"))
        }
    }

    private static func ordered(_ files: [String], _ prefix: String) -> [String] {
        files.compactMap { name in number(name, prefix, ".pb").map { (name, $0) } }
            .sorted { $0.1 < $1.1 }.prefix(maximumFiles).map(\.0)
    }

    private static func number(_ name: String, _ prefix: String, _ suffix: String) -> Int? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
        let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
        return digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(digits) : nil
    }

    /// The model's inputs: by the names in the files where these are the model's, else in their order.
    ///
    /// - Throws: ``ControlError`` `invalidRequest` for a file that holds no tensor, or more of them than inputs.
    func readInputs(for signature: ModelSignature) throws(ControlError) -> NamedTensors {
        var tensors = NamedTensors()
        // Old models name their weights among the inputs, and test data leave them out.
        let required = signature.inputs.filter { !$0.isOptional }
        let known = inputs.count <= required.count ? required : signature.inputs
        for (name, tensor) in try read(inputs, names: known.map(\.name), "inputs") {
            guard tensors.append(tensor, named: name) else {
                throw ControlError(.invalidRequest, "\(self.name) has input '\(name)' twice")
            }
        }
        return tensors
    }

    /// What the model must answer, likewise.
    func readOutputs(names: [String]) throws(ControlError) -> [(name: String, tensor: Tensor)] {
        try read(outputs, names: names, "outputs")
    }

    private func read(
        _ files: [String], names: [String], _ what: String
    ) throws(ControlError) -> [(name: String, tensor: Tensor)] {
        guard files.count <= names.count else {
            throw ControlError(
                .invalidRequest, "\(name) has \(files.count) \(what), the model has \(names.count)")
        }
        var found: [(name: String, tensor: Tensor)] = []
        for (file, position) in zip(files, names) {
            do throws(FormatError) {
                let read = try ONNXTensorFile(path: folder + "/" + file)
                found.append((names.contains(read.name) ? read.name : position, read.tensor))
            } catch {
                throw ControlError(
                    .invalidRequest,
                    "'\(name)/\(file)' is not a tensor that can be read: name the model's file itself to import it "
                        + "without its test data", cause: error)
            }
        }
        return found
    }
}
