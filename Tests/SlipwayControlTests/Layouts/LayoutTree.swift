// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayCore
import SlipwayRegistry
import SlipwayTestKit

/// A folder of models as another server has them, for one test.
final class LayoutTree: Sendable {
    struct Failure: Error { let path: String }

    let folder: TemporaryFolder
    var path: String { folder.path }

    init() throws { folder = try TemporaryFolder() }

    /// Writes a file and the folders above it.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        var place = path
        for part in name.split(separator: "/").dropLast() {
            place += "/" + part
            // Another file may have made it.
            _ = mkdir(place, 0o700)
        }
        return try folder.file(name, bytes)
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    func link(_ name: String, to target: String) throws {
        guard symlink(target, path + "/" + name) == 0 else { throw Failure(path: name) }
    }

    func makeFolder(_ name: String) throws { try PosixFolder.make(path + "/" + name) }

    /// A model `x` to `y`, float32 `[b, symbol]`: another symbol makes another file for the same callers.
    static func model(_ symbol: String = "n", _ type: ElementType = .float32) -> [UInt8] {
        TinyModel.identity(elementType: type, shape: [.symbolic("b"), .symbolic(symbol)])
    }
}
