// SPDX-License-Identifier: Apache-2.0

// Tools for templates that know none: the model is told of them, and an answer that is one JSON object is a call.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "chat.h"
#include "shim.h"

namespace slipway {

/// What became of a request's tools.
struct GenericTools {
    bool are_used = false;     // false: there are none, or the template knows what to do with them
    bool is_required = false;  // the answer must be a call
    std::vector<std::string> names;
    std::string grammar;  // of the answer; empty where it is free
};

/// Takes the tools out of a request when the template knows none, and tells the model of them and of the calls so far
/// in messages that every template knows.
GenericTools take_tools(const SlwModel &model, common_chat_templates_inputs &inputs, ControlTexts::Session &session);

/// Reads an answer that may be such a call.
class CallReader {
public:
    CallReader(std::set<std::string> names, bool is_required) : names(std::move(names)), is_required(is_required) {}

    enum class Kind { content, name, arguments };
    struct Piece {
        Kind kind;
        std::string text;
    };
    /// Reads the answer so far, all of it, and tells what it adds to the last call.
    std::vector<Piece> read(const std::string &text, bool is_partial);

private:
    struct Found;
    Found find(const std::string &text, bool is_partial) const;

    const std::set<std::string> names;
    const bool is_required;
    bool is_call = false;
    size_t told_content = 0, told_arguments = 0, told_rest = 0;  // bytes
};

}  // namespace slipway
