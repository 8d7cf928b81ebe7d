// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SlipwayClient
import SlipwayWire
import Synchronization

/// The upload routes of a server, in memory, for a stub to answer with.
final class UploadServer: Sendable {
    struct State {
        var request = UploadRequest(byteCount: 0, digest: nil)
        var bytes: [UInt8] = []
        /// Pieces that are lost, with how many of their bytes arrive all the same.
        var losses: [Int] = []
        /// Imports that find the uploads removed.
        var removals = 0
        var calls: [String] = []
        var imported: UploadedImportRequest?
    }

    let state: Mutex<State>

    init(losses: [Int] = [], already: [UInt8] = [], removals: Int = 0) {
        var state = State()
        state.losses = losses
        state.bytes = already
        state.removals = removals
        self.state = Mutex(state)
    }

    func answer(_ request: StubRequest) -> StubReply {
        state.withLock { state in
            state.calls.append("\(request.method) \(request.uri)")
            switch request.method {
            case "POST" where request.uri.hasSuffix("/uploads"):
                state.request =
                    (try? JSONDecoder().decode(UploadRequest.self, from: Data(request.body))) ?? state.request
                return .json(AdminFixtures.json(Self.told(state)), status: 201)
            case "PUT":
                return Self.append(request, &state)
            case "GET" where request.uri.contains("/uploads/"):
                return .json(AdminFixtures.json(Self.told(state)))
            case "POST" where state.removals > 0:
                state.removals -= 1
                state.bytes = []
                return .json(#"{"error":"begin it anew","code":"notFound","category":"notFound"}"#, status: 404)
            case "POST":
                state.imported = try? JSONDecoder().decode(UploadedImportRequest.self, from: Data(request.body))
                return .json(AdminFixtures.json(AdminFixtures.operation("running")), status: 202)
            default:
                return .json(AdminFixtures.json(AdminFixtures.operation("succeeded")))
            }
        }
    }

    private static func append(_ request: StubRequest, _ state: inout State) -> StubReply {
        guard request.uri.hasSuffix("?offset=\(state.bytes.count)") else {
            let body = #"{"error":"wrong offset","code":"uploadMismatch","category":"conflict"}"#
            return .json(body, status: 409)
        }
        if let kept = state.losses.first {
            state.losses.removeFirst()
            state.bytes += request.body.prefix(kept)
            return StubReply(manner: .hangUp)
        }
        state.bytes += request.body
        return .json(AdminFixtures.json(told(state)))
    }

    private static func told(_ state: State) -> UploadDTO {
        UploadDTO(
            id: "u1", byteCount: state.request.byteCount, offset: state.bytes.count,
            isComplete: state.bytes.count >= state.request.byteCount)
    }
}
