// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A folder of its own for one test; it goes when the value does.
final class TemporaryFolder {
    struct Failure: Error { let path: String }

    let path: String

    init() throws {
        var template = Array("/tmp/slipway-formats-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failure(path: "/tmp") }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and gives its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let target = path + "/" + name
        guard let file = fopen(target, "wb") else { throw Failure(path: target) }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failure(path: target) }
        return target
    }

    func makeFolder(_ name: String) throws {
        guard mkdir(path + "/" + name, 0o755) == 0 else { throw Failure(path: name) }
    }

    func link(_ name: String, to target: String) throws {
        guard symlink(target, path + "/" + name) == 0 else { throw Failure(path: name) }
    }
}
