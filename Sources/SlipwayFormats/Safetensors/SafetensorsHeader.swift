// SPDX-License-Identifier: Apache-2.0

/// What a header lists, in the order of the data once it was checked.
struct SafetensorsHeader {
    var tensors: [SafetensorsTensor] = []
    var metadata: [String: String] = [:]

    /// Checks that the tensors fill the data exactly, each with as many bytes as its shape and type ask.
    mutating func check(dataByteCount: Int) throws(FormatError) {
        tensors.sort {
            ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
        }
        var end = 0
        for tensor in tensors {
            guard let expected = tensor.type.byteCount(of: tensor.shape) else {
                throw FormatError(
                    .malformed,
                    "elements of type \(tensor.type.rawValue) and shape \(tensor.shape) fill no whole bytes",
                    at: tensor.name)
            }
            guard tensor.range.count == expected else {
                throw FormatError(
                    .malformed,
                    "the shape \(tensor.shape) of \(tensor.type.rawValue) takes \(expected) bytes, the header gives "
                        + "\(tensor.range.count)", at: tensor.name)
            }
            guard tensor.range.lowerBound == end else {
                throw FormatError(
                    .malformed,
                    tensor.range.lowerBound < end
                        ? "the tensor's data overlap those of another"
                        : "\(tensor.range.lowerBound - end) bytes before the tensor's data belong to no tensor",
                    at: tensor.name)
            }
            end = tensor.range.upperBound
        }
        guard end <= dataByteCount else {
            throw FormatError(
                .truncated, "the tensors take \(end) bytes, the file has \(dataByteCount); it is incomplete",
                at: tensors.last?.name)
        }
        guard end == dataByteCount else {
            throw FormatError(.malformed, "\(dataByteCount - end) bytes at the end belong to no tensor")
        }
    }
}
