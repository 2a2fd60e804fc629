// A coroutine of ours. A Task does nothing until it is awaited or given to a TaskGroup, which owns and joins it.
// Rules: parameters by value or by reference to what outlives the task; no capturing lambda as a coroutine that outlives its
// statement; a `try` around a task contains the co_await.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace holdfast {

template <class T>
using Task = boost::asio::awaitable<T>;

using Executor = boost::asio::any_io_executor;

}  // namespace holdfast
