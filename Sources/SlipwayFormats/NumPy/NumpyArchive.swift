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
        guard reader.entries.count <= arrayLimit else {
            throw FormatError(
                .limitExceeded, "the archive has \(reader.entries.count) arrays, the limit is \(arrayLimit)")
        }
        var tensors = NamedTensors()
        var seen: Set<String> = []
        for (index, entry) in reader.entries.enumerated() {
            guard entry.name.hasSuffix(".npy") else {
                throw FormatError(
                    .malformed, "the archive holds something other than arrays; write it with numpy.savez",
                    at: entry.name)
            }
            let name = String(entry.name.dropLast(4))
            guard seen.insert(name).inserted else {
                throw FormatError(.malformed, "the archive has two arrays of this name", at: name)
            }
            do throws(FormatError) {
                tensors.append(try NumpyReader.read(try reader.read(index)), named: name)
            } catch {
                throw error.located(name)
            }
        }
        return tensors
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
