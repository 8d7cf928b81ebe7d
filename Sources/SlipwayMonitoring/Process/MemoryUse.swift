// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The process's memory by kind, in bytes.
package struct MemoryUse: Sendable, Equatable {
    package let virtual: Int
    /// Resident: of nobody else.
    package let anonymous: Int
    /// Resident: pages of files, such as weights that were mapped.
    package let mapped: Int
    /// Resident: shared memory.
    package let shared: Int

    /// Reads `/proc/self/status`; `nil` when the text is not of that form.
    package init?(parsing text: String) {
        var values: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard fields.count == 3, fields[2] == "kB", let count = Int(fields[1]), (0..<1 << 40).contains(count)
            else { continue }
            values[fields[0]] = count << 10
        }
        guard let virtual = values["VmSize:"], let anonymous = values["RssAnon:"], let mapped = values["RssFile:"]
        else { return nil }
        self.virtual = virtual
        self.anonymous = anonymous
        self.mapped = mapped
        shared = values["RssShmem:"] ?? 0
    }

    package static func current() -> MemoryUse? {
        ProcFile.read("/proc/self/status").flatMap(MemoryUse.init(parsing:))
    }
}

/// What the C library's allocator holds, in bytes.
package struct ArenaUse: Sendable, Equatable {
    /// Taken from the system, large blocks of their own included.
    package let held: Int
    /// Of it, what nobody uses.
    package let free: Int

    /// Reads what `malloc_info` writes: the sums come last; `nil` when the text is not of that form.
    package init?(parsing text: String) {
        guard let system = Self.size(of: "<system type=\"current\"", in: text) else { return nil }
        let large = Self.size(of: "<total type=\"mmap\"", in: text) ?? 0
        let fast = Self.size(of: "<total type=\"fast\"", in: text) ?? 0
        let rest = Self.size(of: "<total type=\"rest\"", in: text) ?? 0
        held = system.addingReportingOverflow(large).partialValue
        free = fast.addingReportingOverflow(rest).partialValue
    }

    /// The `size` of the last such element.
    private static func size(of element: String, in text: String) -> Int? {
        guard let line = text.split(separator: "\n").last(where: { $0.hasPrefix(element) }) else { return nil }
        let fields = line.split(separator: "\"", omittingEmptySubsequences: false)
        guard let name = fields.firstIndex(where: { $0.hasSuffix(" size=") }), name + 1 < fields.count else {
            return nil
        }
        return Int(fields[name + 1]).flatMap { (0..<1 << 50).contains($0) ? $0 : nil }
    }

    /// Asks the allocator, which takes each arena's lock for a moment; `nil` with another C library.
    package static func current() -> ArenaUse? {
        // Looked up, because Swift's module of the C library leaves malloc.h out.
        guard let symbol = dlsym(nil, "malloc_info") else { return nil }
        let inform = unsafeBitCast(
            symbol, to: (@convention(c) (Int32, UnsafeMutablePointer<FILE>) -> Int32).self)
        var text: UnsafeMutablePointer<CChar>?
        var length = 0
        guard let stream = open_memstream(&text, &length) else { return nil }
        let result = inform(0, stream)
        fclose(stream)
        defer { free(text) }
        guard result == 0, let text else { return nil }
        return ArenaUse(parsing: String(cString: text))
    }

    private static func free(_ text: UnsafeMutablePointer<CChar>?) { Glibc.free(text) }
}
