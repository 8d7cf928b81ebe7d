// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore
import SlipwayRegistry

extension FileLabelJournal {
    /// Copies all journals of a home, a folder for each endpoint and in it one for each writer, while they are written.
    ///
    /// Each copy is what the journal was at a moment: files only grow, and of the last one opening leaves out what is
    /// not whole. Labels come before predictions, so that every label finds what it belongs to. Blocks.
    package static func copyAll(
        under root: String, to target: String, until flag: CancellationFlag? = nil
    ) throws -> CopiedFiles {
        var copied = CopiedFiles()
        for endpoint in try folders(in: root) {
            for slot in try folders(in: "\(root)/\(endpoint)") {
                let (from, to) = ("\(root)/\(endpoint)/\(slot)", "\(target)/\(endpoint)/\(slot)")
                try PosixFolder.make(to)
                // Sorted: feedback before predictions, older before newer.
                for name in try PosixFolder.names(in: from) where name.hasSuffix(".log") {
                    // Oldest segments may go meanwhile: what they held is needed no longer.
                    copied.add(try FileCopy.copy("\(from)/\(name)", to: "\(to)/\(name)", until: flag))
                }
                try PosixFolder.synchronize(to)
            }
        }
        return copied
    }

    private static func folders(in path: String) throws -> [String] {
        try PosixFolder.names(in: path).filter { FileCopy.isFolder("\(path)/\($0)") }
    }
}
