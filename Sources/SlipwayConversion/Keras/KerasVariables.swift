// SPDX-License-Identifier: Apache-2.0

import SlipwayFormats

/// The variables of a layer: by name in `.h5` files, by the place of objects in `.keras` archives.
struct KerasVariables {
    /// A variable of a `.h5` file.
    struct Entry {
        /// Its name's parts: `lstm`, `lstm_cell`, `kernel`.
        let scopes: [String]
        let name: String
        let path: String
        let group: HDF5Object
    }

    enum Store {
        /// The group of a whole `.h5` model: a group for each layer.
        case byLayer(HDF5Object)
        case named([Entry])
        case objects(HDF5Object)
        /// Of all layers of one model: the group that holds theirs, and what is in it.
        case siblings(HDF5Object, [String: HDF5Link], hasNames: Bool)
        case none
    }

    private static let searchLimit = 2000

    private let store: Store

    init(_ store: Store) { self.store = store }

    /// The variables of a model, made ready for those of its layers to be looked up.
    func opened() throws -> KerasVariables {
        switch store {
        case .byLayer(let root): return KerasVariables(.siblings(root, try root.members(), hasNames: true))
        case .objects(let group):
            for container in ["layers", "_layer_checkpoint_dependencies"] {
                guard let layers = try group.object(at: container) else { continue }
                return KerasVariables(.siblings(layers, try layers.members(), hasNames: false))
            }
            return KerasVariables(.none)
        default: return self
        }
    }

    /// The variables of a layer of a model that is ``opened()``.
    ///
    /// - Parameters:
    ///   - key: The name that Keras 3 gives the layer's object among its siblings.
    ///   - isModel: The layer is a model, whose name Keras 2 leaves out of its variables' names.
    func layer(_ name: String, key: String, isModel: Bool) throws -> KerasVariables {
        switch store {
        case .none, .byLayer, .objects: return KerasVariables(.none)
        case .named(let entries):
            let own = entries.filter { $0.scopes.contains(name) }
            guard own.isEmpty else { return KerasVariables(.named(own)) }
            // Keras 2 numbers a scope that is taken: `dense_1` of a loaded model writes `dense_1_1/kernel`.
            let numbered = entries.filter { $0.scopes.contains { Self.isNumbered($0, of: name) } }
            return numbered.isEmpty && isModel ? self : KerasVariables(.named(numbered))
        case .siblings(let root, let members, true):
            guard let link = members[name] else { return KerasVariables(.none) }
            return KerasVariables(.named(try Self.entries(of: try root.object(name, link))))
        case .siblings(let layers, let members, false):
            return try Self.object(name, key: key, in: layers, members)
        }
    }

    /// The variables of a part of a layer.
    ///
    /// - Parameters:
    ///   - objects: Possible names of the attribute that holds the part, paths.
    ///   - scope: How a part of its variables' names begins; `nil` where names do not tell parts apart.
    func part(anyOf objects: [String], scope: String?) throws -> KerasVariables {
        switch store {
        case .none, .byLayer, .siblings: return self
        case .named(let entries):
            guard let scope else { return self }
            return KerasVariables(.named(entries.filter { $0.scopes.contains { $0.hasPrefix(scope) } }))
        case .objects(let group):
            for object in objects {
                if let found = try group.object(at: object) { return KerasVariables(.objects(found)) }
            }
            return KerasVariables(.none)
        }
    }

    /// The variables of the part that one attribute holds.
    func part(_ object: String, scope: String?) throws -> KerasVariables {
        try part(anyOf: [object], scope: scope)
    }

    /// The arrays of these variables, each given by its possible names, in the order in which Keras 3 keeps them.
    func read(_ names: [[String]], for layer: KerasLayer) throws -> [KerasArray] {
        var arrays: [KerasArray] = []
        for (index, alternatives) in names.enumerated() {
            let object: HDF5Object?
            switch store {
            case .none, .byLayer, .siblings: object = nil
            case .named(let entries):
                let found = entries.filter { alternatives.contains($0.name) }
                guard found.count < 2 else {
                    throw ConversionError(
                        .unsupported, "the file has \(found.count) variables named '\(alternatives[0])' for this layer",
                        at: layer.path)
                }
                object = try found.first.flatMap { try $0.group.object(at: $0.path) }
            case .objects(let group): object = try group.object(at: "vars/\(index)")
            }
            guard let object else {
                throw ConversionError(
                    .malformed, "the file lacks the variable '\(alternatives[0])' of this layer; save the model again",
                    at: layer.path)
            }
            arrays.append(try KerasArray(object, at: layer.path))
        }
        return arrays
    }

    private static func isNumbered(_ scope: String, of name: String) -> Bool {
        scope.hasPrefix(name + "_") && scope.dropFirst(name.count + 1).allSatisfy(\.isNumber)
    }

    /// The variables that a layer's group lists.
    private static func entries(of group: HDF5Object) throws -> [Entry] {
        var names = try group.attribute("weight_names")?.strings ?? []
        // Long lists are cut into pieces: weight_names0, weight_names1 ...
        var number = 0
        while names.count < 1 << 20, let more = try group.attribute("weight_names\(number)")?.strings {
            names += more
            number += 1
        }
        return names.map { path in
            let parts = path.split(separator: "/").map(String.init)
            let last = parts.last ?? ""
            return Entry(
                scopes: Array(parts.dropLast()), name: String(last.prefix { $0 != ":" }), path: path, group: group)
        }
    }

    /// The object that Keras 3 kept for a layer; newer files write the layer's own name beside its variables.
    private static func object(
        _ name: String, key: String, in layers: HDF5Object, _ members: [String: HDF5Link]
    ) throws -> KerasVariables {
        if let link = members[key] {
            let object = try layers.object(key, link)
            let owner = try object.object(at: "vars")?.attribute("name")?.string
            if owner == nil || owner == name { return KerasVariables(.objects(object)) }
        }
        // Looking through all of very many for each would take too long.
        guard members.count <= searchLimit else { return KerasVariables(.none) }
        for (other, link) in members.sorted(by: { $0.key < $1.key }) {
            let object = try layers.object(other, link)
            if try object.object(at: "vars")?.attribute("name")?.string == name {
                return KerasVariables(.objects(object))
            }
        }
        return KerasVariables(.none)
    }
}
