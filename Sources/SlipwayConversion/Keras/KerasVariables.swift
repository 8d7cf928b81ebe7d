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
        /// Of all layers of one model of a `.h5` file: the group that holds a group for each, and what is in it.
        case groups(HDF5Object, [String: HDF5Link])
        /// Of all layers of one model of an archive.
        case siblings(KerasSiblings)
        case none
    }

    /// What looking a layer's variables up costs, in comparisons of names: see ``KerasGraph/countSearch(_:at:)``.
    enum Cost {
        static let comparison = 1
        /// A name that is read from the file, or an object that is opened.
        static let read = 64
    }

    private let store: Store

    init(_ store: Store) { self.store = store }

    /// The variables of a model, made ready for those of its layers to be looked up.
    func opened() throws -> KerasVariables {
        switch store {
        case .byLayer(let root): return KerasVariables(.groups(root, try root.members()))
        case .objects(let group):
            for container in ["layers", "_layer_checkpoint_dependencies"] {
                guard let layers = try group.object(at: container) else { continue }
                return KerasVariables(.siblings(KerasSiblings(layers, try layers.members())))
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
    ///   - cost: Is added to.
    func layer(_ name: String, key: String, isModel: Bool, cost: inout Int) throws -> KerasVariables {
        switch store {
        case .none, .byLayer, .objects: return KerasVariables(.none)
        case .named(let entries):
            cost += entries.count * Cost.comparison
            let own = entries.filter { $0.scopes.contains(name) }
            guard own.isEmpty else { return KerasVariables(.named(own)) }
            // Keras 2 numbers a scope that is taken: `dense_1` of a loaded model writes `dense_1_1/kernel`.
            let numbered = entries.filter { $0.scopes.contains { Self.isNumbered($0, of: name) } }
            return numbered.isEmpty && isModel ? self : KerasVariables(.named(numbered))
        case .groups(let root, let members):
            guard let link = members[name] else { return KerasVariables(.none) }
            let entries = try Self.entries(of: try root.object(name, link))
            cost += entries.count * Cost.read
            return KerasVariables(.named(entries))
        case .siblings(let siblings):
            return try siblings.object(of: name, key: key, cost: &cost).map { KerasVariables(.objects($0)) }
                ?? KerasVariables(.none)
        }
    }

    /// The variables of a part of a layer.
    ///
    /// - Parameters:
    ///   - objects: Possible names of the attribute that holds the part, paths.
    ///   - scope: How a part of its variables' names begins; `nil` where names do not tell parts apart.
    func part(anyOf objects: [String], scope: String?) throws -> KerasVariables {
        switch store {
        case .none, .byLayer, .groups, .siblings: return self
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
            case .none, .byLayer, .groups, .siblings: object = nil
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
}
