// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats
import Testing

/// Files that h5py wrote, and what it reads from them; see Tests/Fixtures/FIXTURES.md.
enum HDF5Fixtures {
    static let versions = ["earliest", "v108", "v112", "latest"]

    static func bytes(_ name: String, _ here: String = #filePath) throws -> [UInt8] {
        let tests = here.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let zip = try ZipReader(try FileSource(path: "\(tests)/Fixtures/hdf5/files.zip"))
        return try #require(try zip.read(named: name))
    }

    static func file(_ version: String) throws -> HDF5File {
        try HDF5File(MemorySource(try bytes("\(version).h5")))
    }

    /// Every attribute (`path@name`) and data set with its type, shape and values.
    static func expected() throws -> [StructuredValue.Member] {
        let value = try JSONReader.read(MemorySource(try bytes("expected.json")))
        return try #require(value.members)
    }
}
