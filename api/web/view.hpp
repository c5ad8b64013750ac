#pragma once

#include <string>
#include <string_view>

#include "api/items.hpp"
#include "api/web/page.hpp"

namespace freshet::api::web {

/// A work in a grid of pictures: `tile.html`.
/// @param is_early  it is seen without scrolling: its picture is fetched at once
void add_tile(const Page& page, Dictionary& parent, const WorkRow& row, bool is_early);

/// A recording in a list: `track.html`.
void add_track(const Page& page, Dictionary& parent, const WorkRow& row);

/// The same for either.
void add_work(const Page& page, Dictionary& parent, Media media, const WorkRow& row, bool is_early);

/// What a work is called on a page.
std::string shown_title(const Words& words, Media media, const WorkRow& row);

/// Where its picture comes from; empty: none is shown.
std::string picture_address(const Visit& visit, Media media, const WorkRow& row);

/// `r27`: width to height in twentieths, within what a row can bear. From it the styles reserve the
/// place of a picture before it is there.
std::string ratio_class(const WorkRow& row);

/// `t3`: of eight tints for what is drawn in place of a picture, always the same one for a work.
std::string tint_class(const WorkRow& row);

/// Reads `sensitivity` for people: the reasons as texts.
std::vector<std::string> shown_reasons(const Words& words, const WorkRow& row);

/// A picture that this reader sees blurred.
bool is_veiled(const Visit& visit, const WorkRow& row);

}  // namespace freshet::api::web
