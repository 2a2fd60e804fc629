// An answer with the node that gave it.
#pragma once

#include <cstddef>

#include "shared/base/result.hpp"

namespace holdfast::beacon {

template <class T>
struct NodeAnswer {
    std::size_t node{0};
    Result<T> result;
};

}  // namespace holdfast::beacon
