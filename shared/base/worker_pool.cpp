#include "shared/base/worker_pool.hpp"

namespace holdfast {

WorkerPool::WorkerPool(std::size_t threads) : threads_{threads} {
    if (threads > 0) pool_ = std::make_unique<boost::asio::thread_pool>(threads);
}

WorkerPool::~WorkerPool() {
    if (pool_) pool_->join();
}

}  // namespace holdfast
