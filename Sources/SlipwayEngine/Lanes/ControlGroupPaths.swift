// SPDX-License-Identifier: Apache-2.0

/// Where a process stands in the control group trees, from `/proc/self/cgroup`.
package struct ControlGroupPaths: Sendable, Hashable {
    /// In the one tree of version 2; `nil` when it is not used.
    package var unified: String?
    /// In version 1's tree of the `cpu` controller.
    package var cpu: String?
    /// In version 1's tree of the `memory` controller.
    package var memory: String?

    package static func parse(_ text: String) -> ControlGroupPaths {
        var paths = ControlGroupPaths()
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[0] == "0" && fields[1].isEmpty {
                paths.unified = String(fields[2])
            } else {
                let controllers = fields[1].split(separator: ",")
                if controllers.contains("cpu") { paths.cpu = String(fields[2]) }
                if controllers.contains("memory") { paths.memory = String(fields[2]) }
            }
        }
        return paths
    }

    /// `path` and every group above it, the root last: a limit anywhere on the way counts.
    package static func ancestors(of path: String) -> [String] {
        var parts = path.split(separator: "/").filter { $0 != ".." }
        var result: [String] = []
        while !parts.isEmpty {
            result.append("/" + parts.joined(separator: "/"))
            parts.removeLast()
        }
        return result + [""]
    }
}
