#pragma once

#include <simdjson.h>

#include <string_view>

#include "processors/clean/cleaner.hpp"
#include "processors/clean/member_limits.hpp"
#include "processors/clean/texts.hpp"
#include "processors/record/work.hpp"

namespace freshet::clean {

/// Whether a tag says nothing about a work: licences, upload notes, machine tags such as `a:b=c`.
/// Case counts here; the processor hides the same words in any case from readers.
bool is_denied_tag(std::string_view name) noexcept;

/// Reads a list of texts and of `{name, provider[, accuracy]}` objects. What is neither, has no
/// name, or breaks the record contract is left out: one odd tag is no reason to lose a work. Tags
/// without provider get none yet.
simdjson::error_code read_tags(simdjson::ondemand::value& list, Texts& texts,
                               std::pmr::vector<Tag>& out, LeftOutList& left_out);

/// Gives tags without a provider this one, removes denied tags, sorts by name and provider in byte
/// order, leaves one of each (the one without accuracy, else the most accurate), and of the result
/// the first kMostTags. Of a merged work other providers' tags with other accuracies stay, and so
/// does every tag beyond the first kMostTags: merge has a cut of its own for those.
void arrange_tags(std::pmr::vector<Tag>& tags, std::string_view provider, Cleaned what,
                  LeftOutList& left_out);

}  // namespace freshet::clean
