// SPDX-License-Identifier: Apache-2.0

import SlipwayCore
import Yams

/// The lists of an endpoint: routes, rules, shadows, steps.
extension EndpointFileReader {
    mutating func readRoutes(_ field: Field, into draft: inout EndpointDraft) {
        for item in items(of: field, named: "routes", example: "[{version: \"fraud:3\"}]") {
            let line = Self.line(item)
            let values = fields(of: item, known: ["version", "weight"], named: "a route")
            guard item.mapping != nil,
                let reference = reference(values["version"], line: line, owner: "the route")
            else { continue }
            let index = draft.routes.count
            draft.lines[index == 0 ? "primary" : "canaries[\(index - 1)]"] = values["version"]?.line ?? line
            if index > 0 { draft.lines["canaries[\(index - 1)].share"] = values["weight"]?.line ?? line }
            let weight = share(values["weight"], named: "weight")
            draft.routes.append(EndpointDraft.Route(reference: reference, weight: weight, line: line))
            if let entry = values["weight"], weight == nil { draft.lines["weights"] = entry.line }
        }
        checkWeights(field, &draft)
    }

    /// Weights must add up to the whole; those that a rollout or their number decides may be left out.
    private mutating func checkWeights(_ field: Field, _ draft: inout EndpointDraft) {
        // One that is no share was told already.
        guard draft.lines.removeValue(forKey: "weights") == nil, !draft.routes.isEmpty else { return }
        var routes = draft.routes
        if let first = draft.settings.rollout?.steps.first?.share, routes.count > 1 {
            routes[1].weight = routes[1].weight ?? first
            routes[0].weight = routes[0].weight ?? Share.remainder(after: routes.dropFirst().compactMap(\.weight))
        } else if routes.count == 1 {
            routes[0].weight = routes[0].weight ?? .all
        }
        let missing = routes.filter { $0.weight == nil }
        for route in missing {
            problems.add(route.line, "the route to \(route.reference) needs a weight, such as 'weight: 90%'")
        }
        guard missing.isEmpty else { return }
        let sum = routes.reduce(0) { $0 + ($1.weight?.basisPoints ?? 0) }
        if sum != Share.all.basisPoints {
            problems.add(
                field.line, "the weights add up to \(UnitText.number(Double(sum) / 100))%, expected 100%")
        }
    }

    mutating func readSticky(_ field: Field, into draft: inout EndpointDraft) {
        draft.lines["sticky"] = field.line
        guard let text = text(field, named: "sticky") else { return }
        guard let key = StickyKey(text) else {
            return problems.add(
                field.line,
                "'sticky' is '\(text.prefix(64))', expected header:NAME, cookie:NAME, client or conversation")
        }
        draft.settings.sticky = key
    }

    mutating func readRules(_ field: Field, into draft: inout EndpointDraft) {
        let example = "[{header: x-beta, equals: \"1\", version: \"fraud:4\"}]"
        for item in items(of: field, named: "rules", example: example) {
            let line = Self.line(item)
            let values = fields(of: item, known: ["header", "equals", "version"], named: "a rule")
            guard item.mapping != nil else { continue }
            let reference = reference(values["version"], line: line, owner: "the rule")
            if values["header"] == nil { problems.add(line, "the rule has no 'header', such as x-beta") }
            let header = text(values["header"], named: "header")
            let value = text(values["equals"], named: "equals")
            guard let reference, let header else { continue }
            let path = "rules[\(draft.ruleReferences.count)]"
            draft.lines[path] = line
            for (member, key) in [("header", "header"), ("value", "equals"), ("version", "version")] {
                draft.lines["\(path).\(member)"] = values[key]?.line
            }
            draft.ruleReferences.append(reference)
            draft.settings.rules.append(
                HeaderRule(header: header.lowercased(), value: value, version: EndpointDraft.placeholder))
        }
    }

    mutating func readShadows(_ field: Field, into draft: inout EndpointDraft) {
        for item in items(of: field, named: "shadow", example: "[{version: \"fraud:5\", rate: 100%}]") {
            let line = Self.line(item)
            let values = fields(of: item, known: ["version", "rate", "tolerance", "compare"], named: "a shadow")
            guard item.mapping != nil,
                let reference = reference(values["version"], line: line, owner: "the shadow")
            else { continue }
            var shadow = Shadow(version: EndpointDraft.placeholder)
            if let rate = share(values["rate"], named: "rate") { shadow.rate = rate }
            if let entry = values["tolerance"], let text = text(entry, named: "tolerance") {
                shadow.tolerance = Double(text)
                if shadow.tolerance == nil {
                    problems.add(entry.line, "'tolerance' is '\(text.prefix(64))', expected a number such as 1e-4")
                }
            }
            if let entry = values["compare"], let text = text(entry, named: "compare") {
                shadow.comparesTopClass = text == "top-1"
                if text != "top-1" {
                    problems.add(
                        entry.line,
                        "'compare' is '\(text.prefix(64))', expected top-1, or nothing to compare within the tolerance")
                }
            }
            let path = "shadows[\(draft.shadowReferences.count)]"
            draft.lines[path] = line
            for member in ["version", "rate", "tolerance"] { draft.lines["\(path).\(member)"] = values[member]?.line }
            draft.shadowReferences.append(reference)
            draft.settings.shadows.append(shadow)
        }
    }

    mutating func readRollout(_ field: Field, into draft: inout EndpointDraft) {
        draft.lines["rollout"] = field.line
        var steps: [Rollout.Step] = []
        for item in items(of: field, named: "rollout", example: "[{weight: 1%, hold: 10m}]") {
            let line = Self.line(item)
            let values = fields(of: item, known: ["weight", "hold"], named: "a step")
            guard item.mapping != nil else { continue }
            for key in ["weight", "hold"] where values[key] == nil { problems.add(line, "the step has no '\(key)'") }
            let weight = share(values["weight"], named: "weight")
            var hold: Double?
            if let entry = values["hold"], let text = text(entry, named: "hold") {
                hold = UnitText.milliseconds(text)
                if hold == nil {
                    problems.add(entry.line, "'hold' is '\(text.prefix(64))', expected \(UnitText.timeHint)")
                }
            }
            guard let weight, let hold else { continue }
            let path = "rollout.steps[\(steps.count)]"
            draft.lines[path] = line
            draft.lines["\(path).share"] = values["weight"]?.line
            draft.lines["\(path).holdSeconds"] = values["hold"]?.line
            steps.append(Rollout.Step(share: weight, holdSeconds: hold / 1000))
        }
        if !steps.isEmpty { draft.settings.rollout = Rollout(steps: steps) }
    }
}
