// SPDX-License-Identifier: Apache-2.0

/// Finds the tensors inside of what a PyTorch file pickled: a state dict, a checkpoint around one, or modules.
struct TorchTensorWalk {
    private(set) var tensors: [TorchTensor] = []
    /// Bytes of one element, by storage key: what a legacy file's raw storages are measured with.
    private(set) var storageWidths: [String: Int] = [:]
    /// The class of the value itself; `nil` for plain values.
    let rootType: PickleName?
    private let limits: TorchLimits
    private let isConstant: Bool
    private var visited = 0

    /// - Throws: ``FormatError`` `limitExceeded` when there is more than `limits` allow.
    init(_ value: PickleValue, limits: TorchLimits, isConstant: Bool = false) throws(FormatError) {
        self.limits = limits
        self.isConstant = isConstant
        rootType = value.typeName
        try walk(value, at: [], depth: 0)
    }

    private mutating func walk(_ value: PickleValue, at path: [String], depth: Int) throws(FormatError) {
        visited += 1
        guard visited <= limits.valueCount else {
            throw FormatError(.limitExceeded, "the file holds more than \(limits.valueCount) values")
        }
        // What is deeper holds no weights: values may contain themselves.
        guard depth < limits.depth else { return }
        switch value.kind {
        case .dictionary(let entries):
            for entry in entries {
                try walk(entry.value, at: path + [Self.name(entry.key)], depth: depth + 1)
            }
        case .list(let values), .tuple(let values):
            for (index, element) in values.enumerated() {
                try walk(element, at: path + [String(index)], depth: depth + 1)
            }
        case .object(let object):
            // Values may share one that is large; small ones are paid for by the visit.
            visited += max(0, object.arguments.count + object.items.count + object.entries.count - 16)
            if let made = try tensor(object, at: path, depth: depth) { return made }
            if let state = object.state { try walk(state, at: path, depth: depth + 1) }
            for entry in object.entries {
                try walk(entry.value, at: path + [Self.name(entry.key)], depth: depth + 1)
            }
        default: break
        }
    }

    private static func name(_ key: PickleValue) -> String { key.string ?? key.integer.map { String($0) } ?? "?" }

    // MARK: Tensors

    /// Adds the tensor that an object stands for; `nil` when it stands for none.
    private mutating func tensor(_ object: PickleObject, at path: [String], depth: Int) throws(FormatError) -> Void? {
        let arguments = object.arguments
        switch (object.type.module, object.type.name) {
        case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"),
            ("torch.nn.parameter", "Parameter"), ("torch.nn.parameter", "Buffer"),
            // What TorchScript writes around lists and dictionaries.
            ("torch.jit._pickle", "build_tensorlist"), ("torch.jit._pickle", "restore_type_tag"):
            guard let inner = arguments.first else { return nil }
            return try walk(inner, at: path, depth: depth + 1)
        case ("torch._tensor", "_rebuild_from_type_v2"):
            // The function that rebuilds it, the class, and the function's arguments.
            guard depth < limits.depth, arguments.count >= 3, case .global(let name) = arguments[0].kind,
                let inner = arguments[2].list
            else { return nil }
            visited += inner.count
            return try tensor(
                PickleObject(
                    type: name, arguments: inner, keywordArguments: [:], state: nil, items: [], entries: []),
                at: path, depth: depth + 1)
        case ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"):
            return try add(arguments, dtype: nil, at: path)
        case ("torch._utils", "_rebuild_tensor_v3"):
            return try add(arguments, dtype: arguments.count > 6 ? Self.typeName(arguments[6]) : nil, at: path)
        case ("torch._utils", "_rebuild_qtensor"), ("torch._utils", "_rebuild_sparse_tensor"):
            return try append(
                TorchTensor(
                    name: Self.joined(path), type: nil, typeName: String(object.type.name.dropFirst("_rebuild_".count)),
                    shape: arguments.count > 2 ? Self.numbers(arguments[2]) ?? [] : [], storage: nil))
        default: return nil
        }
    }

    private mutating func add(
        _ arguments: [PickleValue], dtype: String?, at path: [String]
    ) throws(FormatError) {
        let name = Self.joined(path)
        guard arguments.count >= 4, let storage = Self.storage(arguments[0]), let offset = arguments[1].integer,
            let shape = Self.numbers(arguments[2]), let strides = Self.numbers(arguments[3]), offset >= 0
        else {
            throw FormatError(.malformed, "a tensor is described without storage, offset, shape and strides", at: name)
        }
        visited += max(0, shape.count + strides.count - 16)
        let type = dtype.map { TorchType.named($0) } ?? TorchType.storage(storage.type)
        storageWidths[storage.key] = TorchType.storage(storage.type)?.byteWidth
        try append(
            TorchTensor(
                name: name, type: type, typeName: type?.name ?? dtype ?? storage.type, shape: shape,
                storage: TorchTensor.Storage(
                    key: storage.key, offset: offset, strides: strides, isConstant: isConstant)))
    }

    private mutating func append(_ tensor: TorchTensor) throws(FormatError) {
        guard tensors.count < limits.tensorCount else {
            throw FormatError(.limitExceeded, "the file holds more than \(limits.tensorCount) tensors")
        }
        tensors.append(tensor)
    }

    /// The class and key of a storage: `("storage", torch.FloatStorage, "0", "cpu", 16)`.
    private static func storage(_ value: PickleValue) -> (type: String, key: String)? {
        guard case .object(let object) = value.kind, let parts = object.arguments.first?.list,
            (5...8).contains(parts.count),
            parts[0].string == "storage", let key = parts[2].string, let type = typeName(parts[1])
        else { return nil }
        return (type, key)
    }

    /// The name of a class or dtype.
    private static func typeName(_ value: PickleValue) -> String? {
        switch value.kind {
        case .global(let name): name.name
        case .object(let object): object.type.name
        default: nil
        }
    }

    private static func numbers(_ value: PickleValue) -> [Int]? {
        // torch.Size is a tuple in a class of its own.
        var list = value.list
        if case .object(let object) = value.kind { list = object.arguments.first?.list }
        guard let list else { return nil }
        let numbers = list.compactMap(\.integer)
        return numbers.count == list.count && numbers.allSatisfy { $0 >= 0 } ? numbers : nil
    }

    /// The path as `state_dict()` would write it: without the members that modules keep theirs in.
    private static func joined(_ path: [String]) -> String {
        path.filter { $0 != "_parameters" && $0 != "_modules" && $0 != "_buffers" }.joined(separator: ".")
    }
}
