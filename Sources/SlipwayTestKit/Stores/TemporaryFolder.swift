// SPDX-License-Identifier: Apache-2.0

import SlipwayRegistry

/// A new folder that goes, with all that is in it, when the value does.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        path = try PosixFolder.makeTemporary(prefix: "/tmp/slipway-test-")
    }

    deinit { _ = try? PosixFolder.removeTree(path) }

    /// Writes a new file into the folder and returns its path.
    package func file(_ name: String, _ bytes: [UInt8]) throws -> String {
        let target = path + "/" + name
        let file = try PosixFile(creating: target, mode: 0o600)
        try bytes.withUnsafeBytes { try file.write($0) }
        return target
    }

    /// Reads a whole file, wherever it is.
    package static func contents(of path: String) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try PosixFile(reading: path).forEachChunk { bytes.append(contentsOf: $0) }
        return bytes
    }
}
