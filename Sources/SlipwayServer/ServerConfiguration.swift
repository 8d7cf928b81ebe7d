// SPDX-License-Identifier: Apache-2.0

/// Settings of the listeners.
package struct ServerConfiguration: Sendable, Hashable {
    package var http = ListenAddress(host: "127.0.0.1", port: 8080)
    package var admin = ListenAddress(host: "127.0.0.1", port: 8082)
    /// Limit of a request's body in bytes, before and after decompression; uploads of models have none.
    package var maximumBodyBytes = 64 << 20
    /// Whether V2 load, unload and log settings may be called on the inference port.
    package var allowsRepositoryControl = false
    /// Where uploads are received.
    package var uploadFolder = "/tmp"
    /// The server's own version, for metadata.
    package var version = "0"

    package init() {}
}
