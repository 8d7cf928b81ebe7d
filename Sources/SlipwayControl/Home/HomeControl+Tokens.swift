// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import SlipwaySecurity
package import SlipwayWire

extension HomeControl {
    package func tokens() async throws -> [TokenDTO] { try await store.keys().map(TokenDTO.init) }

    package func createToken(_ request: TokenRequest) async throws -> CreatedTokenDTO {
        guard let role = Role(rawValue: request.role) else {
            let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlError(.invalidRequest, "there is no role '\(request.role)', there are [\(known)]")
        }
        if let days = request.days, !(1...36_500).contains(days) {
            throw ControlError(.invalidRequest, "days is \(days), expected 1 to 36500")
        }
        let now = clock()
        let key = APIKey.generate()
        let expiry = request.days.map { Timestamp(milliseconds: now.milliseconds + Int64($0) * 86_400_000) }
        let record = key.record(role: role, label: request.label, createdAt: now, expiresAt: expiry)
        try await store.addKey(record)
        return CreatedTokenDTO(token: TokenDTO(record), secret: key.text)
    }

    package func revokeToken(_ id: String) async throws { try await store.removeKey(id: id) }
}

extension TokenDTO {
    init(_ key: KeyRecord) {
        self.init(
            id: key.id, role: key.role.rawValue, label: key.label, createdAt: key.createdAt, expiresAt: key.expiresAt)
    }
}
