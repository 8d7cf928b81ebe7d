// SPDX-License-Identifier: Apache-2.0

/// One line of what `POST /v2/repository/index` answers.
package struct V2RepositoryEntry: Sendable, Hashable {
    package enum State: String, Sendable, CaseIterable {
        case unknown = "UNKNOWN"
        case ready = "READY"
        case unavailable = "UNAVAILABLE"
        case loading = "LOADING"
        case unloading = "UNLOADING"
    }

    package var name: String
    /// `nil` for a model that no version was ever loaded of.
    package var version: Int?
    package var state: State
    /// Why it is not ready; empty when it is.
    package var reason: String

    package init(name: String, version: Int?, state: State, reason: String = "") {
        self.name = name
        self.version = version
        self.state = state
        self.reason = reason
    }

    package static func encode(_ entries: [V2RepositoryEntry]) -> [UInt8] {
        var json = JSONWriter()
        json.array { json in
            for entry in entries {
                json.object {
                    $0.member("name", entry.name)
                    if let version = entry.version { $0.member("version", String(version)) }
                    $0.member("state", entry.state.rawValue)
                    $0.member("reason", entry.reason)
                }
            }
        }
        return json.bytes
    }
}
