// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reading of the kernel's own files.
enum ProcFile {
    /// At most the first 64 KiB of a file; `nil` when it cannot be opened.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let bytes = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = 0
            while count < buffer.count, let base = buffer.baseAddress {
                let received = Glibc.read(descriptor, base + count, buffer.count - count)
                guard received > 0 else { break }
                count += received
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The entries of a folder, the descriptor that counts them not included.
    static func entryCount(_ path: String) -> Int {
        guard let folder = opendir(path) else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // `.`, `..` and the folder's own descriptor.
        return max(0, count - 3)
    }
}

/// The fields of `/proc/self/stat` that are used here; see proc_pid_stat(5).
package struct ProcessStat: Equatable {
    package let cpuTicks: Int
    package let threads: Int
    /// Ticks after the machine's start.
    package let startTicks: Int
    package let residentPages: Int

    /// `nil` when the text is not of that form.
    package init?(parsing text: String) {
        // The second field is the command in parentheses and may itself hold spaces and parentheses.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
        // Counted from field 3, the state: 14 user time, 15 system time, 20 threads, 22 start, 24 resident pages.
        guard fields.count > 21, let user = Int(fields[11]), let system = Int(fields[12]),
            let threads = Int(fields[17]), let start = Int(fields[19]), let resident = Int(fields[21])
        else { return nil }
        let (ticks, overflow) = user.addingReportingOverflow(system)
        guard !overflow, resident >= 0, resident < Int.max >> 20 else { return nil }
        cpuTicks = ticks
        self.threads = threads
        startTicks = start
        residentPages = resident
    }
}
