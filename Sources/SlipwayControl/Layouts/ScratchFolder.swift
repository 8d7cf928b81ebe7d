// SPDX-License-Identifier: Apache-2.0

import Glibc
import SlipwayRegistry

/// A folder that goes with the last value that holds it.
package final class ScratchFolder: Sendable, Hashable {
    let path: String

    /// - Parameter folder: The scratch folder is made in it, so that links need no copies; else among temporary files.
    init(beside folder: String) throws(ControlError) {
        for parent in [folder, "/tmp"] {
            // Whoever was killed here before left one.
            ScratchSweep.run(shared: parent)
            var template = Array((parent + "/" + ScratchSweep.prefix + "XXXXXX").utf8CString)
            if let made = mkdtemp(&template) {
                path = String(cString: made)
                return
            }
        }
        throw ControlError(.unreadable, "cannot make a temporary folder: \(String(cString: strerror(errno)))")
    }

    deinit { _ = try? PosixFolder.removeTree(path) }

    /// Gives a file a second name in the folder; where file systems differ, a copy.
    func link(_ source: String, as name: String) throws(ControlError) {
        do throws(RegistryError) {
            try BundlePath.check(name)
            let target = path + "/" + name
            try PosixFolder.make(PosixFolder.parent(of: target))
            if Glibc.link(source, target) == 0 { return }
            let from = try PosixFile(reading: source)
            let to = try PosixFile(creating: target, mode: 0o600)
            try Self.copy(from, to)
        } catch {
            throw ControlError(.unreadable, error.message, cause: error)
        }
    }

    private static func copy(
        _ source: borrowing PosixFile, _ target: borrowing PosixFile
    ) throws(RegistryError) {
        do {
            try source.forEachChunk { try target.write($0) }
        } catch let error as RegistryError {
            throw error
        } catch {
            throw RegistryError(.storeUnavailable, "the file cannot be copied", location: target.path)
        }
    }

    package static func == (left: ScratchFolder, right: ScratchFolder) -> Bool { left === right }

    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
