// SPDX-License-Identifier: Apache-2.0

package import SlipwayEngine

/// Which of a file's inputs or outputs the library's ports are.
///
/// The library usually has them in the file's order, and may know them by other names or merge some: a tensor that goes
/// out twice is two ports of one name. Where a name says otherwise than the order, the name counts.
package enum PortOrder {
    /// - Parameters:
    ///   - ports: The library's names; `nil` for a port without one.
    ///   - file: The file's names, as many.
    /// - Returns: For each port its place in `file`; each place once.
    /// - Throws: ``EngineError`` `loadFailed` where neither name nor order tells.
    package static func match(_ ports: [String?], to file: [String]) throws(EngineError) -> [Int] {
        guard ports.count == file.count else { throw unclear(file) }
        var places: [Int?] = ports.indices.map { ports[$0] == file[$0] ? $0 : nil }
        var free = Set(file.indices).subtracting(places.compactMap(\.self))
        for index in ports.indices where places[index] == nil {
            guard let found = free.sorted().first(where: { file[$0] == ports[index] }) else { continue }
            places[index] = free.remove(found)
        }
        var matched: [Int] = []
        for (index, place) in places.enumerated() {
            if let place {
                matched.append(place)
            } else if let same = free.remove(index) {
                matched.append(same)
            } else if let name = ports[index], ports.filter({ $0 == name }).count > 1, let other = free.min() {
                // One tensor under several names: whichever is left has its value too.
                free.remove(other)
                matched.append(other)
            } else {
                throw unclear(file)
            }
        }
        return matched
    }

    private static func unclear(_ file: [String]) -> EngineError {
        EngineError(
            code: .loadFailed,
            message: "OpenVINO knows the model's inputs or outputs [\(file.joined(separator: ", "))] by other names in "
                + "another order, so that none can be told from another: export the model to ONNX and run it there")
    }
}
