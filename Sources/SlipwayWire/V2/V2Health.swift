// SPDX-License-Identifier: Apache-2.0

/// Bodies of the health routes: Triton's clients look at the status alone, KServe's at the body.
package enum V2Health {
    /// `GET /v2/health/live`
    package static func live(_ isLive: Bool) -> [UInt8] { flag("live", isLive) }

    /// `GET /v2/health/ready`
    package static func ready(_ isReady: Bool) -> [UInt8] { flag("ready", isReady) }

    /// `GET /v2/models/M[/versions/V]/ready`
    package static func modelReady(name: String, _ isReady: Bool) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member("name", name)
            $0.member("ready", isReady)
        }
        return json.bytes
    }

    private static func flag(_ name: String, _ value: Bool) -> [UInt8] {
        var json = JSONWriter()
        json.object { $0.member(name, value) }
        return json.bytes
    }
}
