// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// The objects of a model's layers in an archive of Keras 3.
final class KerasSiblings {
    /// Objects that are looked through for the name of their owner.
    private static let searchLimit = 2000

    private let group: HDF5Object
    private let members: [String: HDF5Link]
    /// Objects by the layers' names that newer files write beside their variables; `nil` until one is looked for.
    private var owners: [String: HDF5Object]?

    init(_ group: HDF5Object, _ members: [String: HDF5Link]) {
        self.group = group
        self.members = members
    }

    /// The object of a layer: the one of the key, unless it says that it is another's.
    func object(of name: String, key: String, cost: inout Int) throws -> HDF5Object? {
        if let link = members[key] {
            cost += KerasVariables.Cost.read
            let object = try group.object(key, link)
            let owner = try object.object(at: "vars")?.attribute("name")?.string
            if owner == nil || owner == name { return object }
        }
        if let owners { return owners[name] }
        var found: [String: HDF5Object] = [:]
        // Looking through very many would take too long.
        if members.count <= Self.searchLimit {
            cost += members.count * KerasVariables.Cost.read
            for (other, link) in members.sorted(by: { $0.key < $1.key }) {
                let object = try group.object(other, link)
                guard let owner = try object.object(at: "vars")?.attribute("name")?.string, found[owner] == nil else {
                    continue
                }
                found[owner] = object
            }
        }
        owners = found
        return found[name]
    }
}
