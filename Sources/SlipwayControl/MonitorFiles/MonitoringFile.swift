// SPDX-License-Identifier: Apache-2.0

package import SlipwayMonitoring

/// `monitoring.yaml`: where notices go, and where people who get them look.
package struct MonitoringFile: Sendable {
    package let receivers: [ReceiverSpec]
    /// The admin listener as people and trainers reach it, `https://slipway.example.com`; `nil` where it is not said.
    package let adminURL: String?

    package static let maximumBytes = YAMLGuard.maximumBytes

    /// Reads and checks the file; secrets stay where they are.
    ///
    /// - Throws: `ControlError` `invalidRequest`, its message one line `name:line: what is wrong` for each of the first
    ///   20 problems.
    package static func parse(_ text: String, name: String) throws(ControlError) -> MonitoringFile {
        var reader = EndpointFileReader()
        var receivers: [ReceiverSpec] = []
        var adminURL: String?
        if let root = EndpointFile.compose(text, &reader.problems, expected: "receivers:") {
            (receivers, adminURL) = reader.readMonitoring(root)
        }
        if let error = reader.problems.error(file: name) { throw error }
        return MonitoringFile(receivers: receivers, adminURL: adminURL)
    }
}
