// SPDX-License-Identifier: Apache-2.0

/// The kernel's list of the processors a process may run on.
package enum AffinityList {
    /// Counts the processors in the line `Cpus_allowed_list` of `/proc/self/status`; `nil` when it is not there.
    package static func count(status: String) -> Int? {
        let key = "Cpus_allowed_list:"
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(key) }) else { return nil }
        return count(list: line.dropFirst(key.count).filter { !$0.isWhitespace })
    }

    /// Counts the processors of a list such as `0-3,8,10-11`; `nil` when it is not one or is empty.
    package static func count(list: String) -> Int? {
        var total = 0
        for range in list.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
            guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last
            else { return nil }
            total += Int(last - first) + 1
        }
        return total > 0 ? total : nil
    }
}
