// SPDX-License-Identifier: Apache-2.0

import COpenVINO
import SlipwayCore
import SlipwayEngine

/// Reads what a model takes and gives.
struct ModelPorts {
    private let library: OpenVINOLibrary
    private let model: OpaquePointer
    private var calls: UnsafePointer<slipway_ov_functions> { library.calls }

    private typealias PortFunction =
        @convention(c) (OpaquePointer, Int, UnsafeMutablePointer<OpaquePointer?>) -> slipway_ov_status

    init(_ model: OpaquePointer, _ library: OpenVINOLibrary) {
        self.model = model
        self.library = library
    }

    /// Inputs and outputs in the library's order, which is the file's.
    ///
    /// - Parameter file: What the file says where it is a format that is read here too; it has the names that the
    ///   library may have merged, and names for extents.
    /// - Throws: ``EngineError`` `unsupportedModel` for strings and for types that Slipway has no tensors of.
    func signature(_ file: ModelSignature) throws(EngineError) -> ModelSignature {
        var (inputs, outputs) = (0, 0)
        try library.check(calls.pointee.ov_model_inputs_size(model, &inputs), .compile)
        try library.check(calls.pointee.ov_model_outputs_size(model, &outputs), .compile)
        return ModelSignature(
            inputs: try specs(
                inputs, calls.pointee.ov_model_const_input_by_index, fallback: "input",
                file.inputs.filter { !$0.isOptional }),
            outputs: try specs(outputs, calls.pointee.ov_model_const_output_by_index, fallback: "output", file.outputs))
    }

    private func specs(
        _ count: Int, _ port: PortFunction, fallback: String, _ known: [TensorSpec]
    ) throws(EngineError) -> [TensorSpec] {
        var handles: [OpaquePointer] = []
        defer { for handle in handles { calls.pointee.ov_output_const_port_free(handle) } }
        for index in 0..<count {
            var found: OpaquePointer?
            try library.check(port(model, index, &found), .compile)
            handles.append(try OpenVINOLibrary.present(found))
        }
        let own = handles.map { name($0) }
        let places = known.count == count ? try PortOrder.match(own, to: known.map(\.name)) : nil
        var specs: [TensorSpec] = []
        var taken: Set<String> = []
        for (index, handle) in handles.enumerated() {
            let known = places.map { known[$0[index]] }
            let wanted = known?.name ?? own[index] ?? "\(fallback)_\(index)"
            // Two ports may be one tensor.
            var (name, suffix) = (wanted, 0)
            while !taken.insert(name).inserted {
                suffix += 1
                name = "\(wanted)_\(suffix)"
            }
            let shape = Self.merge(try shape(handle), known?.shape)
            specs.append(TensorSpec(name: name, elementType: try type(handle, of: name), shape: shape))
        }
        return specs
    }

    /// The first in order of the tensor's names; `nil` when it has none.
    private func name(_ port: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard calls.pointee.ov_port_get_any_name(port, &text) == SLIPWAY_OV_OK else { return nil }
        return library.take(text).flatMap { $0.isEmpty ? nil : $0 }
    }

    private func type(_ port: OpaquePointer, of name: String) throws(EngineError) -> ElementType {
        var number: UInt32 = 0
        try library.check(calls.pointee.ov_port_get_element_type(port, &number), .compile)
        guard let type = ElementType(openVINO: number) else {
            throw EngineError(
                code: .unsupportedModel,
                message:
                    "'\(name)' is of OpenVINO's element type \(number) (packed bits, a small float, or not fixed), "
                    + "which has no form as a tensor. Export the model with other inputs and outputs",
                location: name)
        }
        guard type != .bytes else {
            throw EngineError(
                code: .unsupportedModel,
                message:
                    "'\(name)' is made of strings, which OpenVINO's processor plug-in does not compute with. Export "
                    + "the model from behind its text processing, or to ONNX and run it with engine 'onnxruntime'",
                location: name)
        }
        return type
    }

    /// `nil` for a tensor of unknown rank.
    private func shape(_ port: OpaquePointer) throws(EngineError) -> [Dimension]? {
        var partial = slipway_ov_partial_shape()
        try library.check(calls.pointee.ov_port_get_partial_shape(port, &partial), .compile)
        defer { calls.pointee.ov_partial_shape_free(&partial) }
        guard partial.rank.least == partial.rank.most, let rank = Int(exactly: partial.rank.most), rank >= 0 else {
            return nil
        }
        guard rank > 0, let extents = partial.extents else { return [] }
        return UnsafeBufferPointer(start: extents, count: rank).map { extent in
            extent.least == extent.most && extent.least >= 0 ? .fixed(Int(extent.least)) : .dynamic
        }
    }

    /// The library's extents, under the names that the file has for those that vary.
    private static func merge(_ found: [Dimension]?, _ file: [Dimension]?) -> [Dimension]? {
        guard let found, let file, found.count == file.count else { return found }
        return zip(found, file).map { found, file in
            if case .dynamic = found, case .symbolic = file { file } else { found }
        }
    }
}
