// SPDX-License-Identifier: Apache-2.0

/// A group or data set of an HDF5 file.
public struct HDF5Object: Sendable {
    /// From the root, for people.
    public let path: String
    let context: HDF5Context
    let messages: [HDF5Message]

    init(_ context: HDF5Context, at address: Int, path: String) throws(FormatError) {
        self.context = context
        self.path = path
        do throws(FormatError) { messages = try context.messages(at: address) } catch { throw error.located(path) }
    }

    /// Whether it has values of its own.
    public var isDataset: Bool { messages.contains { $0.kind == .layout } }

    /// The object that a path of names leads to, `nil` when there is none.
    ///
    /// - Throws: ``FormatError``, `unsupported` where the path goes through a soft or external link.
    public func object(at path: String) throws(FormatError) -> HDF5Object? {
        var object = self
        for name in path.split(separator: "/") {
            guard !object.isDataset, let link = try object.members()[String(name)] else { return nil }
            object = try object.object(String(name), link)
        }
        return object
    }

    /// The object that a link of this group leads to.
    public func object(_ name: String, _ link: HDF5Link) throws(FormatError) -> HDF5Object {
        let place = path == "/" ? "/\(name)" : "\(path)/\(name)"
        switch link.target {
        case .object(let address): return try HDF5Object(context, at: address, path: place)
        case .soft:
            throw FormatError(.unsupported, "soft links are not followed in HDF5 files; repack the file", at: place)
        case .external:
            throw FormatError(
                .unsupported, "the HDF5 file keeps a part in another file; external links are not followed", at: place)
        }
    }

    /// The links of a group by name; none for a data set.
    public func members() throws(FormatError) -> [String: HDF5Link] {
        do throws(FormatError) {
            var links = try context.links(messages)
            if let message = messages.first(where: { $0.kind == .symbolTable }) {
                let old = try context.symbols(message)
                links.merge(old) { first, _ in first }
            }
            return links
        } catch { throw error.located(path) }
    }

    /// The values of an attribute, `nil` when there is none of this name.
    public func attribute(_ name: String) throws(FormatError) -> HDF5Array? {
        do throws(FormatError) {
            return try context.attribute(name, of: messages)
        } catch { throw error.located("\(path) attribute '\(name)'") }
    }

    /// The names of all attributes, in the file's order.
    public func attributeNames() throws(FormatError) -> [String] {
        do throws(FormatError) {
            return try context.attributeNames(of: messages)
        } catch { throw error.located(path) }
    }

    /// The extents of a data set without reading its values.
    public func shape() throws(FormatError) -> [Int] {
        guard let message = messages.first(where: { $0.kind == .dataspace }) else { return [] }
        do throws(FormatError) {
            var cursor = context.cursor(try context.resolved(message))
            return try HDF5Dataspace(&cursor, limits: context.limits).shape
        } catch { throw error.located(path) }
    }

    /// All values of a data set.
    ///
    /// - Throws: ``FormatError``: `unsupported` with the name of a type, filter or layout that is not read,
    ///   `limitExceeded` before more memory is taken than the limits allow.
    public func read() throws(FormatError) -> HDF5Array {
        do throws(FormatError) { return try HDF5DatasetReader(context, messages).read() } catch {
            throw error.located(path)
        }
    }
}

/// A member of a group: where it leads.
public struct HDF5Link: Sendable, Hashable {
    enum Target: Sendable, Hashable {
        case object(Int)
        case soft, external
    }

    let target: Target
}
