// SPDX-License-Identifier: Apache-2.0

/// What the process made the disks do, in bytes since its start.
package struct DiskUse: Sendable, Equatable {
    package let read: Int
    package let written: Int

    /// Reads `/proc/self/io`; `nil` when the text is not of that form.
    package init?(parsing text: String) {
        var values: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":")
            guard parts.count == 2 else { continue }
            values[parts[0]] = Int(parts[1].drop { $0 == " " })
        }
        guard let read = values["read_bytes"], let written = values["write_bytes"] else { return nil }
        self.read = read
        self.written = written
    }

    package static func current() -> DiskUse? { ProcFile.read("/proc/self/io").flatMap(DiskUse.init(parsing:)) }
}
