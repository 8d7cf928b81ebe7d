// SPDX-License-Identifier: Apache-2.0

/// Settings of the listeners.
package struct ServerConfiguration: Sendable, Hashable {
    package var http = ListenAddress(host: "127.0.0.1", port: 8080)
    package var grpc = ListenAddress(host: "127.0.0.1", port: 8081)
    package var admin = ListenAddress(host: "127.0.0.1", port: 8082)
    /// Limit of a request's body in bytes, before and after decompression; uploads of models have none.
    package var maximumBodyBytes = 64 << 20
    /// Web pages that may call the inference port from a browser; `nil` for none.
    package var cors: CORSPolicy?
    /// Connections that each listener holds at once; `nil` for half of the files that the process may open.
    package var maximumConnections: Int?
    /// Whether `/v1/models` is TensorFlow Serving's alone, for clients that refuse members they do not know.
    package var isStrictTensorFlowServing = false
    /// Contracts of the cloud that runs the container.
    package var clouds = CloudContracts.none
    /// Whether V2 load, unload and log settings may be called on the inference port.
    package var allowsRepositoryControl = false
    /// Where Triton's trace setting writes its lines; `nil` for nowhere.
    package var traceFile: String?
    /// Where uploads are received.
    package var uploadFolder = "/tmp"
    /// The server's own version, for metadata.
    package var version = "0"

    package init() {}
}
