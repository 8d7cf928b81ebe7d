// SPDX-License-Identifier: Apache-2.0

// Tools for templates that know none: reading calls out of answers.

#include <algorithm>

#include "json.h"
#include "shim_tools.h"

namespace slipway {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

enum class Match { fits, cut, differs };

/// Reads JSON from its beginning, which may be all there is so far.
struct Cursor {
    const std::string &text;
    size_t at = 0;

    void skip_spaces() {
        while (at < text.size() && is_space(text[at])) at++;
    }

    Match take(const std::string &expected) {
        skip_spaces();
        const size_t count = std::min(expected.size(), text.size() - at);
        if (text.compare(at, count, expected, 0, count) != 0) return Match::differs;
        at += count;
        return count < expected.size() ? Match::cut : Match::fits;
    }

    Match take_all(std::initializer_list<const char *> expected) {
        for (const char *part : expected) {
            const Match match = take(part);
            if (match != Match::fits) return match;
        }
        return Match::fits;
    }

    Match take_string(std::string &value) {
        skip_spaces();
        const size_t start = at;
        const Match match = take("\"");
        if (match != Match::fits) return match;
        for (; at < text.size(); at++) {
            if (text[at] == '\\') {
                at++;
            } else if (text[at] == '"') {
                at++;
                const auto read = common_json::parse_no_throw(text.substr(start, at - start));
                if (!read.is_string()) return Match::differs;
                value = std::string(read);
                return Match::fits;
            }
        }
        return Match::cut;
    }
};

/// The end of what is whole of a text's UTF-8.
size_t whole_end(const std::string &text) {
    const size_t size = text.size();
    for (size_t back = 1; back <= std::min<size_t>(3, size); back++) {
        const auto byte = static_cast<unsigned char>(text[size - back]);
        if ((byte & 0xC0) == 0x80) continue;
        const size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
        return length > back ? size - back : size;
    }
    return size;
}

}  // namespace

struct CallReader::Found {
    bool is_undecided = false;
    bool is_call = false;
    std::string name;
    size_t begin = 0, end = 0;  // of the arguments
    size_t rest = 0;            // what follows the call
};

namespace {

/// Finds the end of the arguments and of the object around them; what is missing ends with the text.
void find_ends(const std::string &text, size_t begin, size_t &end, size_t &rest) {
    size_t depth = 1;
    bool is_string = false, is_over = false;
    end = begin;
    rest = text.size();
    for (size_t at = begin; at < text.size(); at++) {
        const char c = text[at];
        const bool was_inside = is_string || depth > 1;
        if (is_string) {
            if (c == '\\') at++;
            if (c == '"') is_string = false;
        } else if (c == '"') {
            is_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (--depth == 0) {
                rest = at + 1;
                return;
            }
        } else if (c == ',' && depth == 1) {
            is_over = true;
        }
        if (!is_over && (was_inside || !is_space(c))) end = std::min(at + 1, text.size());
    }
}

}  // namespace

CallReader::Found CallReader::find(const std::string &text, bool is_partial) const {
    Found found;
    Cursor cursor{text};
    Match match = cursor.take_all({"{", "\"name\"", ":"});
    if (match == Match::fits) match = cursor.take_string(found.name);
    bool is_named = false;
    if (match == Match::fits) {
        is_named = names.count(found.name) != 0;
        match = is_named ? cursor.take_all({",", "\"arguments\"", ":"}) : Match::differs;
    }
    if (match == Match::fits) {
        cursor.skip_spaces();
        if (cursor.at == text.size()) {
            match = Match::cut;
        } else if (text[cursor.at] != '{' && !is_required) {
            match = Match::differs;
        }
    }
    found.is_call = match == Match::fits || (match == Match::cut && is_required && is_named);
    found.is_undecided = match == Match::cut && is_partial && !found.is_call;
    found.begin = found.end = found.rest = text.size();
    if (match == Match::fits) {
        found.begin = cursor.at;
        find_ends(text, found.begin, found.end, found.rest);
    }
    return found;
}

std::vector<CallReader::Piece> CallReader::read(const std::string &given, bool is_partial) {
    const std::string text = is_partial ? given.substr(0, whole_end(given)) : given;
    std::vector<Piece> pieces;
    const Found found = find(text, is_partial);
    if (found.is_undecided) return pieces;
    if (!found.is_call) {
        // A call that has been told stays one.
        if (is_call || text.size() <= told_content) return pieces;
        pieces.push_back({Kind::content, text.substr(told_content)});
        told_content = text.size();
        return pieces;
    }
    if (!is_call) pieces.push_back({Kind::name, found.name});
    is_call = true;
    const size_t count = found.end - found.begin;
    if (count > told_arguments) {
        pieces.push_back({Kind::arguments, text.substr(found.begin + told_arguments, count - told_arguments)});
        told_arguments = count;
    }
    const std::string rest = text.substr(found.rest);
    if (rest.size() > told_rest && !std::all_of(rest.begin(), rest.end(), is_space)) {
        pieces.push_back({Kind::content, rest.substr(told_rest)});
        told_rest = rest.size();
    }
    return pieces;
}

}  // namespace slipway
