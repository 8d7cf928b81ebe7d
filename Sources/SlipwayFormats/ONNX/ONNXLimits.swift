// SPDX-License-Identifier: Apache-2.0

/// How much an ONNX file may hold of what the reader keeps in memory.
public struct ONNXLimits: Sendable, Hashable {
    public var protobuf: ProtobufLimits
    /// Inputs and outputs, each.
    public var valueCount: Int
    /// Names of initializers, of all graphs together.
    public var initializerCount: Int
    /// Bytes of all names, metadata and labels together.
    public var textBytes: Int
    /// Different operators.
    public var operatorKinds: Int
    /// Files with external weights.
    public var externalFiles: Int
    /// Dimensions of one tensor.
    public var rank: Int
    /// Labels of one classifier.
    public var classLabels: Int
    /// Bytes kept of the model's documentation; the rest is cut off.
    public var documentationLength: Int

    public init() {
        protobuf = ProtobufLimits()
        valueCount = 65_536
        initializerCount = 4_000_000
        textBytes = 256 << 20
        operatorKinds = 8192
        externalFiles = 65_536
        rank = 64
        classLabels = 1_000_000
        documentationLength = 64 << 10
    }
}
