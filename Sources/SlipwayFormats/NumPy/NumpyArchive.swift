// SPDX-License-Identifier: Apache-2.0

public import SlipwayCore

/// Reads and writes npz files: zip files with one npy file for each named array.
public enum NumpyArchive {
    /// More arrays than any model has inputs.
    private static let arrayLimit = 10_000

    /// The arrays of an npz file in memory, in the file's order.
    ///
    /// - Throws: ``FormatError``, at the name of the array that cannot be read.
    public static func read(_ bytes: [UInt8], limits: ZipLimits = ZipLimits()) throws(FormatError) -> NamedTensors {
        try read(MemorySource(bytes), limits: limits)
    }

    /// The arrays of the npz file at `path`.
    ///
    /// - Throws: ``FormatError``.
    public static func read(path: String, limits: ZipLimits = ZipLimits()) throws(FormatError) -> NamedTensors {
        try read(FileSource(path: path), limits: limits)
    }

    /// The arrays of an npz file.
    ///
    /// - Throws: ``FormatError``; `malformed` when an entry is not an npy file or a name occurs twice.
    public static func read(
        _ source: any ByteSource, limits: ZipLimits = ZipLimits()
    ) throws(FormatError) -> NamedTensors {
        let reader = try ZipReader(source, limits: limits)
        var tensors = NamedTensors()
        for (index, name) in try names(in: reader).enumerated() {
            do throws(FormatError) {
                tensors.append(try NumpyReader.read(try reader.read(index)), named: name)
            } catch {
                throw error.located(name)
            }
        }
        return tensors
    }

    /// An array of an npz file of any size, to be read some rows at a time.
    public struct NamedRows: Sendable {
        public let name: String
        public let rows: NumpyRows
    }

    /// The arrays of an npz file, of which only the headers are read.
    ///
    /// - Throws: ``FormatError`` as ``read(_:limits:)`` does, and as ``NumpyRows/init(_:)`` does.
    public static func rows(of source: any ByteSource) throws(FormatError) -> [NamedRows] {
        // Never unpacked as a whole, so neither sizes nor ratios are a danger.
        var limits = ZipLimits(totalByteCount: .max)
        limits.freeByteCount = .max
        let reader = try ZipReader(source, limits: limits)
        var result: [NamedRows] = []
        for (index, name) in try names(in: reader).enumerated() {
            do throws(FormatError) {
                result.append(NamedRows(name: name, rows: try NumpyRows(try reader.source(of: index))))
            } catch {
                throw error.located(name)
            }
        }
        return result
    }

    /// The names of all arrays, each once, in the order of the entries.
    private static func names(in reader: ZipReader) throws(FormatError) -> [String] {
        guard reader.entries.count <= arrayLimit else {
            throw FormatError(
                .limitExceeded, "the archive has \(reader.entries.count) arrays, the limit is \(arrayLimit)")
        }
        var seen: Set<String> = []
        var names: [String] = []
        for entry in reader.entries {
            guard entry.name.hasSuffix(".npy") else {
                throw FormatError(
                    .malformed, "the archive holds something other than arrays; write it with numpy.savez",
                    at: entry.name)
            }
            let name = String(entry.name.dropLast(4))
            guard seen.insert(name).inserted else {
                throw FormatError(.malformed, "the archive has two arrays of this name", at: name)
            }
            names.append(name)
        }
        return names
    }

    /// The bytes of an npz file.
    ///
    /// - Parameter isCompressed: Deflates each array, as `numpy.savez_compressed` does.
    /// - Throws: ``FormatError`` as ``NumpyWriter/bytes(of:)`` does.
    public static func bytes(of tensors: NamedTensors, isCompressed: Bool = false) throws(FormatError) -> [UInt8] {
        var writer = ZipWriter()
        for element in tensors {
            try writer.add(
                element.name + ".npy", try NumpyWriter.bytes(of: element.tensor),
                method: isCompressed ? .deflated : .stored)
        }
        return writer.finish()
    }
}
