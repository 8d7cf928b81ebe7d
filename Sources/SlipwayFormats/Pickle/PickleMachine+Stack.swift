// SPDX-License-Identifier: Apache-2.0

extension PickleMachine {
    /// Adds a node and puts it on the stack.
    @inline(__always)
    mutating func make(_ node: PickleNode) throws(FormatError) {
        let number = arena.nodes.count
        guard number < limits.nodeCount else { throw tooMany() }
        arena.nodes.append(node)
        stack.append(UInt32(truncatingIfNeeded: number))
    }

    /// Puts a node that exists on the stack.
    @inline(__always)
    mutating func push(_ node: UInt32) throws(FormatError) {
        guard stack.count < limits.nodeCount else { throw tooMany() }
        stack.append(node)
    }

    func node(_ number: UInt32) -> PickleNode { arena.nodes[Int(number)] }

    @inline(__always)
    mutating func pop() throws(FormatError) -> UInt32 {
        guard stack.count > fence, let last = stack.popLast() else { throw empty() }
        return last
    }

    /// `POP` takes a mark away where that is the last thing.
    mutating func popOne() throws(FormatError) {
        if marks.last == stack.count { _ = try popMark() } else { _ = try pop() }
    }

    @inline(__always)
    mutating func mark() throws(FormatError) {
        guard marks.count < limits.depth else {
            throw FormatError(.limitExceeded, "more than \(limits.depth) marks are open", at: place)
        }
        fence = stack.count
        marks.append(fence)
    }

    /// Takes the last mark away.
    ///
    /// - Returns: The height of the stack where it lay.
    @inline(__always)
    mutating func popMark() throws(FormatError) -> Int {
        guard let height = marks.popLast() else { throw malformed("there is no mark") }
        fence = marks.last ?? 0
        return height
    }

    /// The height of the stack below the last `count` values.
    @inline(__always)
    func top(_ count: Int) throws(FormatError) -> Int {
        guard stack.count &- fence >= count else { throw empty() }
        return stack.count &- count
    }

    mutating func duplicate() throws(FormatError) {
        guard let last = stack.last, stack.count > fence else { throw empty() }
        countShared(last)
        try push(last)
    }

    @inline(__always)
    mutating func get(_ number: UInt32) throws(FormatError) {
        guard let value = memo.value(number) else {
            throw malformed("number \(number) of the memo is not set")
        }
        countShared(value)
        try push(value)
    }

    @inline(__always)
    mutating func put(_ number: UInt32) throws(FormatError) {
        guard let last = stack.last, stack.count > fence else { throw empty() }
        guard Int(number) < limits.memoCount else {
            throw FormatError(
                .limitExceeded, "the memo has more than the limit of \(limits.memoCount) values", at: place)
        }
        memo.set(number, to: last)
    }

    @inline(__always)
    private mutating func countShared(_ number: UInt32) {
        switch arena.nodes[Int(number)].tag {
        case .tuple, .list, .set, .dictionary, .object, .longText, .longBytes, .longByteText: sharedCount &+= 1
        case .text, .bytes, .byteText: if arena.nodes[Int(number)].high > 64 { sharedCount &+= 1 }
        default: break
        }
    }

    @inline(never)
    func tooMany() -> FormatError {
        FormatError(.limitExceeded, "the pickle has more than the limit of \(limits.nodeCount) values", at: place)
    }

    @inline(never)
    private func empty() -> FormatError { malformed("there are too few values") }
}

// Containers.
extension PickleMachine {
    /// A tuple of the values above `start`.
    @inline(__always)
    mutating func tuple(from start: Int) throws(FormatError) {
        let count = stack.count &- start
        try checkChildren(count)
        let first = arena.children.count
        arena.children.append(contentsOf: stack[start...])
        stack.removeLast(count)
        try make(PickleNode(.tuple, UInt32(truncatingIfNeeded: first), UInt32(truncatingIfNeeded: count)))
    }

    /// A tuple of the last `count` values.
    @inline(__always)
    mutating func tuple(last count: Int) throws(FormatError) { try tuple(from: try top(count)) }

    /// `LIST`, `DICT`, `FROZENSET`: a container of the values above the last mark.
    mutating func container(_ tag: PickleTag) throws(FormatError) {
        let start = try popMark()
        let count = stack.count - start
        guard tag != .dictionary || count % 2 == 0 else { throw malformed("a key has no value") }
        let chain = try members(from: start)
        try make(PickleNode(tag, chain.first, chain.last))
    }

    private mutating func members(from start: Int) throws(FormatError) -> PickleChain {
        var chain = PickleChain()
        let count = stack.count - start
        try checkChildren(count)
        if count > 0 { arena.append(stack[start...], to: &chain) }
        stack.removeLast(count)
        return chain
    }

    /// Adds the values above `start` to the list, set or instance below it.
    @inline(__always)
    mutating func appends(from start: Int) throws(FormatError) {
        let count = stack.count &- start
        guard start > fence else { throw malformed("there is nothing to add to") }
        let target = Int(stack[start - 1])
        guard count > 0 else { return }
        try checkChildren(count)
        let node = arena.nodes[target]
        switch node.tag {
        case .list, .set:
            var chain = PickleChain(first: node.low, last: node.high)
            arena.append(stack[start...], to: &chain)
            arena.nodes[target].low = chain.first
            arena.nodes[target].high = chain.last
        case .object:
            var chain = arena.records[Int(node.low)].items
            arena.append(stack[start...], to: &chain)
            arena.records[Int(node.low)].items = chain
        default: throw malformed("the value takes no members")
        }
        stack.removeLast(count)
    }

    /// Adds the keys and values above `start` to the dictionary or instance below it.
    @inline(__always)
    mutating func setItems(from start: Int) throws(FormatError) {
        let count = stack.count &- start
        guard start > fence else { throw malformed("there is nothing to add to") }
        guard count % 2 == 0 else { throw malformed("a key has no value") }
        let target = Int(stack[start - 1])
        guard count > 0 else { return }
        try checkChildren(count)
        let node = arena.nodes[target]
        switch node.tag {
        case .dictionary:
            var chain = PickleChain(first: node.low, last: node.high)
            arena.append(stack[start...], to: &chain)
            arena.nodes[target].low = chain.first
            arena.nodes[target].high = chain.last
        case .object:
            var chain = arena.records[Int(node.low)].entries
            arena.append(stack[start...], to: &chain)
            arena.records[Int(node.low)].entries = chain
        default: throw malformed("the value takes no keys")
        }
        stack.removeLast(count)
    }

    /// Members are named by 32 bits, and may name the same node again and again without taking a new one.
    @inline(__always)
    func checkChildren(_ count: Int) throws(FormatError) {
        guard arena.children.count &+ count <= min(4 &* limits.nodeCount, Int(UInt32.max) &- 1) else {
            throw tooMany()
        }
    }
}
