// SPDX-License-Identifier: Apache-2.0

package import SlipwayCore

/// Bodies as TorchServe writes them.
package enum TorchServeReplies {
    /// `{"status": text}`
    package static func status(_ text: String) -> [UInt8] {
        var json = JSONWriter()
        json.object { $0.member("status", text) }
        return json.bytes
    }

    /// `{"code","type","message"}`
    package static func error(_ code: Int, type: String, message: String) -> [UInt8] {
        var json = JSONWriter()
        json.object {
            $0.member("code", code)
            $0.member("type", type)
            $0.member("message", message)
        }
        return json.bytes
    }

    /// What TorchServe, a Java program, calls a failure.
    package static func errorType(_ category: ErrorCategory) -> String {
        switch category {
        case .invalidInput: "BadRequestException"
        case .notFound: "ModelNotFoundException"
        case .conflict: "ConflictStatusException"
        case .unauthenticated, .forbidden: "InvalidKeyException"
        case .tooLarge: "RequestEntityTooLargeException"
        case .quotaExceeded: "TooManyRequestsException"
        case .unavailable, .deadlineExceeded, .cancelled: "ServiceUnavailableException"
        case .unsupported: "NotImplementedException"
        case .outOfResources: "InsufficientStorageException"
        case .corrupt, .internal: "InternalServerException"
        }
    }
}

/// One version of a model as TorchServe describes it; a lane is what it calls a worker.
package struct TorchServeModel: Sendable, Hashable {
    package var name: String
    package var version: Int
    package var url: String
    package var lanes: Int
    package var residentBytes: Int
    package var isReady: Bool
    package var waiting: Int

    package init(
        name: String, version: Int, url: String, lanes: Int, residentBytes: Int, isReady: Bool, waiting: Int
    ) {
        self.name = name
        self.version = version
        self.url = url
        self.lanes = lanes
        self.residentBytes = residentBytes
        self.isReady = isReady
        self.waiting = waiting
    }

    /// A list of descriptions.
    package static func encode(_ models: [TorchServeModel]) -> [UInt8] {
        var json = JSONWriter()
        json.array { json in for model in models { model.write(to: &json) } }
        return json.bytes
    }

    private func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("modelName", name)
            json.member("modelVersion", String(version))
            json.member("modelUrl", url)
            json.member("minWorkers", lanes)
            json.member("maxWorkers", lanes)
            // Batches are made from what waits: there is no number to tell.
            json.member("batchSize", 1)
            json.member("maxBatchDelay", 0)
            json.member("workers", array: { json in for lane in 0..<lanes { writeWorker(lane, to: &json) } })
            json.member(
                "jobQueueStatus",
                object: {
                    $0.member("pendingRequests", waiting)
                })
        }
    }

    private func writeWorker(_ lane: Int, to json: inout JSONWriter) {
        json.object {
            $0.member("id", String(lane))
            $0.member("startTime", "")
            $0.member("status", isReady ? "READY" : "UNLOADING")
            $0.member("gpu", false)
            $0.member("memoryUsage", residentBytes)
        }
    }
}
