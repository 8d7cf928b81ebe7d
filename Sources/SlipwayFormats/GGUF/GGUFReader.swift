// SPDX-License-Identifier: Apache-2.0

/// Reads what a GGUF file says of itself: its metadata and its list of tensors, never its weights.
///
/// Whether its architecture can be run is for an engine to say. What takes part in requests is checked by the engine,
/// too; here it is bounded, so that a lying file costs little before it is refused.
public enum GGUFReader {
    /// Reads the file at `path`; of a model in several files the first, with the others beside it.
    ///
    /// - Throws: ``FormatError``; for files of a split model that are missing `missingFile`, naming the file.
    public static func read(path: String, limits: GGUFLimits = GGUFLimits()) throws(FormatError) -> GGUFModelInfo {
        let source = try FileSource(path: path)
        let head = try GGUFHead(source, limits: limits)
        let name = String(path.split(separator: "/").last ?? "")
        let count = try partCount(head, limits: limits)
        let own = GGUFModelInfo.File(name: name, byteCount: source.byteCount)
        guard count > 1 else { return try GGUFModelInfo([head], files: [own]) }
        guard let split = GGUFSplit(fileName: name), split.count == count else {
            throw FormatError(
                .malformed,
                "the file is one of \(count) that make a model, but is not called as such: give the files the names "
                    + "they had, NAME-00001-of-\(GGUFSplit.digits(count)).gguf and so on",
                at: name)
        }
        guard split.number == 1, head.metadata["split.no"].flatMap(\.integer) ?? 0 == 0 else {
            throw FormatError(
                .malformed,
                "the file is part \(split.number) of \(count): name the first one, '\(split.name(of: 1))'", at: name)
        }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        var heads = [head]
        var files = [own]
        for number in 2...count {
            let (other, file) = try part(number, of: split, in: folder, limits: limits)
            heads.append(other)
            files.append(file)
        }
        return try GGUFModelInfo(heads, files: files)
    }

    /// Reads a model in memory; of one in several files only this one.
    ///
    /// - Throws: ``FormatError``.
    public static func read(_ bytes: [UInt8], limits: GGUFLimits = GGUFLimits()) throws(FormatError) -> GGUFModelInfo {
        try read(MemorySource(bytes), limits: limits)
    }

    /// Reads one file of any source.
    ///
    /// - Throws: ``FormatError``.
    public static func read(
        _ source: any ByteSource, limits: GGUFLimits = GGUFLimits()
    ) throws(FormatError) -> GGUFModelInfo {
        let head = try GGUFHead(source, limits: limits)
        _ = try partCount(head, limits: limits)
        return try GGUFModelInfo([head], files: [])
    }

    private static func partCount(_ head: GGUFHead, limits: GGUFLimits) throws(FormatError) -> Int {
        guard let value = head.metadata["split.count"] else { return 1 }
        guard let count = value.integer, count >= 0 else {
            throw FormatError(.malformed, "is not a number of files", at: "split.count")
        }
        guard count <= limits.partCount else {
            throw FormatError(
                .limitExceeded, "the model is in \(count) files, the limit is \(limits.partCount)", at: "split.count")
        }
        return max(1, count)
    }

    private static func part(
        _ number: Int, of split: GGUFSplit, in folder: String, limits: GGUFLimits
    ) throws(FormatError) -> (GGUFHead, GGUFModelInfo.File) {
        let name = split.name(of: number)
        let source: FileSource
        do throws(FormatError) {
            source = try FileSource(path: folder + name)
        } catch {
            guard error.code == .missingFile else { throw error.located(name) }
            throw FormatError(
                .missingFile,
                "the model is in \(split.count) files, and '\(name)' is not beside the first; copy that file too",
                at: name)
        }
        let head: GGUFHead
        do throws(FormatError) {
            head = try GGUFHead(source, limits: limits)
        } catch {
            throw FormatError(error.code, "\(name): \(error.message)", at: error.location, cause: error)
        }
        guard head.metadata["split.no"]?.integer == number - 1,
            head.metadata["split.count"]?.integer == split.count
        else {
            throw FormatError(
                .malformed, "the file says that it is another part than its name does, or of another model", at: name)
        }
        return (head, GGUFModelInfo.File(name: name, byteCount: source.byteCount))
    }
}

extension GGUFValue {
    /// A whole number; `nil` for anything else.
    var integer: Int? { if case .integer(let value) = self { value } else { nil } }
}
