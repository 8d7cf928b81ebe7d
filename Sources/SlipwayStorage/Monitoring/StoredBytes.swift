// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB

/// Bytes inside a column.
enum StoredBytes {
    static func value(_ bytes: [UInt8]) -> Data { Data(bytes) }

    static func bytes(_ row: Row, _ column: String) throws -> [UInt8] {
        let data: Data = try row.value(column)
        return Array(data)
    }
}
