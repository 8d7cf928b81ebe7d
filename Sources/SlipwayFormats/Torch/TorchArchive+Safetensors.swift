// SPDX-License-Identifier: Apache-2.0

extension TorchArchive {
    /// Names under which checkpoints keep the weights of the model itself, the usual one first.
    private static let weightNames = ["state_dict", "model_state_dict", "model"]

    /// The tensors of the model itself, named as in its state dict.
    ///
    /// Of a checkpoint only those under `state_dict`, `model_state_dict` or `model`; an optimizer's are left out.
    public var weights: [TorchTensor] {
        guard kind == .stateDict else { return tensors }
        for name in Self.weightNames {
            let prefix = name + "."
            let inside = tensors.filter { $0.name.hasPrefix(prefix) }
            guard !inside.isEmpty, inside.count < tensors.count || tensors.allSatisfy({ $0.name.hasPrefix(prefix) })
            else { continue }
            return inside.map { $0.renamed(String($0.name.dropFirst(prefix.count))) }
        }
        return tensors
    }

    /// The elements of a tensor, row-major and little-endian, read when they are asked for.
    ///
    /// - Throws: ``FormatError`` `unsupported` for quantised and sparse tensors and for big-endian files, `malformed`
    ///   or `missingFile` where its storage is not in the file or too small.
    public func content(of tensor: TorchTensor) throws(FormatError) -> any ByteSource { try elements(of: tensor) }

    private func elements(of tensor: TorchTensor) throws(FormatError) -> StridedSource {
        guard let type = tensor.type, let storage = tensor.storage else {
            throw FormatError(
                .unsupported, "elements of type \(tensor.typeName) are listed, but not copied: save plain tensors",
                at: tensor.name)
        }
        switch content {
        case .zip(_, isBigEndian: true):
            throw FormatError(.unsupported, "the file was written on a big-endian machine; save it again on another")
        case .zip(let zip, _):
            let record = (storage.isConstant ? "constants/" : "data/") + storage.key
            guard let bytes = try zip.source(record) else {
                throw FormatError(.missingFile, "the file has no record '\(record)'", at: tensor.name)
            }
            return try StridedSource(tensor, type: type, in: bytes)
        case .legacy(let source, let storages):
            guard let range = storages[storage.key] else {
                throw FormatError(.missingFile, "the file has no storage '\(storage.key)'", at: tensor.name)
            }
            let bytes = try SliceSource(source, from: range.lowerBound, count: range.count)
            return try StridedSource(tensor, type: type, in: bytes)
        }
    }

    /// Writes ``weights`` as a safetensors file, a piece at a time.
    ///
    /// Tensors that share their elements are written once for each name.
    ///
    /// - Throws: ``FormatError`` as ``content(of:)`` does; `unsupported` when there are no tensors, or one is of a type
    ///   that safetensors has not; `limitExceeded` where tensors show the same elements far too often; what `sink`
    ///   throws.
    public func writeSafetensors(
        metadata: [String: String] = ["format": "pt"], to sink: ([UInt8]) throws -> Void
    ) throws {
        let weights = weights
        guard !weights.isEmpty, kind != .exported else {
            throw FormatError(
                .unsupported,
                kind == .exported
                    ? "an exported program is a model and not a state dict: \(advice)" : "the file holds no tensors")
        }
        var storages: [TorchTensor.Storage.Place: Int] = [:]
        var total = 0
        let entries = try weights.map { tensor in
            guard let type = tensor.type?.safetensors else {
                throw FormatError(
                    .unsupported, "safetensors has no elements of type \(tensor.typeName): convert the tensor first",
                    at: tensor.name)
            }
            let elements = try elements(of: tensor)
            if let place = tensor.storage?.place { storages[place] = elements.storage.byteCount }
            total = total.addingReportingOverflow(elements.byteCount).partialValue
            guard total >= 0, total <= 1 << 60 else {
                throw FormatError(.limitExceeded, "the tensors are too large together", at: tensor.name)
            }
            return SafetensorsWriter.Entry(name: tensor.name, type: type, shape: tensor.shape, content: elements)
        }
        let stored = storages.values.reduce(0) { $0 + $1 }
        guard StridedSource.isFair(total, of: stored) else {
            throw FormatError(
                .limitExceeded,
                "the tensors show the \(stored) bytes of the file's storages as \(total); save copies of them")
        }
        try SafetensorsWriter.write(entries, metadata: metadata, to: sink)
    }
}
