// SPDX-License-Identifier: Apache-2.0

/// Where a tensor says its values lie: the `external_data` entries of a `TensorProto`.
///
/// Source: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
struct ONNXExternalReference {
    let path: String
    /// The first byte after the values.
    let end: Int

    /// - Throws: ``FormatError`` `unsafePath` for a path that leaves the model's folder, `malformed` for offsets and
    ///   lengths that are no numbers or contradict the tensor's shape.
    init(tensor: String, entries: [String: String], byteCount: Int) throws(FormatError) {
        guard let location = entries["location"], !location.isEmpty else {
            throw FormatError(.malformed, "tensor '\(tensor)' lies in another file, but none is named", at: tensor)
        }
        path = try Self.checkedPath(location, tensor: tensor)
        let offset = try Self.number(entries["offset"], "offset", tensor) ?? 0
        let length = try Self.number(entries["length"], "length", tensor) ?? byteCount
        guard length >= byteCount else {
            throw FormatError(
                .malformed, "tensor '\(tensor)' needs \(byteCount) bytes, its external data have \(length)", at: tensor)
        }
        let (end, overflow) = offset.addingReportingOverflow(length)
        guard !overflow else {
            throw FormatError(.malformed, "the external data of tensor '\(tensor)' end beyond any file", at: tensor)
        }
        self.end = end
    }

    /// The path without `.` parts; it is relative and has no `..`, no backslash and no NUL.
    private static func checkedPath(_ location: String, tensor: String) throws(FormatError) -> String {
        let parts = location.split(separator: "/", omittingEmptySubsequences: true).filter { $0 != "." }
        let isSafe =
            !location.hasPrefix("/") && !parts.isEmpty && !parts.contains("..")
            && !location.utf8.contains { $0 == 0 || $0 == 0x5C } && location.utf8.count <= 4096
        guard isSafe else {
            throw FormatError(
                .unsafePath,
                "tensor '\(tensor)' refers to a file outside the model's folder; "
                    + "save the model with its external data beside it", at: tensor)
        }
        return parts.joined(separator: "/")
    }

    private static func number(_ text: String?, _ what: String, _ tensor: String) throws(FormatError) -> Int? {
        guard let text else { return nil }
        guard let value = Int(text), value >= 0 else {
            throw FormatError(
                .malformed, "the \(what) of tensor '\(tensor)' in its external file is not a number", at: tensor)
        }
        return value
    }
}
