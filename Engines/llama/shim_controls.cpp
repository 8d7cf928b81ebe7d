// SPDX-License-Identifier: Apache-2.0

// Texts of control tokens in what users wrote. A template mixes them with its own, so they are replaced before it
// runs and put back after, as text that is not read as control tokens.

#include <sys/random.h>

#include <algorithm>

#include "shim.h"

namespace slipway {
namespace {

// Characters of a private plane around digits: no template changes them, and no text has the nonce.
const std::string open_mark = "\U000F5A01";
const std::string close_mark = "\U000F5A02";

/// Reads a placeholder at `at`; the index of what it stands for, or -1.
long placeholder(const std::string &text, size_t at, const std::string &open, const std::string &close,
                 const std::string &nonce, size_t &end) {
    size_t position = at + open.size();
    if (text.compare(position, nonce.size(), nonce) != 0) return -1;
    position += nonce.size();
    long index = 0;
    size_t digits = 0;
    while (position < text.size() && text[position] >= '0' && text[position] <= '9' && digits < 9) {
        index = index * 10 + (text[position] - '0');
        position++;
        digits++;
    }
    if (digits == 0 || text.compare(position, close.size(), close) != 0) return -1;
    end = position + close.size();
    return index;
}

/// Whether a template could mean something by it.
bool looks_like_markup(const std::string &name, const std::string &template_source) {
    if (name.rfind("<|", 0) == 0) return true;
    if (name.size() < 3) return false;
    const bool is_bracketed = (name.front() == '<' && name.back() == '>') || (name.front() == '[' && name.back() == ']');
    return is_bracketed && template_source.find(name) != std::string::npos;
}

void add(std::vector<ControlTexts::Part> &parts, std::string text, bool special) {
    if (text.empty()) return;
    parts.push_back({std::move(text), special});
}

}  // namespace

ControlTexts::ControlTexts(const llama_vocab *vocab, const std::string &template_source) : by_first_byte(256) {
    const int32_t count = llama_vocab_n_tokens(vocab);
    for (int32_t token = 0; token < count; token++) {
        const auto attributes = llama_vocab_get_attr(vocab, token);
        const char *text = llama_vocab_get_text(vocab, token);
        if (!text || !*text) continue;
        const std::string name(text);
        // Tokens that an author defined are read in every text; those that look like markup are cut in two.
        const bool is_control = attributes & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN);
        const bool is_markup =
            (attributes & LLAMA_TOKEN_ATTR_USER_DEFINED) && looks_like_markup(name, template_source);
        if (!is_control && !is_markup) continue;
        // Templates look for the marks of reasoning in what they render.
        if (name.size() < 2 || name.find("think") != std::string::npos) continue;
        by_first_byte[static_cast<unsigned char>(name[0])].push_back({name, !is_control});
    }
    for (auto &texts : by_first_byte) {
        std::sort(texts.begin(), texts.end(), [](const auto &one, const auto &other) {
            return one.text.size() > other.text.size();
        });
    }
}

ControlTexts::Session ControlTexts::begin() {
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != sizeof random) throw std::runtime_error("no random numbers");
    std::string nonce = std::to_string(random);
    nonce.insert(0, 20 - nonce.size(), '0');
    return {nonce, {}};
}

std::string ControlTexts::hide(const std::string &text, Session &session) const {
    std::string result;
    size_t kept = 0;
    size_t looked_at = 0;
    for (size_t at = 0; at < text.size();) {
        const Text *found = nullptr;
        if (++looked_at % 1024 == 0) tick();
        for (const auto &name : by_first_byte[static_cast<unsigned char>(text[at])]) {
            if (text.compare(at, name.text.size(), name.text) == 0) {
                found = &name;
                break;
            }
        }
        if (!found) {
            at++;
            continue;
        }
        result.append(text, kept, at - kept);
        result += open_mark + session.nonce + std::to_string(session.originals.size()) + close_mark;
        session.originals.push_back(*found);
        at += found->text.size();
        kept = at;
    }
    if (kept == 0) return text;
    result.append(text, kept, text.size() - kept);
    return result;
}

std::vector<ControlTexts::Part> ControlTexts::reveal(const std::string &prompt, const Session &session) {
    // As JSON writes the marks when it keeps to ASCII
    static const std::string open_escaped = "\\udb96\\ude01", close_escaped = "\\udb96\\ude02";
    std::vector<Part> parts;
    size_t kept = 0;
    for (size_t at = 0; !session.originals.empty() && at < prompt.size();) {
        size_t end = 0;
        long index = -1;
        if (prompt.compare(at, open_mark.size(), open_mark) == 0) {
            index = placeholder(prompt, at, open_mark, close_mark, session.nonce, end);
        } else if (prompt.compare(at, open_escaped.size(), open_escaped) == 0) {
            index = placeholder(prompt, at, open_escaped, close_escaped, session.nonce, end);
        }
        if (index < 0 || size_t(index) >= session.originals.size()) {
            at++;
            continue;
        }
        add(parts, prompt.substr(kept, at - kept), true);
        const Text &original = session.originals[size_t(index)];
        const size_t cut = original.is_read_always ? 1 : original.text.size();
        add(parts, original.text.substr(0, cut), false);
        add(parts, original.text.substr(cut), false);
        at = kept = end;
    }
    add(parts, prompt.substr(kept), true);
    return parts;
}

}  // namespace slipway
