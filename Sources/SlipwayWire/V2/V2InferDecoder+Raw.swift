// SPDX-License-Identifier: Apache-2.0

import SlipwayCore

extension V2InferDecoder {
    /// Takes the whole body as the one input of a model; all outputs go back as binary.
    func decodeRaw(
        _ body: UnsafeRawBufferPointer, receivedAt: ContinuousClock.Instant
    ) throws(WireError) -> V2InferRequest {
        guard let signature, signature.inputs.count == 1, let spec = signature.inputs.first, spec.form == .tensor
        else {
            throw WireError(
                .invalidRequest,
                "a raw binary request needs a model with exactly one input, which '\(endpoint)' has not: send JSON or "
                    + "JSON with binary tensors")
        }
        let shape = try rawShape(spec, byteCount: body.count)
        let storage =
            spec.elementType == .bytes ? try lengthPrefixed(body) : TensorStorage(copying: body)
        var inputs = NamedTensors()
        inputs.append(
            try .fromBytes(spec.elementType, shape, storage, input: spec.name), named: spec.name)
        return V2InferRequest(
            inference: InferenceRequest(
                endpoint: endpoint, version: version, inputs: inputs, receivedAt: receivedAt),
            replyForm: V2ReplyForm(isBinary: true))
    }

    /// One element: the body, its length before it.
    private func lengthPrefixed(_ body: UnsafeRawBufferPointer) throws(WireError) -> TensorStorage {
        guard let length = UInt32(exactly: body.count) else {
            throw WireError(.invalidTensor, "a BYTES element of 4 GiB or more cannot be sent")
        }
        return TensorStorage(byteCount: body.count + 4) { target in
            target.storeBytes(of: length.littleEndian, as: UInt32.self)
            UnsafeMutableRawBufferPointer(rebasing: target[4...]).copyMemory(from: body)
        }
    }

    /// Deduces the shape: at most one dimension may vary, besides a first one that is a batch.
    private func rawShape(_ spec: TensorSpec, byteCount: Int) throws(WireError) -> Shape {
        guard var extents = spec.shape?.map(\.wireExtent) else {
            throw WireError(
                .invalidRequest, "a raw binary request needs an input of known rank, which '\(spec.name)' has not")
        }
        // With a second variable dimension the first is taken for the batch, which is 1.
        if extents.count(where: { $0 < 0 }) > 1, extents[0] < 0 { extents[0] = 1 }
        guard extents.count(where: { $0 < 0 }) <= 1 else {
            throw WireError(
                .invalidRequest,
                "the shape of a raw binary request cannot be deduced: input '\(spec.name)' has shape "
                    + "\(spec.shapeText), expected at most one variable dimension")
        }
        let known = Shape(extents.map { max($0, 1) })
        guard let count = known.elementCount else {
            throw WireError(.invalidTensor, "shape \(spec.shapeText) has too many elements")
        }
        guard let width = spec.elementType.byteWidth else {
            guard count == 1 else {
                throw WireError(
                    .invalidTensor,
                    "a raw binary request holds one BYTES element: expected shape [1], the input has "
                        + spec.shapeText)
            }
            return known
        }
        guard let variable = extents.firstIndex(where: { $0 < 0 }), count > 0 else { return known }
        let (rowBytes, overflow) = count.multipliedReportingOverflow(by: width)
        guard !overflow, byteCount % rowBytes == 0 else {
            throw WireError(
                .invalidTensor,
                "the raw binary data does not fill shape \(spec.shapeText): expected a multiple of \(rowBytes) bytes, "
                    + "got \(byteCount)")
        }
        extents[variable] = byteCount / rowBytes
        return Shape(extents)
    }
}
