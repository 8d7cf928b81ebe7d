// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// A tensor of a safetensors file, as its header describes it.
public struct SafetensorsTensor: Sendable, Hashable {
    public let name: String
    public let type: SafetensorsType
    public let shape: [Int]
    /// Where its elements lie among the file's data, which begin after the header.
    public let range: Range<Int>
}

/// The header of a safetensors file, checked against its size.
public struct SafetensorsFile: Sendable {
    /// In the order of their data.
    public let tensors: [SafetensorsTensor]
    /// Texts by name, for people.
    public let metadata: [String: String]
    /// Bytes of all elements.
    public let dataByteCount: Int
    private let source: any ByteSource
    private let dataOffset: Int

    init(_ source: any ByteSource, header: SafetensorsHeader, dataOffset: Int) {
        tensors = header.tensors
        metadata = header.metadata
        self.source = source
        self.dataOffset = dataOffset
        dataByteCount = source.byteCount - dataOffset
    }

    /// The tensor of a name; `nil` when there is none.
    public func tensor(named name: String) -> SafetensorsTensor? { tensors.first { $0.name == name } }

    /// The bytes of a tensor's elements, row-major and little-endian, read when they are asked for.
    ///
    /// - Throws: ``FormatError`` `truncated` for a tensor of another file that lies outside of this one.
    public func content(of tensor: SafetensorsTensor) throws(FormatError) -> any ByteSource {
        try SliceSource(source, from: dataOffset + tensor.range.lowerBound, count: tensor.range.count)
    }

    /// A tensor with its values.
    ///
    /// - Throws: ``FormatError`` `unsupported` for element types that requests do not have, or of the source.
    public func read(_ tensor: SafetensorsTensor) throws(FormatError) -> Tensor {
        guard let type = tensor.type.elementType else {
            throw FormatError(
                .unsupported,
                "elements of type \(tensor.type.rawValue) are listed and copied, but not read as values",
                at: tensor.name)
        }
        let content = try content(of: tensor)
        let storage = try TensorStorage(byteCount: tensor.range.count) { (target) throws(FormatError) in
            try content.read(at: 0, into: target)
        }
        do throws(TensorError) {
            return try Tensor(elementType: type, shape: Shape(tensor.shape), storage: storage)
        } catch {
            throw FormatError(.malformed, "the tensor's shape is too large", at: tensor.name, cause: error)
        }
    }
}
