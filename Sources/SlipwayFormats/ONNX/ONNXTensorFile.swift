// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// A file that holds one `TensorProto`: what test data beside ONNX models are kept in, as `input_0.pb`.
///
/// Format: onnx.proto, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
public struct ONNXTensorFile: Sendable {
    /// The most bytes that a file may have.
    public static let maximumByteCount = 1 << 30
    /// Values of tensors that are not kept raw: each takes several times its bytes in the file.
    private static let maximumListed = 16 << 20

    /// The name inside the file; often empty.
    public let name: String
    public let tensor: Tensor

    /// - Throws: ``FormatError`` `limitExceeded` for a file that is too large, `unsupported` for types that a
    ///   ``Tensor`` cannot carry and for values in other files, `malformed` or `truncated` for what is no tensor.
    public init(path: String) throws(FormatError) { try self.init(FileSource(path: path)) }

    /// Reads a file from any source.
    public init(_ source: any ByteSource) throws(FormatError) {
        guard source.byteCount <= Self.maximumByteCount else {
            throw FormatError(
                .limitExceeded, "the tensor has \(source.byteCount) bytes, expected at most \(Self.maximumByteCount)")
        }
        var reader = ProtobufReader(source)
        let values = try ONNXTensorValues(&reader, keepsTexts: true, limit: Self.maximumListed)
        guard !values.isElsewhere else {
            throw FormatError(.unsupported, "the tensor's values lie in another file", at: values.name)
        }
        guard let type = ONNXDataType.elementType(values.type) else {
            throw FormatError(
                .unsupported, "tensors of type \(ONNXDataType.name(values.type)) are not read", at: values.name)
        }
        let extents = values.shape.compactMap { Int(exactly: $0) }
        guard let count = Shape(extents).elementCount, extents.allSatisfy({ $0 >= 0 }) else {
            throw FormatError(.malformed, "the shape \(values.shape) cannot be", at: values.name)
        }
        let storage: TensorStorage
        if let width = type.byteWidth {
            storage = try Self.storage(of: values, count: count, width: width, in: source)
        } else {
            guard values.texts.count == count else {
                throw FormatError(
                    .malformed, "the shape takes \(count) texts, there are \(values.texts.count)", at: values.name)
            }
            storage = BytesLayout.pack(values.texts)
        }
        do throws(TensorError) {
            tensor = try Tensor(elementType: type, shape: Shape(extents), storage: storage)
        } catch {
            throw FormatError(.malformed, error.message, at: values.name)
        }
        name = values.name
    }

    private static func storage(
        of values: ONNXTensorValues, count: Int, width: Int, in source: any ByteSource
    ) throws(FormatError) -> TensorStorage {
        let (expected, overflow) = count.multipliedReportingOverflow(by: width)
        let found = values.raw?.count ?? values.integers.count * width
        guard !overflow, found == expected else {
            throw FormatError(
                .malformed,
                "the shape \(values.shape) takes \(overflow ? "too many" : String(expected)) bytes, there "
                    + "are \(found)", at: values.name)
        }
        let bytes: [UInt8]
        if let raw = values.raw {
            bytes = try source.bytes(at: source.byteCount - raw.after - raw.count, count: raw.count)
        } else {
            bytes = values.integerBytes(width: width)
        }
        return bytes.withUnsafeBytes { TensorStorage(copying: $0) }
    }
}
