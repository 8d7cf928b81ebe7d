// SPDX-License-Identifier: Apache-2.0

/// What a tensor of a file is and where it lies.
struct GGUFTensorInfo: Sendable, Hashable {
    let name: String
    /// From the fastest to the slowest, as the file has them.
    let dimensions: [Int]
    let type: GGMLType
    let elementCount: Int
    let byteCount: Int
    /// From the beginning of the tensors' data.
    let offset: Int
}

/// The head of one GGUF file: everything but its weights.
///
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little endian.
struct GGUFHead: Sendable {
    let version: Int
    let metadata: [String: GGUFValue]
    let tensors: [GGUFTensorInfo]
    let alignment: Int

    private static let vocabularyKey = "tokenizer.ggml.tokens"
    private static let defaultAlignment = 32
    /// The format's own limit.
    private static let keyBytes = 65_535
    /// ggml keeps names in 64 bytes with their terminator.
    private static let tensorNameBytes = 63

    init(_ source: any ByteSource, limits: GGUFLimits) throws(FormatError) {
        var cursor = GGUFCursor(source, limits: limits)
        version = try Self.version(&cursor)
        let tensorCount = try cursor.count(ofAtLeast: 24, most: limits.tensorCount, for: "tensors")
        let metadataCount = try cursor.count(ofAtLeast: 13, most: limits.metadataCount, for: "metadata values")
        var metadata: [String: GGUFValue] = [:]
        for _ in 0..<metadataCount {
            let key = try cursor.name(upTo: Self.keyBytes, for: "a metadata key")
            let value: GGUFValue
            do throws(FormatError) {
                value = try GGUFValue(&cursor, isVocabulary: key == Self.vocabularyKey)
            } catch {
                throw FormatError(error.code, error.message, at: Self.place(key), cause: error.cause)
            }
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw FormatError(.malformed, "the file has two metadata values of this key", at: Self.place(key))
            }
        }
        // This one tokenizer's texts are made different when they are read.
        if cursor.hasRepeatedTexts, metadata["tokenizer.ggml.model"] != .text("hybriddna") {
            throw FormatError(
                .malformed, "two tokens of the vocabulary have the same text; the file is damaged: copy it again",
                at: Self.vocabularyKey)
        }
        alignment = try Self.alignment(metadata)
        var tensors: [GGUFTensorInfo] = []
        var names: Set<String> = []
        for _ in 0..<tensorCount {
            let tensor = try Self.tensor(&cursor)
            guard names.insert(tensor.name).inserted else {
                throw FormatError(.malformed, "the file has two tensors of this name", at: tensor.name)
            }
            tensors.append(tensor)
        }
        try Self.checkPlaces(of: tensors, after: cursor.offset, alignment: alignment, fileBytes: source.byteCount)
        self.metadata = metadata
        self.tensors = tensors
        if let key = metadata.keys.first(where: { $0.contains("\u{FFFD}") }) {
            throw FormatError(.malformed, "a metadata key is not UTF-8", at: Self.place(key))
        }
    }

    private static func place(_ key: String) -> String { String(key.prefix(128)) }

    private static func version(_ cursor: inout GGUFCursor) throws(FormatError) -> Int {
        // "GGUF" as a little-endian number.
        guard try cursor.integer(UInt32.self, for: "the file's beginning") == 0x4655_4747 else {
            throw FormatError(.malformed, "this is not a GGUF file: it does not begin with 'GGUF'")
        }
        let version = try cursor.integer(UInt32.self, for: "the version")
        switch version {
        case 2, 3:
            return Int(version)
        case 1:
            throw FormatError(
                .unsupported, "the file is of GGUF version 1, versions 2 and 3 are read: convert the model again")
        case _ where (1...0xFFFF).contains(version.byteSwapped):
            throw FormatError(
                .unsupported,
                "the file is a big-endian GGUF, only little-endian ones are read: convert it with "
                    + "gguf-convert-endian, or download the little-endian file")
        default:
            throw FormatError(
                .unsupported, "the file is of GGUF version \(version), versions 2 and 3 are read: a newer release may")
        }
    }

    private static func alignment(_ metadata: [String: GGUFValue]) throws(FormatError) -> Int {
        guard let value = metadata["general.alignment"] else { return defaultAlignment }
        guard case .integer(let alignment) = value, alignment > 0, alignment <= 1 << 30,
            alignment & (alignment - 1) == 0
        else {
            throw FormatError(
                .malformed, "the alignment is \(value.text ?? "a list"), expected a power of two",
                at: "general.alignment")
        }
        return alignment
    }

    private static func tensor(_ cursor: inout GGUFCursor) throws(FormatError) -> GGUFTensorInfo {
        let name = try cursor.name(upTo: tensorNameBytes, for: "a tensor's name")
        let rank = try cursor.integer(UInt32.self, for: "a tensor's rank")
        guard rank <= 4 else {
            throw FormatError(.malformed, "the tensor has \(rank) dimensions, expected 4 at most", at: name)
        }
        var dimensions: [Int] = []
        var elementCount = 1
        for _ in 0..<rank {
            let extent = try cursor.integer(UInt64.self, for: "a tensor's dimensions")
            guard extent > 0, let extent = Int(exactly: extent) else {
                throw FormatError(.malformed, "the tensor has a dimension of \(extent), expected 1 or more", at: name)
            }
            let (product, overflow) = elementCount.multipliedReportingOverflow(by: extent)
            guard !overflow else {
                throw FormatError(.malformed, "the tensor has more elements than memory can address", at: name)
            }
            elementCount = product
            dimensions.append(extent)
        }
        let number = try cursor.integer(UInt32.self, for: "a tensor's type")
        let type = try type(number, of: name)
        guard (dimensions.first ?? 1).isMultiple(of: type.blockLength) else {
            throw FormatError(
                .malformed,
                "the tensor's rows have \(dimensions.first ?? 1) elements, expected whole blocks of "
                    + "\(type.blockLength), as \(type.name) has them",
                at: name)
        }
        let (byteCount, overflow) = (elementCount / type.blockLength).multipliedReportingOverflow(by: type.blockBytes)
        let offset = try cursor.integer(UInt64.self, for: "a tensor's offset")
        guard !overflow, let offset = Int(exactly: offset) else {
            throw FormatError(.malformed, "the tensor reaches further than memory can be addressed", at: name)
        }
        return GGUFTensorInfo(
            name: name, dimensions: dimensions, type: type, elementCount: elementCount, byteCount: byteCount,
            offset: offset)
    }

    private static func type(_ number: UInt32, of name: String) throws(FormatError) -> GGMLType {
        if let type = GGMLType(number) { return type }
        if let instead = GGMLType.givenUp[number] {
            throw FormatError(
                .unsupported,
                "the tensor is of type \(number), which llama.cpp has given up: quantise the model to \(instead)",
                at: name)
        }
        throw FormatError(
            .unsupported, "the tensor is of type \(number), which is not known: a newer release may know it", at: name)
    }

    /// Every tensor begins at a multiple of the alignment, lies inside the file, and has its bytes for itself.
    private static func checkPlaces(
        of tensors: [GGUFTensorInfo], after headEnd: Int, alignment: Int, fileBytes: Int
    ) throws(FormatError) {
        guard !tensors.isEmpty else { return }
        let padding = (alignment - headEnd % alignment) % alignment
        let available = fileBytes - headEnd - padding
        var previous: (name: String, end: Int) = ("", 0)
        for tensor in tensors.sorted(by: { $0.offset < $1.offset }) {
            guard tensor.offset.isMultiple(of: alignment) else {
                throw FormatError(
                    .malformed,
                    "the tensor begins at \(tensor.offset) of the data, expected a multiple of \(alignment)",
                    at: tensor.name)
            }
            let (end, overflow) = tensor.offset.addingReportingOverflow(tensor.byteCount)
            guard !overflow, end <= available else {
                throw FormatError(
                    .truncated,
                    "the tensor lies at \(tensor.offset) of the data with \(tensor.byteCount) bytes, but the file "
                        + "has only \(max(0, available)) of data; it is incomplete or damaged: copy it again",
                    at: tensor.name)
            }
            guard tensor.offset >= previous.end else {
                throw FormatError(
                    .malformed, "the tensor lies on bytes of '\(previous.name)', too; the file is damaged",
                    at: tensor.name)
            }
            previous = (tensor.name, end)
        }
    }
}
